// What a node tells about itself.

/// A node's view of itself and of the cluster, for people and metrics.
public struct Status: Sendable {
  public let id: NodeID
  public let role: Node.Role
  public let term: Term
  /// The leader as far as it is known and can be reached.
  public let leader: NodeID?
  public let commitIndex: Index
  public let lastIndex: Index
  public let appliedIndex: Index
  public let membership: Membership
  /// The last index each peer is known to hold; empty unless the node leads.
  public let matchIndex: [NodeID: Index]
}

extension Node {
  public var status: Status {
    Status(
      id: id, role: role, term: hardState.term, leader: reachableLeader, commitIndex: commitIndex,
      lastIndex: log.lastIndex, appliedIndex: appliedIndex, membership: membership,
      matchIndex: leadership?.progress.mapValues(\.matchIndex) ?? [:])
  }
}
