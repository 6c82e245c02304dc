// Short ways to write histories down.

import Linearizability

/// An answered operation on the one register of a test.
func answered(
  _ invoked: UInt64, _ returned: UInt64, _ action: RegisterAction, _ answer: RegisterAnswer
) -> RegisterRecord {
  RegisterRecord(key: "x", invoked: invoked, returned: returned, action: action, answer: answer)
}

/// An operation without an answer.
func unknown(_ invoked: UInt64, _ action: RegisterAction) -> RegisterRecord {
  RegisterRecord(key: "x", invoked: invoked, returned: invoked, action: action, answer: nil)
}

extension RegisterAction {
  static func write(_ text: String, _ condition: RegisterCondition = .none) -> RegisterAction {
    .write(.text(text), condition)
  }
}

extension RegisterAnswer {
  static let nothing = RegisterAnswer.holds(nil, revision: nil)

  static func text(_ text: String, _ revision: UInt64? = nil) -> RegisterAnswer {
    .holds(.text(text), revision: revision)
  }

  static func number(_ number: Int64) -> RegisterAnswer { .holds(.number(number), revision: nil) }

  static func list(_ elements: String...) -> RegisterAnswer {
    .holds(.list(elements), revision: nil)
  }
}

/// Whether the records have an order that explains them.
func isLinearizable(_ records: [RegisterRecord]) -> Bool {
  RegisterHistory.verdict(records) == .linearizable
}
