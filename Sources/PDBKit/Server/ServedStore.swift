// What a server needs to know of the node that it runs in, beside the data.

import PDBCluster
import PDBCoordinator
import PDBModel
import PDBStore

/// The store of the node that serves it.
protocol ServedStore: Clustered {
  /// What every answer tells; cheap.
  var headline: Headline { get }
  /// What the node says of itself now.
  var nodeStatus: NodeStatus { get }
  /// The cluster as the node knows it now, without how dead members are started again.
  var currentView: ClusterView { get }
  /// What the node measured since it started.
  var measurements: Measurements { get }
  /// Adds a member that was invited.
  func add(
    _ address: NodeAddress, invitedBy invitation: Invitation
  ) async throws(PDBError) -> ClusterMember
  /// Asks the node to stop as if its process had been told to.
  func requestStop()
}

extension ClusterStore: ServedStore {
  var headline: Headline { engine.headline }
  var measurements: Measurements { engine.measurements }
  func requestStop() { engine.requestStop() }
}
