// What went wrong with pdb: each of these is a bug of it, or of this tool.

import Synchronization

/// Collects violations from wherever they are noticed.
final class Findings: Sendable {
  private struct State {
    var violations: [String] = []
    var ownEnds: [String: Int] = [:]
  }

  private let state = Mutex(State())

  func report(_ violation: String) {
    state.withLock { $0.violations.append(violation) }
  }

  /// A node ended without being asked to.
  func countOwnEnd(_ end: ProcessEnd) {
    state.withLock { $0.ownEnds[end.description, default: 0] += 1 }
  }

  var violations: [String] { state.withLock { $0.violations } }

  var ownEnds: [String: Int] { state.withLock { $0.ownEnds } }
}
