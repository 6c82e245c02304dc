// A state going out to a peer that lacks what the log no longer holds.

import Logging
import NIOCore
import PDBCoordinator
import PDBModel
import PDBStorage
import Raft

/// Sends one state over a connection of its own, so that heartbeats and entries never wait
/// behind it. Every part waits until the one before it is on its way.
struct SnapshotSender: Sendable {
  let dialer: PeerDialer
  let term: Term
  let logger: Logger

  /// The state is no longer wanted.
  struct NotWanted: Error, CustomStringConvertible {
    let description = "this node no longer leads the peer"
  }

  /// - Parameter isWanted: asked before every piece; when no longer, sending ends.
  /// - Returns: the index that the peer's state stands for now.
  /// - Throws: ``NotWanted``; ``PeerDialer/Failure``; what the state or the connection throws.
  func send(
    _ state: StateSnapshot, isWanted: @escaping @Sendable () -> Bool
  ) async throws -> Index {
    let connection = try await dialer.connect(for: .snapshot)
    let channel = connection.channel
    defer { channel.close(promise: nil) }
    let isReceived = channel.eventLoop.makePromise(of: Void.self)
    try await channel.pipeline.addHandler(ReceiptHandler(isReceived: isReceived)).get()
    try await Self.write(
      state, as: term, isOld: connection.wire == .first, to: channel, isWanted: isWanted)
    try await isReceived.futureResult.get()
    return state.mark.appliedIndex
  }

  /// Writes a whole state to a peer that knows what will come.
  ///
  /// - Parameter isOld: whether the peer is of version 0.1.
  /// - Throws: ``NotWanted``; what the state or the connection throws.
  static func write(
    _ state: StateSnapshot, as term: Term, isOld: Bool = false, to channel: any Channel,
    isWanted: @escaping @Sendable () -> Bool
  ) async throws {
    let head = Frame.SnapshotHead(term: term, mark: state.mark, isOld: isOld)
    try await write(.snapshotBegin(head), channel)
    var position = StateSnapshot.Position.beginning(isOld ? .old : .current)
    loop: while true {
      if case .end = position { break loop }
      guard isWanted() else { throw NotWanted() }
      let (piece, next) = try await state.piece(at: position)
      try await write(piece, channel)
      position = next
    }
    try await write(.snapshotEnd, channel)
  }

  private static let partBytes = 1 << 20

  private static func write(_ piece: Bytes, _ channel: any Channel) async throws {
    var rest = piece[...]
    repeat {
      let part = rest.prefix(partBytes)
      rest = rest.dropFirst(part.count)
      try await write(.snapshotPart(isEndOfPiece: rest.isEmpty, Bytes(part)), channel)
    } while !rest.isEmpty
  }

  private static func write(_ frame: Frame, _ channel: any Channel) async throws {
    try await channel.writeAndFlush(ByteBuffer(frame)).get()
  }
}

/// Waits for the word that the state has arrived.
private final class ReceiptHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = Any

  private let isReceived: EventLoopPromise<Void>

  init(isReceived: EventLoopPromise<Void>) { self.isReceived = isReceived }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is SnapshotReceived { isReceived.succeed() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    isReceived.fail(ChannelError.eof)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { isReceived.fail(ChannelError.eof) }
}
