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
  /// Whether the last change of membership is committed.
  public let isMembershipCommitted: Bool
  /// The first index that the log holds, and how many entries and bytes it holds.
  public let firstIndex: Index
  public let logEntries: Int
  public let logBytes: Int
  /// Whom leadership is being handed to.
  public let transferTarget: NodeID?
  /// The last index each peer is known to hold; empty unless the node leads.
  public let matchIndex: [NodeID: Index]
  /// Ticks since each peer last answered; empty unless the node leads.
  public let ticksSinceHeard: [NodeID: Int]
}

extension Node {
  public var status: Status {
    Status(
      id: id, role: role, term: hardState.term, leader: reachableLeader, commitIndex: commitIndex,
      lastIndex: log.lastIndex, appliedIndex: appliedIndex, membership: membership,
      isMembershipCommitted: log.membershipIndex <= commitIndex,
      firstIndex: log.mark.index + 1, logEntries: log.count, logBytes: log.byteCount,
      transferTarget: leadership?.transfer?.target,
      matchIndex: leadership?.progress.mapValues(\.matchIndex) ?? [:],
      ticksSinceHeard: leadership?.progress.mapValues(\.ticksSinceHeard) ?? [:])
  }
}
