// Where a log ends, by which logs are compared.

/// The end of a log: the term and the index of its last entry (Raft §5.4.1).
///
/// The one of a node only grows: an entry is replaced only by one of a later term.
public struct EndOfLog: Comparable, Hashable, Sendable {
  /// The term of the last entry.
  public let term: Term
  /// The index of the last entry.
  public let index: Index

  /// The end of a log whose last entry has this term and this index.
  public init(term: Term, index: Index) {
    self.term = term
    self.index = index
  }

  /// Whether a log that ends here is less up to date: "If the logs have last entries with different
  /// terms, then the log with the later term is more up-to-date. If the logs end with the same term,
  /// then whichever log is longer" (Raft §5.4.1).
  public static func < (left: EndOfLog, right: EndOfLog) -> Bool {
    (left.term, left.index) < (right.term, right.index)
  }
}
