// A node whose state was damaged gets it from a peer, before it takes part in anything.

package import Logging
import NIOCore
import NIOPosix
package import PDBCoordinator
import PDBModel
import PDBStorage
package import Raft

/// Asks the other members for the state until one has sent all of it.
package struct StateFetch: Sendable {
  package let identity: Identity
  package let trust: PeerTrust
  package let members: [Member]
  package let statePath: String
  package let logger: Logger

  /// The state that was received waits beside the node's own.
  ///
  /// - Parameters:
  ///   - least: what the state must stand for at least.
  ///   - isPatient: whether to ask all of them again, until one has it.
  /// - Returns: what it stands for; `nil` if none of them sends it now.
  /// - Throws: `CancellationError`.
  package func run(atLeast least: Index, isPatient: Bool) async throws -> SnapshotMark? {
    while true {
      for member in members where member.id != identity.node {
        if let mark = await fetch(from: member), mark.index >= least { return mark }
      }
      try Task.checkCancellation()
      guard isPatient else { return nil }
      try await Task.sleep(for: Self.pause)
    }
  }

  private static let pause = Duration.seconds(1)

  private func fetch(from member: Member) async -> SnapshotMark? {
    let (marks, received) = AsyncStream.makeStream(of: SnapshotMark.self)
    let requester = Requester(
      identity: identity, trust: trust, statePath: statePath, received: received)
    do {
      let dialer = PeerDialer(member: member, receiver: requester)
      let channel = try await dialer.connect(for: .fetch).channel
      try await channel.eventLoop.submit {
        let reception = SnapshotReception(from: member.id, receiver: requester, logger: logger)
        try channel.pipeline.syncOperations.addHandler(
          FetchHandler(reception) { received.finish() })
      }.get()
      try await channel.writeAndFlush(ByteBuffer(.stateRequest)).get()
      defer { channel.close(promise: nil) }
      return await marks.first { _ in true }
    } catch {
      logger.warning(
        "cannot get the state from a peer",
        metadata: ["peer": "\(member.address)", "reason": "\(error)"])
      return nil
    }
  }
}

/// A node without a state: it hears nothing but that.
private struct Requester: SilentReceiver {
  let identity: Identity
  let trust: PeerTrust
  let statePath: String
  let received: AsyncStream<SnapshotMark>.Continuation

  /// The state is whole, verified and on the disk.
  func receive(_ envelope: Envelope) {
    if case .installSnapshot(let message) = envelope.message { received.yield(message.mark) }
  }

  func beginReceiving(_ mark: StateMark) throws -> StateStaging {
    try StateStaging(beside: statePath, mark: mark)
  }
}

/// Hands the parts of the state on.
private final class FetchHandler: ChannelInboundHandler {
  typealias InboundIn = Frame

  private let reception: SnapshotReception
  private let ended: () -> Void

  init(_ reception: SnapshotReception, ended: @escaping () -> Void) {
    self.reception = reception
    self.ended = ended
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    reception.receive(unwrapInboundIn(data), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    reception.abandon()
    ended()
    context.fireChannelInactive()
  }
}
