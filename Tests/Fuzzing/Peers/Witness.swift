// What is seen of a node from inside, and what must hold of it.

import PDBCoordinator
import PDBStorage
import Raft
import Synchronization

/// Looks at the coordinator after everything that it does, and at the log after every step.
final class Witness: Sendable {
  /// Where the node was seen last.
  struct Sight: Sendable {
    var term: Term = 0
    var commitIndex: Index = 0
    var lastIndex: Index = 0
    var isNew: Bool { term == 0 && lastIndex == 0 }
  }

  fileprivate struct State {
    var sight = Sight()
    var violation: Violation?
    /// Entries that were applied, from `firstApplied` on.
    var applied: [Index: Entry] = [:]
  }

  private let state = Mutex(State())

  var sight: Sight { state.withLock { $0.sight } }

  /// The first thing that must not be.
  func check() throws { if let violation = state.withLock({ $0.violation }) { throw violation } }

  func see(_ coordinator: Coordinator) {
    let status = coordinator.consensus
    let broken = coordinator.brokenInvariant
    state.withLock { state in
      if let broken { state.note("broken invariant: \(broken)") }
      if status.term < state.sight.term { state.note("the term fell") }
      if status.commitIndex < state.sight.commitIndex { state.note("the commit index fell") }
      state.sight = Sight(
        term: status.term, commitIndex: status.commitIndex, lastIndex: status.lastIndex)
    }
  }

  /// What was applied once must be in the log, as it was, as long as the log goes so far back.
  func see(_ log: LogContents, appliedIndex: Index) {
    state.withLock { state in
      for (index, entry) in state.applied where index > log.mark.index {
        if index > log.lastIndex || log.entry(index) != entry {
          state.note("entry \(index) was applied, and is another now")
        }
      }
      guard appliedIndex <= log.lastIndex else {
        return state.note("entry \(appliedIndex) is applied, and not in the log")
      }
      state.applied = [:]
      for entry in log.entries where entry.index <= appliedIndex {
        state.applied[entry.index] = entry
      }
    }
  }
}

extension Witness.State {
  fileprivate mutating func note(_ text: String) { violation = violation ?? Violation(text) }
}

extension LogContents {
  fileprivate func entry(_ index: Index) -> Entry { entries[Int(index - mark.index - 1)] }
}
