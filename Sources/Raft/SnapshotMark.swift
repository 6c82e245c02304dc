// Where the log begins.

/// The point up to which the log has been replaced by the state (Raft §7): the last entry
/// that is no longer in the log, and what the log alone would have known about it.
public struct SnapshotMark: Equatable, Sendable {
  /// The last index the state stands for; zero for a log that was never compacted.
  public let index: Index
  /// The term of the entry at ``index``.
  public let term: Term
  /// The members as of `index` (Raft, Figure 13: "the latest configuration").
  public let membership: Membership

  /// A mark at the given entry.
  public init(index: Index, term: Term, membership: Membership) {
    self.index = index
    self.term = term
    self.membership = membership
  }

  /// Where the log of a new cluster begins: before everything, with its first members.
  public static func beginning(_ membership: Membership) -> SnapshotMark {
    SnapshotMark(index: 0, term: 0, membership: membership)
  }
}
