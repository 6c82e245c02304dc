// The history of each key, handed to the checker.

import Linearizability

enum LinearizabilityCheck {
  /// Enough for any history of a round that is not broken; a surrender counts as a failure.
  private static let stepBudget = 50_000_000

  /// What is wrong with a round's history; empty if there is nothing.
  static func problems(_ records: [Record], keys: [String]) -> [String] {
    let registers = records.flatMap { $0.registerRecords(keys: keys) }
    return RegisterHistory.check(registers, stepBudget: stepBudget).compactMap { key, verdict in
      switch verdict {
      case .linearizable: nil
      case .violation(let explanation): "'\(key)' is not linearizable: \(explanation)"
      case .gaveUp(let steps): "'\(key)' was not certain after \(steps) steps"
      }
    }
  }
}

extension Record {
  /// The operations on single keys that this one amounts to.
  fileprivate func registerRecords(keys: [String]) -> [RegisterRecord] {
    switch action {
    // Keys that end do so by themselves, which no register does.
    case .read(let key): keys.contains(key) ? one(key, .read) : []
    case .write(let key, let value, let condition): one(key, .write(value, condition))
    case .delete(let key): one(key, .delete(.none))
    case .increment(let key, let amount): one(key, .increment(amount))
    case .append(let key, let element): one(key, .append(element))
    case .readAll: all(keys)
    case .readPast, .lease, .setTogether, .addTask, .editTask, .removeTask: []
    }
  }

  private func one(_ key: String, _ action: RegisterAction) -> [RegisterRecord] {
    switch result {
    case .answered(let answer):
      guard let answer = answer.register(action) else { return [] }
      return [record(key, action, answer)]
    case .unknown: return [record(key, action, nil)]
    // Certainly not applied, and nothing said of the state.
    case .refused: return []
    }
  }

  private func all(_ keys: [String]) -> [RegisterRecord] {
    guard case .answered(.pairs(let pairs)) = result else { return [] }
    return keys.map { key in
      record(key, .read, .holds(pairs[key]?.value, revision: pairs[key]?.revision))
    }
  }

  private func record(
    _ key: String, _ action: RegisterAction, _ answer: RegisterAnswer?
  ) -> RegisterRecord {
    RegisterRecord(
      key: key, invoked: invoked, returned: returned, action: action, answer: answer)
  }
}

extension Answer {
  fileprivate func register(_ action: RegisterAction) -> RegisterAnswer? {
    switch self {
    case .pair(let value, let revision): return .holds(value, revision: revision)
    case .done: return .holds(nil, revision: nil)
    case .refusal("key_not_found"):
      // A conditional write of what is not there is a conflict.
      if case .delete = action { return .notFound }
      return .conflict
    case .refusal("conflict"): return .conflict
    case .refusal: return .wrongKind
    case .pairs, .task: return nil
    }
  }
}
