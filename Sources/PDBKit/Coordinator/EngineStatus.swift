// What an engine tells about itself.

package import PDBModel
package import Raft

/// A snapshot of a node's place in its cluster.
package struct EngineStatus: Sendable {
  package let identity: Identity
  /// The cluster's birth; `nil` as long as this node does not know it.
  package var birth: String?
  package var role: Node.Role = .follower
  package var term: Term = 0
  package var leader: Member?
  package var membership = Membership([])
  package var commitIndex: Index = 0
  /// The commit index of one to two seconds ago: a member that has not applied it is behind.
  package var settledCommitIndex: Index = 0
  package var lastIndex: Index = 0
  /// The first index in the log, and how many entries and bytes the log holds.
  package var firstIndex: Index = 1
  package var logEntries = 0
  package var logBytes = 0
  package var mark = StateMark()
  /// The lease time, in milliseconds; see ``LeaseClock``.
  package var leaseTime: UInt64 = 0
  /// How often tasks that were gone may have come back: keys put back, states received.
  package var comebacks = 0
  /// On the leader: how far each peer's log is known to reach.
  package var matchIndex: [NodeID: Index] = [:]
  /// On the leader: milliseconds since each peer last answered.
  package var silence: [NodeID: Int] = [:]
  /// How far this node has come, durable or not, and how far each member is known to have confirmed its
  /// log.
  package var reach = Reach(term: 0, index: 0)
  package var confirmed: [NodeID: Reach] = [:]
  /// Changes that this node proposed and that are not answered yet.
  package var waitingProposals = 0
  /// When the leader was last heard; on the leader itself, now.
  package var lastHeartbeat: Timestamp?
  package var alarms: [Alarm] = []
  /// The committed entry that the state stopped before, if there is one.
  package var poisoned: PoisonedEntry?

  /// The status of a node as it was restored from its files.
  package init(identity: Identity, node: Node, mark: StateMark) {
    self.identity = identity
    self.mark = mark
    take(node.status)
  }

  /// What consensus says of itself.
  mutating func take(_ node: Raft.Status) {
    role = node.role
    term = node.term
    leader = node.leader.flatMap { node.membership[$0] }
    membership = node.membership
    commitIndex = node.commitIndex
    lastIndex = node.lastIndex
    firstIndex = node.firstIndex
    logEntries = node.logEntries
    logBytes = node.logBytes
    matchIndex = node.matchIndex
    silence = node.ticksSinceHeard.mapValues { $0 * Tick.milliseconds }
    reach = node.reach
    confirmed = node.confirmed
  }

  package var isLeader: Bool { role == .leader }
  package var cluster: ClusterIdentity { ClusterIdentity(cluster: identity.cluster, birth: birth) }
  package var members: [Member] { membership.members }

  /// The error of a request that needs a leader, while this node does not lead.
  package var notLeader: PDBError {
    guard let leader, leader.id != identity.node else {
      return PDBError(
        .noLeader, "no leader: an election is under way, or too few nodes are up",
        hint: "'pdb cluster status' shows which nodes are down; the change was not made")
    }
    return PDBError(
      .notLeader, "only the leader takes changes",
      hint: "send it to the leader",
      details: [.init("leader", .string(NodeAddress.url(of: leader.address)))])
  }
}

/// The part of a status that every answer carries: cheaper to copy than all of it.
package struct Headline: Sendable {
  package let revision: UInt64
  package let term: UInt64
  package let birth: String?
  /// What all members understand.
  package let version: ClusterVersion

  package init(revision: UInt64, term: UInt64, birth: String?, version: ClusterVersion) {
    self.revision = revision
    self.term = term
    self.birth = birth
    self.version = version
  }
}

/// The unit of time between nodes.
package enum Tick {
  package static let milliseconds = 10
}
