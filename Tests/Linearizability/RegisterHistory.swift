// A recorded history of registers: split by key, made small, checked.

/// One operation on one of several registers.
package struct RegisterRecord: Sendable {
  package let key: String
  package let invoked: UInt64
  /// When the answer came; not looked at without an answer.
  package let returned: UInt64
  package let action: RegisterAction
  /// `nil`: the outcome is unknown. An operation that was certainly not applied does not belong
  /// into a history, unless its refusal says something of the register's state.
  package let answer: RegisterAnswer?

  package init(
    key: String, invoked: UInt64, returned: UInt64, action: RegisterAction,
    answer: RegisterAnswer?
  ) {
    self.key = key
    self.invoked = invoked
    self.returned = returned
    self.action = action
    self.answer = answer
  }
}

/// Checks what clients of registers saw.
package enum RegisterHistory {
  /// The verdict on each key. A history is linearizable if that of every object in it is
  /// (Herlihy and Wing, theorem 1).
  package static func check(_ records: [RegisterRecord], stepBudget: Int? = nil)
    -> [(key: String, verdict: Verdict)]
  {
    var keys: [String: [RegisterRecord]] = [:]
    for record in records { keys[record.key, default: []].append(record) }
    return keys.sorted { $0.key < $1.key }.map { key, records in
      let history = RegisterSimplification(records).history
      return (key, Checker(RegisterModel(), stepBudget: stepBudget).check(history))
    }
  }

  /// One verdict on all keys: the first violation, else the first surrender.
  package static func verdict(_ records: [RegisterRecord], stepBudget: Int? = nil) -> Verdict {
    let verdicts = check(records, stepBudget: stepBudget)
    if let found = verdicts.first(where: { $0.verdict.isViolation }),
      case .violation(let explanation) = found.verdict
    {
      return .violation("key '\(found.key)': \(explanation)")
    }
    return verdicts.first { $0.verdict != .linearizable }?.verdict ?? .linearizable
  }
}
