// A node as those see it who watch it: more than its status, and dearer to make.

/// A node at one moment, for a picture of its cluster: who has its vote, how near the next election is, and
/// how its log ends.
public struct Observation: Sendable {
  /// The node's view of itself.
  public let status: Status
  /// The node that has this node's vote in the term of ``status`` (Raft §5.2).
  public let vote: NodeID?
  /// The answers to a candidate, or to a pre-candidate; empty otherwise.
  public let votes: [NodeID: Bool]
  /// Ticks since the leader was heard, a vote was granted or an election began.
  public let ticksSinceContact: Int
  /// The value of ``ticksSinceContact`` that starts an election (Raft §5.2).
  public let electionDeadline: Int
  /// The last entry that storage has confirmed.
  public let durableIndex: Index
  /// The terms of the last entries, the newest last; that one is at ``Status/lastIndex``.
  public let lastTerms: [Term]
}

extension Node {
  /// The node at this moment.
  ///
  /// - Parameter entries: of how many of the last entries the terms are wanted.
  /// - Complexity: O(members + `entries`).
  public func observation(entries: Int) -> Observation {
    let first = max(log.mark.index, log.lastIndex - min(log.lastIndex, Index(entries))) + 1
    let votes: [NodeID: Bool] =
      switch state {
      case .preCandidate(let votes), .candidate(let votes): votes
      case .follower, .leader: [:]
      }
    return Observation(
      status: status, vote: hardState.vote, votes: votes, ticksSinceContact: ticksSinceContact,
      electionDeadline: electionDeadline, durableIndex: durableIndex,
      lastTerms: first > log.lastIndex
        ? [] : log.entries(from: first, through: log.lastIndex).map(\.term))
  }
}
