// Committed entries on their way into the state, and what is decided about them.
//
// A decision to skip an entry stands behind it in the log, so the queue looks ahead: where it holds
// both, the decision takes the entry's place, and is applied there. A state that could not apply an
// entry puts it back, with all that follows; nothing is taken any more until there is a decision.

package import PDBModel
package import Raft

/// What waits for the state, in order. A value, for one that applies.
package struct ApplyQueue: Sendable {
  /// Invariant: committed, contiguous, and beginning with the poisoned entry, if there is one.
  private var entries: [Entry] = []
  private var poisoned: PoisonedEntry?
  private let rules: any ReplyRules

  /// - Parameter rules: others than those of production only to see what breaks.
  package init(rules: any ReplyRules = SoundReplies()) { self.rules = rules }

  package mutating func add(_ committed: [Entry]) { entries += committed }

  /// Takes what may be applied now.
  ///
  /// - Complexity: O(n) in the entries that wait.
  package mutating func take() -> [Entry] {
    let taken = decided(entries)
    if let poisoned, taken.first == entries.first {
      guard rules.skipsUndecided else { return [] }
      self.poisoned = nil
      entries[0] = Entry(index: poisoned.index, term: poisoned.term, payload: .noop)
      return take()
    }
    (entries, poisoned) = ([], nil)
    return taken
  }

  /// The first of these entries could not be applied; what was taken with it waits again.
  package mutating func putBack(_ taken: some Collection<Entry>, _ poisoned: PoisonedEntry) {
    entries = taken + entries
    self.poisoned = poisoned
  }

  /// The state was received whole, as of this entry.
  package mutating func drop(through index: Index) {
    entries.removeAll { $0.index <= index }
    if let poisoned, poisoned.index <= index { self.poisoned = nil }
  }

  /// The entries with decisions in the places of those that are skipped; the first decision counts.
  private func decided(_ entries: [Entry]) -> [Entry] {
    guard entries.count > 1 else { return entries }
    var decided = entries
    for (position, decision) in entries.enumerated() {
      guard case .operation(let bytes) = decision.payload,
        let skipped = StampedOperation.skippedEntry(bytes)
      else { continue }
      for earlier in 0..<position where decided[earlier] == entries[earlier] {
        let entry = entries[earlier]
        guard entry.isOperation,
          rules.skips(skipped, LogPosition(index: entry.index, term: entry.term))
        else { continue }
        decided[earlier] = Entry(index: entry.index, term: entry.term, payload: decision.payload)
      }
    }
    return decided
  }
}
