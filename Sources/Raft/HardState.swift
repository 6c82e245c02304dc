// What a node must remember across a restart besides its log (Raft, Figure 2).

/// The persistent state of a node that is not log: it is durable before any message that
/// depends on it leaves the node (Raft §5.2, Figure 2).
public struct HardState: Equatable, Sendable {
  /// The latest term the node has seen.
  public var term: Term
  /// The node that got this node's vote in `term`, itself included; `nil` if none has it yet.
  public var vote: NodeID?

  /// A hard state; the defaults are those of a new node.
  public init(term: Term = 0, vote: NodeID? = nil) {
    self.term = term
    self.vote = vote
  }
}
