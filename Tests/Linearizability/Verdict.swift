// What the checker says.

/// Whether a history could have come from a sequential object.
package enum Verdict: Equatable, Sendable {
  /// There is an order of the operations that explains every answer and respects time.
  case linearizable
  /// There is none; the text shows how far an order gets and what then cannot follow.
  case violation(String)
  /// The budget of steps was used up before it was certain.
  case gaveUp(steps: Int)

  package var isViolation: Bool {
    if case .violation = self { true } else { false }
  }
}
