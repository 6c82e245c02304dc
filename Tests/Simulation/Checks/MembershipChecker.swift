// Changes of membership, as leaders write them.

package import Raft

/// One member at a time, after a commit of the leader's own term, learners when they are ready
/// (Thesis §4.1, §4.2).
package struct MembershipChecker: Sendable {
  /// The end of a leader's log at each of its ticks.
  private var ends: [NodeID: [Index]] = [:]

  package init() {}

  package mutating func elected(_ id: NodeID) { ends[id] = [] }

  package mutating func ticked(_ id: NodeID, lastIndex: Index) { ends[id]?.append(lastIndex) }

  /// A leader has written a change of membership into its log.
  ///
  /// - Parameters:
  ///   - log: the leader's, without the change.
  ///   - chosen: what is committed.
  ///   - commitIndex: as the leader knows it.
  package func appended(
    _ membership: Membership, by leader: NodeID, term: Term, log: StoredLog,
    chosen: CommitChecker, commitIndex: Index, electionTicks: Int,
    durableEnd: (NodeID) -> Index
  ) throws {
    if log.membershipIndex > Index(chosen.chosen.count) {
      throw Violation(
        .membership, "leader \(leader) changes members while \(log.membershipIndex) is open")
    }
    guard log.term(at: commitIndex) == term else {
      throw Violation(
        .membership, "leader \(leader) changes members before it committed in term \(term)")
    }
    let (before, after) = (Self.voters(log.membership), Self.voters(membership))
    let joined = after.filter { !before.contains($0) }
    let left = before.filter { !after.contains($0) }
    if joined.count + left.count > 1 {
      throw Violation(.membership, "leader \(leader) changes \(before) to \(after) at once")
    }
    for id in joined {
      try promoted(id, by: leader, electionTicks: electionTicks, log: log, end: durableEnd(id))
    }
  }

  /// Within one election timeout a learner must have received what the log held at its
  /// beginning.
  private func promoted(
    _ id: NodeID, by leader: NodeID, electionTicks: Int, log: StoredLog, end: Index
  ) throws {
    let ends = ends[leader] ?? []
    let target =
      ends.dropLast(min(ends.count, electionTicks + 2)).last ?? ends.first ?? log.lastIndex
    if end < target {
      throw Violation(
        .promotion,
        "leader \(leader) promotes \(id), which holds \(end) of \(target) entries it had long ago")
    }
  }

  private static func voters(_ membership: Membership) -> [NodeID] {
    membership.members.filter { $0.role == .voter }.map(\.id)
  }

  /// What a node takes for the membership must be what its log says (Raft §6).
  package static func mustFollowLog(
    _ id: NodeID, believed: Membership, log: StoredLog
  ) throws {
    if believed != log.membership {
      throw Violation(
        .membership,
        "node \(id) counts with \(believed.members.map(\.id)), its log says \(log.membership.members.map(\.id))"
      )
    }
  }

  /// A leader that is no voter leads no further than the commit of its removal.
  package static func mustNotLead(
    _ id: NodeID, log: StoredLog, commitIndex: Index
  ) throws {
    let isVoter = log.membership.members.contains { $0.id == id && $0.role == .voter }
    if !isVoter, log.membershipIndex <= commitIndex {
      throw Violation(.removedLeader, "node \(id) leads and was removed")
    }
  }
}
