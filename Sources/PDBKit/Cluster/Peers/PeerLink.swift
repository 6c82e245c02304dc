// The sending end: one long-lived connection to one peer.

import Logging
import NIOConcurrencyHelpers
import NIOCore
import PDBClient
import Raft
import Synchronization

/// Keeps a connection to one peer open and writes messages to it.
final class PeerLink: Sendable {
  let dialer: PeerDialer
  private let logger: Logger
  private let channel = NIOLockedValueBox<(any Channel)?>(nil)
  private let isStopped = Atomic(false)

  init(to member: Member, receiver: any PeerReceiver, logger: Logger) {
    dialer = PeerDialer(member: member, receiver: receiver)
    var logger = logger
    logger[metadataKey: "peer"] = "\(member.address)"
    self.logger = logger
  }

  /// Sends whole frames, if the peer is connected.
  func send(_ frames: ByteBuffer) {
    channel.withLockedValue { $0 }?.send(frames)
  }

  /// The peer is no longer a member: ``run()`` ends.
  func stop() {
    isStopped.store(true, ordering: .relaxed)
    channel.withLockedValue { $0 }?.close(promise: nil)
  }

  /// Connects, and connects again, until the task is cancelled or the link is stopped.
  func run() async throws {
    var delay = Self.shortestDelay
    var trouble = Trouble()
    while !isStopped.load(ordering: .relaxed) {
      do {
        let connection = try await dialer.connect(for: .messages).channel
        if trouble.isReported { logger.notice("reached the peer again") }
        trouble = Trouble()
        delay = Self.shortestDelay
        channel.withLockedValue { $0 = connection }
        if isStopped.load(ordering: .relaxed) { connection.close(promise: nil) }
        try await withTaskCancellationHandler {
          try await connection.closeFuture.get()
        } onCancel: {
          connection.close(promise: nil)
        }
        channel.withLockedValue { $0 = nil }
        if isStopped.load(ordering: .relaxed) { return }
        dialer.receiver.lostConnection(to: dialer.member.id)
        try Task.checkCancellation()
        logger.warning("lost the connection to the peer")
        trouble.isReported = true
      } catch let failure as PeerDialer.Failure {
        if trouble.isWorthReporting(failure) {
          logger.warning("cannot reach the peer", metadata: ["reason": "\(failure.reason)"])
        }
        // A node that was refused need not ask ten times a second.
        if !failure.isOrdinary { delay = Self.refusedDelay }
      }
      try await LoopExecutor.shared.sleep(for: delay)
      delay = min(delay * 2, max(delay, Self.longestDelay))
    }
  }

  private static let shortestDelay = Duration.milliseconds(20)
  private static let longestDelay = Duration.milliseconds(320)
  private static let refusedDelay = Duration.seconds(1)

  /// The failures since the peer was last reached. They are told once, not once per attempt: a
  /// peer that is not there only after a moment, for it may be about to start.
  private struct Trouble {
    private let start = ContinuousClock.now
    private var reason: String?
    var isReported = false

    mutating func isWorthReporting(_ failure: PeerDialer.Failure) -> Bool {
      if failure.isOrdinary {
        guard !isReported, start.duration(to: .now) >= .seconds(1) else { return false }
      } else if failure.reason == reason {
        return false
      }
      reason = failure.reason
      isReported = true
      return true
    }
  }
}

extension Channel {
  /// Writes frames; drops them when the connection is full.
  func send(_ frames: ByteBuffer) {
    if isWritable { writeAndFlush(frames, promise: nil) }
  }
}
