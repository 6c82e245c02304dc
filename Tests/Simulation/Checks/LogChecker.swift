// Logs compared with each other, entry by entry as they are written.

package import Raft

/// Log matching and leader append-only (Raft, Figure 3).
///
/// Every entry ever written is kept with the term of its predecessor. If two nodes always agree
/// on payload and predecessor of an entry with the same index and term, then by induction their
/// logs are the same up to it: comparing new entries is as good as comparing whole logs.
package struct LogChecker: Sendable {
  private struct Copy {
    let term: Term
    let previousTerm: Term
    let payload: Entry.Payload
  }

  /// What was seen at each index, from 1.
  private var copies: [[Copy]] = []

  package init() {}

  /// A node has taken entries into its log.
  ///
  /// - Parameter previousTerm: of the entry before the first of them.
  package mutating func appended(
    _ entries: [Entry], after previousTerm: Term, by id: NodeID
  ) throws {
    var previousTerm = previousTerm
    for entry in entries {
      try compare(
        entry, Copy(term: entry.term, previousTerm: previousTerm, payload: entry.payload), id)
      previousTerm = entry.term
    }
  }

  private mutating func compare(_ entry: Entry, _ copy: Copy, _ id: NodeID) throws {
    while copies.count < Int(entry.index) { copies.append([]) }
    let position = Int(entry.index) - 1
    guard let known = copies[position].first(where: { $0.term == copy.term }) else {
      copies[position].append(copy)
      return
    }
    guard known.previousTerm == copy.previousTerm, known.payload == copy.payload else {
      throw Violation(
        .logMatching,
        "node \(id) holds another entry \(entry.index) of term \(entry.term) than others do")
    }
  }

  /// A node that led before and after the step has replaced entries of its own.
  package static func leaderReplaced(
    _ id: NodeID, from index: Index, lastIndex: Index
  ) throws {
    if index <= lastIndex {
      throw Violation(
        .leaderAppendOnly, "leader \(id) replaced its entries \(index) to \(lastIndex)")
    }
  }
}
