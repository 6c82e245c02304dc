// Which node voted for which, and which leads.

package import Raft

/// Election safety and one vote per term, across restarts (Raft §5.2).
package struct ElectionChecker: Sendable {
  private struct Ballot: Hashable {
    let voter: NodeID
    let term: Term
  }

  private var votes: [Ballot: NodeID] = [:]
  private var leaders: [Term: NodeID] = [:]

  package init() {}

  package func leader(of term: Term) -> NodeID? { leaders[term] }

  /// A vote has left the voter.
  package mutating func voted(_ voter: NodeID, for candidate: NodeID, in term: Term) throws {
    let earlier = votes.updateValue(candidate, forKey: Ballot(voter: voter, term: term))
    if let earlier, earlier != candidate {
      throw Violation(
        .oneVotePerTerm, "node \(voter) voted for \(earlier) and \(candidate) in term \(term)")
    }
  }

  /// A node has become leader.
  ///
  /// - Parameters:
  ///   - membership: as of the end of the leader's log.
  ///   - durable: the leader's hard state on its disk: its own vote counts only from there.
  package mutating func elected(
    _ id: NodeID, in term: Term, by membership: Membership, durable: HardState
  ) throws {
    if let other = leaders[term] {
      throw Violation(.electionSafety, "nodes \(other) and \(id) both lead term \(term)")
    }
    leaders[term] = id
    // By role, not by what the membership itself thinks of voters.
    let voters = membership.members.filter { $0.role == .voter }.map(\.id)
    let supporters = voters.filter { voter in
      voter == id
        ? durable == HardState(term: term, vote: id)
        : votes[Ballot(voter: voter, term: term)] == id
    }
    if supporters.count <= voters.count / 2 {
      throw Violation(
        .electionSafety,
        "node \(id) leads term \(term) with the votes of \(supporters) among \(voters)")
    }
  }
}
