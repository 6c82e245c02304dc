// A state coming in over a connection of its own.

import Logging
import NIOCore
import NIOPosix
import PDBCoordinator
import PDBModel
import PDBStorage
import Raft

/// Puts the parts together on disk, away from the event loop, one after the other. Reading
/// pauses while the disk is behind.
final class SnapshotReception {
  private let peer: NodeID
  private let receiver: any PeerReceiver
  private let logger: Logger
  private var head: Frame.SnapshotHead?
  private var staging: StateStaging?
  private var piece: Bytes = []
  private var waiting = 0
  private var lastJob: EventLoopFuture<Void>?

  private static let mostWaiting = 8

  init(from peer: NodeID, receiver: any PeerReceiver, logger: Logger) {
    self.peer = peer
    self.receiver = receiver
    self.logger = logger
  }

  func receive(_ frame: Frame, _ context: ChannelHandlerContext) {
    switch (frame, staging) {
    case (.snapshotBegin(let head), nil):
      do {
        staging = try receiver.beginReceiving(head.mark)
        self.head = head
        logger.notice(
          "receiving the state", metadata: ["entry": "\(head.mark.appliedIndex)"])
      } catch { fail(error, context) }
    case (.snapshotPart(let isEndOfPiece, let bytes), let staging?):
      piece += bytes
      guard piece.count <= Limits.snapshotPieceBytes else {
        return fail(StateStaging.Incomplete(reason: "a piece is too large"), context)
      }
      guard isEndOfPiece else { return }
      let piece = piece
      self.piece = []
      run(context) {
        try staging.add(piece)
      } onSuccess: { _, _ in
      }
    case (.snapshotEnd, let staging?):
      run(context) {
        try staging.finish()
      } onSuccess: { reception, context in
        reception.finished(context)
      }
    default:
      context.close(promise: nil)
    }
  }

  private func finished(_ context: ChannelHandlerContext) {
    guard let head else { return }
    staging = nil
    let mark = SnapshotMark(
      index: head.mark.appliedIndex, term: head.mark.appliedTerm,
      membership: head.mark.membership)
    logger.notice("received the state", metadata: ["entry": "\(mark.index)"])
    receiver.receive(
      Envelope(
        from: peer, to: receiver.identity.node,
        message: .installSnapshot(InstallSnapshot(term: head.term, mark: mark))))
    context.writeAndFlush(NIOAny(ByteBuffer(.snapshotReceived)), promise: nil)
  }

  /// Runs a job after all jobs before it.
  private func run(
    _ context: ChannelHandlerContext, _ job: @escaping @Sendable () throws -> Void,
    onSuccess: @escaping (SnapshotReception, ChannelHandlerContext) -> Void
  ) {
    let loop = context.eventLoop
    waiting += 1
    if waiting == Self.mostWaiting { setReading(false, context) }
    let before = lastJob ?? loop.makeSucceededVoidFuture()
    let done = before.flatMap { NIOThreadPool.singleton.runIfActive(eventLoop: loop, job) }
    lastJob = done
    let bound = NIOLoopBound((self, context, onSuccess), eventLoop: loop)
    done.whenComplete { result in
      let (reception, context, onSuccess) = bound.value
      reception.waiting -= 1
      if reception.waiting == Self.mostWaiting / 2 { reception.setReading(true, context) }
      switch result {
      case .success: onSuccess(reception, context)
      case .failure(let error): reception.fail(error, context)
      }
    }
  }

  private func setReading(_ isReading: Bool, _ context: ChannelHandlerContext) {
    context.channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
  }

  private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
    guard staging != nil || head == nil else { return }
    logger.error("the state did not arrive", metadata: ["error": "\(error)"])
    abandon()
    context.close(promise: nil)
  }

  /// The connection is over; what came in is of no use.
  func abandon() {
    guard let staging else { return }
    self.staging = nil
    head = nil
    let loop = lastJob?.eventLoop
    if let loop, let lastJob {
      lastJob.whenComplete { _ in
        _ = NIOThreadPool.singleton.runIfActive(eventLoop: loop) { staging.abandon() }
      }
    } else {
      staging.abandon()
    }
  }
}
