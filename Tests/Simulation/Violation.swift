// What the simulator reports when a promise is broken.

/// The promises, each watched by one checker.
package enum Rule: String, CaseIterable, Sendable {
  case electionSafety = "election safety (Raft, Figure 3)"
  case oneVotePerTerm = "one vote per term (Raft §5.2)"
  case leaderAppendOnly = "leader append-only (Raft, Figure 3)"
  case logMatching = "log matching (Raft, Figure 3)"
  case leaderCompleteness = "leader completeness (Raft, Figure 3)"
  case stateMachineSafety = "state-machine safety (Raft, Figure 3)"
  case durability = "nothing is sent before what it claims is durable"
  case quorumCommit = "only what a majority durably holds is committed"
  case monotony = "term, vote and commit index never go back"
  case preVote = "a pre-vote changes nothing (Thesis §9.6)"
  case removedSilence = "a removed member has no say"
  case checkQuorum = "a leader without a quorum steps down (Thesis §6.2)"
  case membership = "membership changes one member at a time (Thesis §4.1)"
  case removedLeader = "a removed leader steps down (Thesis §4.2.2)"
  case promotion = "a learner is promoted when it has caught up (Thesis §4.2.1)"
  case backlog = "the uncommitted log is bounded"
  case exactlyOnce = "a request is applied once"
  case promise = "what is said not to be applied is not applied"
  case reads = "a read is no older than the last acknowledged write (Thesis §6.4)"
  case snapshot = "a snapshot holds the state of its index (Raft §7)"
  case linearizability = "what clients saw is linearizable"
  case progress = "a healed majority makes progress"
  case convergence = "all nodes come to the same state"
  case leases = "nothing ceases to be before its time"
  case stability = "a healthy leader stays"
  case transfer = "a transfer of leadership ends"
  case storage = "what is stored comes back, or its loss is noticed"
  case driver = "a node keeps its word to its driver"
  case rollback = "a member that lost what it confirmed has no say"
  case invariant = "what holds inside a node between two steps"
}

/// A broken promise; ends the simulation.
package struct Violation: Error, Sendable, CustomStringConvertible {
  package let rule: Rule
  package let detail: String

  package init(_ rule: Rule, _ detail: String) {
    self.rule = rule
    self.detail = detail
  }

  package var description: String { "\(rule.rawValue): \(detail)" }
}
