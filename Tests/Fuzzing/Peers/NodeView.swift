// What a peer knows of the node that it talks to.

import PDBModel
package import Raft

/// Where a node stands. A peer that knows it can say what is right, what is nearly so, and what is not.
package struct NodeView: Sendable {
  package var cluster: String
  package var node: NodeID
  /// The other members.
  package var peers: [NodeID]
  /// Whether peers say nothing by which a member would break its promises: what is committed would be
  /// contradicted, and a node that finds that out ends itself, as it should.
  package var isSpared = false
  package var term: Term = 0
  package var commitIndex: Index = 0
  package var lastIndex: Index = 0

  package init(cluster: String, node: NodeID, peers: [NodeID]) {
    self.cluster = cluster
    self.node = node
    self.peers = peers
  }

  /// A member, another one, or a node that no member knows.
  func sender(_ number: Int) -> NodeID { number < peers.count ? peers[number] : 7 + UInt64(number) }
}
