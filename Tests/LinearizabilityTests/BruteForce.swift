// A checker that tries everything: slow, and too simple to be wrong.

import Linearizability

enum BruteForce {
  /// Whether some order of the answered operations, and of any of the others, explains the
  /// answers and respects time.
  static func isLinearizable(_ records: [RegisterRecord]) -> Bool {
    canContinue(from: RegisterModel().initial, with: records)
  }

  private static func canContinue(
    from state: RegisterState, with rest: [RegisterRecord]
  ) -> Bool {
    guard rest.contains(where: { $0.answer != nil }) else { return true }
    let firstReturn = rest.filter { $0.answer != nil }.map(\.returned).min()!
    for (position, record) in rest.enumerated() where record.invoked <= firstReturn {
      let operation = RegisterOperation(record.action, record.answer)
      guard let next = RegisterModel().step(state, operation) else { continue }
      var others = rest
      others.remove(at: position)
      if canContinue(from: next, with: others) { return true }
    }
    return false
  }
}
