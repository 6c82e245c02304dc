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
  /// Elections, members and alarms since the node started, the oldest first.
  var timeline: [Timeline.Entry] { get }
  /// How the node agrees with others, told as long as the caller takes it; `nil` if others do that for it.
  func consensusFrames() -> AsyncStream<ConsensusFrame>?
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
  var timeline: [Timeline.Entry] { engine.timeline }
  func consensusFrames() -> AsyncStream<ConsensusFrame>? { engine.trace.frames() }
  func requestStop() { engine.requestStop() }
}
