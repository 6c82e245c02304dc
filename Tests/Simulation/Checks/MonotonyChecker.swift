// What only ever grows.

package import Raft

/// Terms, votes and commit indices never go back (Raft §5.1, Figure 2).
package struct MonotonyChecker: Sendable {
  private struct Known {
    var term: Term = 0
    var commitIndex: Index = 0
  }

  private var lives: [NodeID: Known] = [:]

  package init() {}

  /// A node has taken a step.
  package mutating func stepped(_ id: NodeID, term: Term, commitIndex: Index) throws {
    let known = lives[id] ?? Known()
    if term < known.term {
      throw Violation(.monotony, "the term of node \(id) goes back from \(known.term) to \(term)")
    }
    if commitIndex < known.commitIndex {
      throw Violation(
        .monotony,
        "the commit index of node \(id) goes back from \(known.commitIndex) to \(commitIndex)")
    }
    lives[id] = Known(term: term, commitIndex: commitIndex)
  }

  /// A node begins another life: the commit index is not remembered, the term is what is
  /// durable.
  package mutating func restarted(_ id: NodeID, hardState: HardState) {
    lives[id] = Known(term: hardState.term)
  }

  /// A batch has changed the hard state on a disk.
  package static func wrote(_ id: NodeID, before: HardState, after: HardState) throws {
    let isForgotten =
      after.term < before.term
      || after.term == before.term && before.vote != nil && after.vote != before.vote
    if isForgotten {
      throw Violation(.monotony, "the disk of node \(id) forgets \(before) for \(after)")
    }
  }
}
