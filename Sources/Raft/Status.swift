// What a node tells about itself.

/// A node's view of itself and of the cluster, for people and metrics.
public struct Status: Sendable {
  /// The name of the node.
  public let id: NodeID
  /// What the node is at the moment.
  public let role: Node.Role
  /// The latest term that the node has seen.
  public let term: Term
  /// The leader as far as it is known and can be reached.
  public let leader: NodeID?
  /// The last entry that the node knows to be committed.
  public let commitIndex: Index
  /// The last entry of the log, durable or not.
  public let lastIndex: Index
  /// The last entry that the state machine has applied.
  public let appliedIndex: Index
  /// The members as of the last entry of the log, committed or not.
  public let membership: Membership
  /// Whether the last change of membership is committed.
  public let isMembershipCommitted: Bool
  /// The first index that the log holds.
  public let firstIndex: Index
  /// How many entries the log holds.
  public let logEntries: Int
  /// How many bytes they have, as ``Entry/byteCount`` counts them.
  public let logBytes: Int
  /// The node that leadership is being handed to.
  public let transferTarget: NodeID?
  /// The last index each peer is known to hold; empty unless the node leads.
  public let matchIndex: [NodeID: Index]
  /// Ticks since each peer last answered; empty unless the node leads.
  public let ticksSinceHeard: [NodeID: Int]
  /// Whether the node votes and counts: it does not while peers have still to vouch for it, and not any
  /// more when it lost what it had confirmed.
  public let takesPart: Bool
  /// How far the node has come, durable or not.
  public let reach: Reach
  /// How far each member is known to have confirmed its log.
  public let confirmed: [NodeID: Reach]
}

extension Node {
  /// The node's view at this moment.
  ///
  /// - Complexity: O(n) in the number of members.
  public var status: Status {
    Status(
      id: id, role: role, term: hardState.term, leader: reachableLeader, commitIndex: commitIndex,
      lastIndex: log.lastIndex, appliedIndex: appliedIndex, membership: membership,
      isMembershipCommitted: log.membershipIndex <= commitIndex,
      firstIndex: log.mark.index + 1, logEntries: log.count, logBytes: log.byteCount,
      transferTarget: leadership?.transfer?.target,
      matchIndex: leadership?.progress.mapValues(\.matchIndex) ?? [:],
      ticksSinceHeard: leadership?.progress.mapValues(\.ticksSinceHeard) ?? [:],
      takesPart: standing == .member, reach: reach, confirmed: confirmed)
  }
}
