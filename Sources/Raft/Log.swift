// The log as the node sees it: in memory, contiguous, checked.

/// The entries after the snapshot mark, in memory.
///
/// Invariant: `entries[i].index == mark.index + 1 + i`, and terms never decrease.
struct Log: Sendable {
  /// What came before the first entry.
  private(set) var mark: SnapshotMark
  private var entries: [Entry] = []
  /// Bytes of the entries, as ``Entry/byteCount`` counts them.
  private(set) var byteCount = 0
  /// The changes of membership among the entries, oldest first.
  private var memberships: [(index: Index, membership: Membership)] = []
  /// The members as of the last entry: a change counts from when it is in the log, committed
  /// or not (Raft §6).
  private(set) var membership: Membership

  init(mark: SnapshotMark, entries: [Entry] = []) {
    self.mark = mark
    membership = mark.membership
    self.entries.reserveCapacity(entries.count)
    for entry in entries { append(entry) }
  }

  var count: Int { entries.count }
  var lastIndex: Index { mark.index + Index(entries.count) }
  var lastTerm: Term { entries.last?.term ?? mark.term }
  /// The index of the last change of membership.
  var membershipIndex: Index { memberships.last?.index ?? mark.index }

  /// The term of the entry at `index`, or `nil` if the log does not hold it. O(1).
  func term(at index: Index) -> Term? {
    if index == mark.index { return mark.term }
    guard index > mark.index, index <= lastIndex else { return nil }
    return entries[position(of: index)].term
  }

  /// The members as of `index`, which must not be compacted.
  func membership(at index: Index) -> Membership {
    precondition(index >= mark.index, "the members as of \(index) are forgotten")
    return memberships.last { $0.index <= index }?.membership ?? mark.membership
  }

  /// The members before the last change.
  var previousMembership: Membership {
    memberships.isEmpty ? membership : membership(at: membershipIndex - 1)
  }

  /// The entries from `first` to `last`, both included.
  func entries(from first: Index, through last: Index) -> [Entry] {
    guard first <= last else { return [] }
    return Array(entries[position(of: first)...position(of: last)])
  }

  /// The entries from `first` on, as many as fit into `maxBytes` but at least one if there is one.
  func entries(from first: Index, maxBytes: Int) -> [Entry] {
    guard first <= lastIndex else { return [] }
    let start = position(of: first)
    var end = start
    var bytes = 0
    while end < entries.count {
      bytes += entries[end].byteCount
      if bytes > maxBytes && end > start { break }
      end += 1
    }
    return Array(entries[start..<end])
  }

  mutating func append(_ entry: Entry) {
    precondition(
      entry.index == lastIndex + 1,
      "the log has no gaps: entry \(entry.index) of term \(entry.term) was to follow \(lastIndex)")
    precondition(
      entry.term >= lastTerm,
      "terms never decrease: entry \(entry.index) of term \(entry.term) was to follow term \(lastTerm)"
    )
    entries.append(entry)
    byteCount += entry.byteCount
    if case .membership(let membership) = entry.payload {
      memberships.append((entry.index, membership))
      self.membership = membership
    }
  }

  /// Removes the entry at `first` and everything after it, changes of membership included
  /// (Raft §6: a server falls back to the previous configuration).
  ///
  /// - Parameter undoesChange: see ``Rules/truncationUndoesChange``.
  mutating func truncate(from first: Index, undoesChange: Bool) {
    let kept = position(of: first)
    for entry in entries[kept...] { byteCount -= entry.byteCount }
    entries.removeSubrange(kept...)
    memberships.removeAll { $0.index >= first }
    if undoesChange { membership = memberships.last?.membership ?? mark.membership }
  }

  /// Forgets the entries up to `index`: the state stands for them (Raft §7).
  mutating func compact(through index: Index) {
    let dropped = position(of: index) + 1
    mark = SnapshotMark(
      index: index, term: entries[dropped - 1].term, membership: membership(at: index))
    for entry in entries[..<dropped] { byteCount -= entry.byteCount }
    entries.removeSubrange(..<dropped)
    memberships.removeAll { $0.index <= index }
  }

  /// The last index that must go so that what stays is within both limits.
  func excess(maxEntries: Int, maxBytes: Int) -> Index {
    var (position, bytes) = (0, byteCount)
    while position < entries.count, entries.count - position > maxEntries || bytes > maxBytes {
      bytes -= entries[position].byteCount
      position += 1
    }
    return mark.index + Index(position)
  }

  /// Whether a log that ends with this index and term is at least as complete as this one
  /// (Raft §5.4.1).
  func isUpToDate(lastIndex: Index, lastTerm: Term) -> Bool {
    lastTerm > self.lastTerm || (lastTerm == self.lastTerm && lastIndex >= self.lastIndex)
  }

  /// The last index at or below `index` whose term is at or below `term`: the last place
  /// where two logs may still agree (Raft §5.3, skipping a term per round trip).
  func lastPossibleMatch(index: Index, term: Term) -> (index: Index, term: Term) {
    var candidate = min(index, lastIndex)
    while candidate > mark.index, entries[position(of: candidate)].term > term {
      candidate -= 1
    }
    return (candidate, self.term(at: candidate) ?? 0)
  }

  private func position(of index: Index) -> Int {
    precondition(
      index > mark.index, "entry \(index) is compacted: the log begins after \(mark.index)")
    return Int(index - mark.index - 1)
  }
}
