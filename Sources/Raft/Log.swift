// The log as the node sees it: in memory, contiguous, checked.

/// The entries after the snapshot mark, in memory.
///
/// Invariant: `entries[i].index == snapshotIndex + 1 + i`, and terms never decrease.
struct Log: Sendable {
  /// The last index that the log no longer holds; zero when it holds everything.
  let snapshotIndex: Index
  let snapshotTerm: Term
  private var entries: [Entry] = []

  init(snapshotIndex: Index = 0, snapshotTerm: Term = 0, entries: [Entry] = []) {
    self.snapshotIndex = snapshotIndex
    self.snapshotTerm = snapshotTerm
    for entry in entries { append(entry) }
  }

  var lastIndex: Index { snapshotIndex + Index(entries.count) }
  var lastTerm: Term { entries.last?.term ?? snapshotTerm }

  /// The term of the entry at `index`, or `nil` if the log does not hold it. O(1).
  func term(at index: Index) -> Term? {
    if index == snapshotIndex { return snapshotTerm }
    guard index > snapshotIndex, index <= lastIndex else { return nil }
    return entries[position(of: index)].term
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
    precondition(entry.index == lastIndex + 1, "the log has no gaps")
    precondition(entry.term >= lastTerm, "terms never decrease along the log")
    entries.append(entry)
  }

  /// Removes the entry at `first` and everything after it.
  mutating func truncate(from first: Index) {
    entries.removeSubrange(position(of: first)...)
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
    while candidate > snapshotIndex, entries[position(of: candidate)].term > term {
      candidate -= 1
    }
    return (candidate, self.term(at: candidate) ?? 0)
  }

  private func position(of index: Index) -> Int {
    precondition(index > snapshotIndex, "entry \(index) is compacted")
    return Int(index - snapshotIndex - 1)
  }
}
