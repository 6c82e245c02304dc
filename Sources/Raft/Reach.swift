// How far a member has come.

/// A term, and the index up to which a member holds the log of that term's leader; of a node itself, its
/// term and the end of its log.
///
/// That of a node only grows: in a term nothing that its leader's log holds is given up (Raft §5.3,
/// "Leader Append-Only"), and terms grow. A later term may begin with a shorter log: what was never
/// committed is replaced.
public struct Reach: Comparable, Hashable, Sendable {
  /// The term.
  public let term: Term
  /// The index of the last entry.
  public let index: Index

  /// A reach of these.
  public init(term: Term, index: Index) {
    self.term = term
    self.index = index
  }

  /// Whether this one is less: of an earlier term, or shorter in the same.
  public static func < (left: Reach, right: Reach) -> Bool {
    (left.term, left.index) < (right.term, right.index)
  }
}
