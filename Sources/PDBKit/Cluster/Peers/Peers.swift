// All the other members of the cluster, as this node reaches them.

package import Logging
import NIOConcurrencyHelpers
package import NIOCore
package import PDBCoordinator
package import PDBStorage
package import Raft

/// The links to all peers; they come and go with the members.
package final class Peers: PeerNetwork {
  private let own: NodeID
  private let logger: Logger
  private let links = NIOLockedValueBox<[NodeID: PeerLink]>([:])
  /// The connections that peers opened. Answers to one that is no member as far as this node knows, a
  /// leader that is about to tell it or a candidate that was added meanwhile, go back over its own.
  private let inbound = NIOLockedValueBox<[NodeID: any Channel]>([:])
  private let updates: AsyncStream<[Member]>
  private let updated: AsyncStream<[Member]>.Continuation

  /// A state cannot be sent: since it was asked for, the peer has ceased to be a member.
  struct NotAMember: Error, CustomStringConvertible {
    let description = "it is no longer a member"
  }

  package init(own: NodeID, logger: Logger) {
    self.own = own
    self.logger = logger
    (updates, updated) = AsyncStream.makeStream(of: [Member].self)
  }

  /// These are the members now.
  package func update(_ members: [Member]) { updated.yield(members) }

  package func send(_ envelopes: [Envelope]) {
    guard !envelopes.isEmpty else { return }
    // What several peers are told is mostly the same, and encoded once.
    var last: (message: Message, bytes: ByteBuffer)?
    var outgoing: [NodeID: ByteBuffer] = [:]
    for envelope in envelopes {
      if last?.message != envelope.message {
        last = (envelope.message, ByteBuffer(.message(envelope.message)))
      }
      if outgoing[envelope.to]?.writeImmutableBuffer(last!.bytes) == nil {
        outgoing[envelope.to] = last!.bytes
      }
    }
    let links = links.withLockedValue { $0 }
    for (id, bytes) in outgoing {
      if let link = links[id] {
        link.send(bytes)
      } else {
        inbound.withLockedValue { $0[id] }?.send(bytes)
      }
    }
  }

  package func send(_ state: StateHash) {
    let bytes = ByteBuffer(.stateHash(state))
    for link in links.withLockedValue({ $0 }).values { link.send(bytes) }
  }

  package func send(
    _ state: StateSnapshot, as request: SendSnapshot,
    isWanted: @escaping @Sendable () -> Bool
  ) async throws -> Index {
    guard let link = links.withLockedValue({ $0[request.to] }) else {
      throw NotAMember()
    }
    let sender = SnapshotSender(dialer: link.dialer, term: request.term, logger: logger)
    return try await sender.send(state, isWanted: isWanted)
  }

  /// A peer opened a connection for messages.
  package func connectionOpened(by peer: NodeID, _ channel: any Channel) {
    inbound.withLockedValue { $0[peer] = channel }
  }

  /// A connection that a peer opened has ended; a newer one of the same peer stays.
  package func connectionClosed(by peer: NodeID, _ channel: any Channel) {
    inbound.withLockedValue { inbound in
      if inbound[peer] === channel { inbound[peer] = nil }
    }
  }

  /// Keeps the links to all members connected until the task is cancelled.
  func run(_ receiver: any PeerReceiver) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for await members in updates {
        let (added, removed) = change(to: members, receiver)
        for link in removed { link.stop() }
        for link in added { group.addTask { try await link.run() } }
      }
      group.cancelAll()
    }
  }

  private func change(
    to members: [Member], _ receiver: any PeerReceiver
  ) -> (added: [PeerLink], removed: [PeerLink]) {
    links.withLockedValue { links in
      let ids = Set(members.map(\.id))
      let removed = links.filter { !ids.contains($0.key) }
      for id in removed.keys { links[id] = nil }
      var added: [PeerLink] = []
      for member in members where member.id != own && links[member.id] == nil {
        let link = PeerLink(to: member, receiver: receiver, logger: logger)
        links[member.id] = link
        added.append(link)
      }
      return (added, Array(removed.values))
    }
  }
}
