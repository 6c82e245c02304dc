// How a register behaves when one operation at a time is made on it.

/// What a register holds and since when.
package struct RegisterState: Hashable, Sendable {
  package let value: RegisterValue?
  /// The revision that made it so; `nil` while no client has seen it, and when there is nothing.
  package let revision: UInt64?

  package init(_ value: RegisterValue?, revision: UInt64?) {
    self.value = value
    self.revision = value == nil ? nil : revision
  }
}

extension RegisterState: CustomStringConvertible {
  package var description: String { "\(RegisterAnswer.holds(value, revision: revision))" }
}

/// One key of pdb.
package struct RegisterModel: SequentialModel {
  package let initial: RegisterState

  package init(initial: RegisterState = RegisterState(nil, revision: nil)) {
    self.initial = initial
  }

  package func step(_ state: RegisterState, _ operation: RegisterOperation) -> RegisterState? {
    switch operation.action {
    case .read:
      return read(state, operation.answer)
    case .write(let value, let condition):
      return change(state, operation.answer, condition) { _ in .held(value) }
    case .delete(let condition):
      return change(state, operation.answer, condition) { $0 == nil ? .refused(.notFound) : .gone }
    case .increment(let amount):
      return change(state, operation.answer, .none) { before in
        guard case .number(let number) = before ?? .number(0) else { return .refused(.wrongKind) }
        let (sum, isOverflow) = number.addingReportingOverflow(amount)
        return isOverflow ? .refused(.wrongKind) : .held(.number(sum))
      }
    case .append(let element):
      return change(state, operation.answer, .none) { before in
        guard case .list(let elements) = before ?? .list([]) else { return .refused(.wrongKind) }
        return .held(.list(elements + [element]))
      }
    }
  }

  // MARK: Reading

  private func read(_ state: RegisterState, _ answer: RegisterAnswer?) -> RegisterState? {
    guard let answer else { return state }
    guard case .holds(let value, let revision) = answer, value == state.value,
      Self.agree(revision, state.revision)
    else { return nil }
    return RegisterState(value, revision: state.revision ?? revision)
  }

  private static func agree(_ left: UInt64?, _ right: UInt64?) -> Bool {
    guard let left, let right else { return true }
    return left == right
  }

  // MARK: Changing

  private enum Effect {
    case held(RegisterValue)
    case gone
    case refused(RegisterAnswer)
  }

  private func change(
    _ state: RegisterState, _ answer: RegisterAnswer?, _ condition: RegisterCondition,
    _ effect: (RegisterValue?) -> Effect
  ) -> RegisterState? {
    if answer == .conflict { return mayFail(condition, in: state) ? state : nil }
    guard mayHold(condition, in: state) else { return nil }
    switch effect(state.value) {
    case .refused(let refusal):
      // Without an answer it is as if it had never been made.
      return answer == nil || answer == refusal ? state : nil
    case .held(let value):
      guard let answer else { return RegisterState(value, revision: nil) }
      guard case .holds(let shown, let revision) = answer, shown == value else { return nil }
      // Revisions only grow.
      if let revision, let before = state.revision, revision <= before { return nil }
      return RegisterState(value, revision: revision)
    case .gone:
      if let answer {
        guard case .holds(nil, _) = answer else { return nil }
      }
      return RegisterState(nil, revision: nil)
    }
  }

  private func mayHold(_ condition: RegisterCondition, in state: RegisterState) -> Bool {
    switch condition {
    case .none: true
    case .absent: state.value == nil
    case .revision(let revision): state.value != nil && Self.agree(revision, state.revision)
    }
  }

  private func mayFail(_ condition: RegisterCondition, in state: RegisterState) -> Bool {
    switch condition {
    case .none: false
    case .absent: state.value != nil
    case .revision(let revision): state.revision != revision
    }
  }
}
