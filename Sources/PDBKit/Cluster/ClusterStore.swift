// The store of a cluster, as one of its nodes has it.

import PDBCoordinator
package import PDBLocal
package import PDBModel
package import PDBStorage
package import PDBStore
import Raft

/// A node's part of a cluster, as a store.
///
/// Changes are made on the leader only; elsewhere they end with `not_leader`, which names it.
package final class ClusterStore: LocalStore, Clustered {
  package let engine: RaftEngine
  let neighbours: NeighbourFiles
  private let isInsecure: Bool
  package let order = KnownTaskOrder()

  /// - Parameter isInsecure: whether clients on other machines are served without protection.
  private let started = Timestamp.now

  package init(_ engine: RaftEngine, neighbours: NeighbourFiles, isInsecure: Bool = false) {
    self.engine = engine
    self.neighbours = neighbours
    self.isInsecure = isInsecure
  }

  package func identity() async throws(PDBError) -> ClusterIdentity { engine.status.cluster }

  /// What this node says of itself.
  package var nodeStatus: NodeStatus {
    var status = NodeStatus(engine.status)
    status.isInsecure = isInsecure
    status.started = started
    return status
  }
}
