// A flag that is raised once and never lowered.

import Synchronization

final class OnceFlag: Sendable {
  private let state = Atomic(false)

  var isRaised: Bool { state.load(ordering: .relaxed) }

  /// Returns whether it was raised already.
  @discardableResult
  func raise() -> Bool { state.exchange(true, ordering: .relaxed) }
}
