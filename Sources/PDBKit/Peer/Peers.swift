// All the other members of the cluster, as this node reaches them.

import Logging
import Raft

/// The links to all peers.
struct Peers: PeerNetwork {
  private let links: [NodeID: PeerLink]

  init(_ members: [Member], receiver: any PeerReceiver, logger: Logger) {
    links = Dictionary(
      uniqueKeysWithValues: members.filter { $0.id != receiver.identity.node }.map { member in
        (member.id, PeerLink(to: member, receiver: receiver, logger: logger))
      })
  }

  func send(_ envelopes: [Envelope]) {
    guard !envelopes.isEmpty else { return }
    for (id, link) in links {
      let messages = envelopes.filter { $0.to == id }.map(\.message)
      if !messages.isEmpty { link.send(messages) }
    }
  }

  /// Keeps all links connected until the task is cancelled.
  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for link in links.values { group.addTask { try await link.run() } }
      try await group.waitForAll()
    }
  }
}

extension RaftEngine: PeerReceiver {
  func isMember(_ id: NodeID) -> Bool { status.members.contains { $0.id == id } }
}
