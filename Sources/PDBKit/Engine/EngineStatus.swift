// What an engine tells about itself.

import Raft

/// A snapshot of a node's place in its cluster.
struct EngineStatus: Sendable {
  let identity: Identity
  /// The cluster's birth; `nil` as long as this node does not know it.
  var birth: String?
  var role: Node.Role = .follower
  var term: Term = 0
  var leader: Member?
  var membership = Membership([])
  var commitIndex: Index = 0
  /// The commit index of one to two seconds ago: a member that has not applied it is behind.
  var settledCommitIndex: Index = 0
  var lastIndex: Index = 0
  /// The first index in the log, and how many entries and bytes the log holds.
  var firstIndex: Index = 1
  var logEntries = 0
  var logBytes = 0
  var mark = StateMark()
  /// How often tasks that were gone may have come back: revisions undone, states received.
  var comebacks = 0
  /// On the leader: how far each peer's log is known to reach.
  var matchIndex: [NodeID: Index] = [:]
  /// On the leader: milliseconds since each peer last answered.
  var silence: [NodeID: Int] = [:]
  /// Changes that this node proposed and that are not answered yet.
  var waitingProposals = 0
  /// When the leader was last heard; on the leader itself, now.
  var lastHeartbeat: Timestamp?
  var alarms: [Alarm] = []

  init(identity: Identity) { self.identity = identity }

  var isLeader: Bool { role == .leader }
  var cluster: ClusterIdentity { ClusterIdentity(cluster: identity.cluster, birth: birth) }
  var members: [Member] { membership.members }

  /// The error of a request that needs a leader, while this node does not lead.
  var notLeader: PDBError {
    guard let leader, leader.id != identity.node else {
      return PDBError(
        .noLeader, "no leader: an election is under way, or too few nodes are up",
        hint: "'pdb cluster status' shows which nodes are down; the change was not made")
    }
    return PDBError(
      .notLeader, "only the leader takes changes",
      hint: "send it to the leader",
      details: [.init("leader", .string("http://\(leader.address)"))])
  }
}
