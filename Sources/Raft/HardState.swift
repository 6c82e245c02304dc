// What a node must remember across a restart besides its log (Raft, Figure 2).

/// The persistent state of a node that is not log: it is durable before any message that
/// depends on it leaves the node (Raft §5.2, Figure 2).
public struct HardState: Equatable, Sendable {
  /// The latest term the node has seen.
  public var term: Term
  /// Whom the node voted for in `term`, itself included; `nil` if nobody yet.
  public var vote: NodeID?

  public init(term: Term = 0, vote: NodeID? = nil) {
    self.term = term
    self.vote = vote
  }
}
