// A node that has no peers: what such nodes have in common is elsewhere.

package import PDBCoordinator
package import PDBModel
package import PDBStorage
package import Raft

/// Turns every peer away.
package struct NoPeers: SilentReceiver {
  package let identity: Identity
  package let trust: PeerTrust

  /// - Parameters:
  ///   - secret: what the node's certificates follow from; `nil`: one of its own.
  package init(
    of cluster: String, as id: UInt64, at address: NodeAddress, secret: String?
  ) throws {
    identity = Identity(cluster: cluster, node: NodeID(id), address: address, incarnation: id)
    trust = try PeerTrust(secret.map { ClusterSecret($0) } ?? .random())
  }

  package func objection(
    to peer: NodeID, incarnation: UInt64, understands: ClusterVersion
  ) async -> PeerRefusal? { .cluster }

  package func beginReceiving(_ mark: StateMark) throws -> StateStaging {
    preconditionFailure("no peer is let in")
  }
}
