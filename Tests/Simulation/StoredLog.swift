// A log as its storage holds it: what batches make of it.

package import Raft

/// Hard state, mark and entries. Used twice per node: for what is durable, and for what the
/// node was told to store, durable or not - which is its log as its public interface shows it.
package struct StoredLog: Sendable {
  package private(set) var hardState = HardState()
  package private(set) var mark: SnapshotMark
  package private(set) var entries: [Entry] = []
  /// How far the members are known to have confirmed their logs.
  package private(set) var confirmed: [NodeID: Reach] = [:]
  /// Where in the log the members change.
  private var changes: [Index] = []

  package init(mark: SnapshotMark) { self.mark = mark }

  var lastIndex: Index { mark.index + Index(entries.count) }
  var lastTerm: Term { entries.last?.term ?? mark.term }

  func entry(at index: Index) -> Entry? {
    guard index > mark.index, index <= lastIndex else { return nil }
    return entries[Int(index - mark.index - 1)]
  }

  func term(at index: Index) -> Term? {
    index == mark.index ? mark.term : entry(at: index)?.term
  }

  /// Whether the log has this entry, or a state that stands for it.
  func holds(_ index: Index, term: Term) -> Bool {
    index < mark.index || self.term(at: index) == term
  }

  /// The members as of the end of the log.
  var membership: Membership { changes.last.flatMap(membership(at:)) ?? mark.membership }

  private func membership(at index: Index) -> Membership? {
    guard case .membership(let membership)? = entry(at: index)?.payload else { return nil }
    return membership
  }

  /// The members as of `index`.
  func membership(through index: Index) -> Membership {
    changes.last { $0 <= index }.flatMap(membership(at:)) ?? mark.membership
  }

  /// The changes of membership after `index`, oldest first.
  func memberships(after index: Index) -> [(index: Index, membership: Membership)] {
    changes.filter { $0 > index }.map { ($0, membership(at: $0)!) }
  }

  /// The last index at which the members change, zero if they never do.
  var membershipIndex: Index { changes.last ?? 0 }

  /// Carries out a batch, all of it at once: the received mark, the hard state, the entries,
  /// the compaction.
  mutating func write(_ batch: Persist) throws {
    if let snapshot = batch.snapshot {
      mark = snapshot
      entries = []
      changes = []
    }
    try write(entries: batch.entries, hardState: batch.hardState)
    if let compaction = batch.compaction { try compact(compaction) }
    confirmed.merge(batch.confirmed) { $1 }
  }

  package mutating func write(entries: [Entry], hardState: HardState? = nil) throws {
    if let hardState { self.hardState = hardState }
    if let first = entries.first { try overwrite(from: first.index, with: entries) }
  }

  private mutating func overwrite(from first: Index, with new: [Entry]) throws {
    guard first > mark.index, first <= lastIndex + 1 else {
      throw Violation(.driver, "a batch of entries from \(first) on leaves a gap in the log")
    }
    if first <= lastIndex {
      entries.removeSubrange(Int(first - mark.index - 1)...)
      while let last = changes.last, last >= first { changes.removeLast() }
    }
    entries.append(contentsOf: new)
    for entry in new {
      if case .membership = entry.payload { changes.append(entry.index) }
    }
  }

  private mutating func compact(_ mark: SnapshotMark) throws {
    guard mark.index > self.mark.index, term(at: mark.index) == mark.term else {
      throw Violation(.driver, "the log is to be compacted to \(mark.index), which it lacks")
    }
    entries.removeFirst(Int(mark.index - self.mark.index))
    self.mark = mark
    changes.removeAll { $0 <= mark.index }
  }
}
