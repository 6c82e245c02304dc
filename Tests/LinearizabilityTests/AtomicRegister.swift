// Histories as a real register would make them, with delays that a seed decides.

import Linearizability
import Raft

/// Makes histories that are linearizable because each operation has its effect at one moment
/// between its beginning and its return.
struct AtomicRegister {
  /// How histories differ.
  struct Shape {
    var operations: Int
    /// How many operations are under way at once, about.
    var concurrency: UInt64
    /// Of 100 operations, how many get no answer.
    var unknownPercent: Int
  }

  private var generator: SplitMix64
  private var state = RegisterState(nil, revision: nil)
  private var revision: UInt64 = 0
  private var lastRevision: UInt64 = 0

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  mutating func history(_ shape: Shape) -> [RegisterRecord] {
    let spacing: UInt64 = 10
    var records: [RegisterRecord] = []
    for number in 0..<shape.operations {
      let moment = (UInt64(number) + shape.concurrency) * spacing
      let half = shape.concurrency * spacing / 2
      let invoked = moment - UInt64.random(in: 0...half, using: &generator)
      let returned = moment + UInt64.random(in: 0...half, using: &generator)
      let action = action(number)
      let isUnknown = Int.random(in: 0..<100, using: &generator) < shape.unknownPercent
      let isLost = isUnknown && Bool.random(using: &generator)
      let answer = isLost ? nil : apply(action)
      records.append(
        RegisterRecord(
          key: "x", invoked: invoked, returned: returned, action: action,
          answer: isUnknown ? nil : answer))
    }
    return records
  }

  private mutating func action(_ number: Int) -> RegisterAction {
    switch Int.random(in: 0..<20, using: &generator) {
    case 0..<7: .read
    case 7..<11: .write("v\(number)")
    case 11: .write("v\(number)", .absent)
    case 12, 13: .write("v\(number)", .revision(lastRevision))
    case 14: .delete(.none)
    case 15: .write(.number(Int64(number)), .none)
    case 16, 17: .increment(1)
    default: .append("v\(number)")
    }
  }

  private mutating func apply(_ action: RegisterAction) -> RegisterAnswer {
    let model = RegisterModel()
    for refusal: RegisterAnswer in [.conflict, .notFound, .wrongKind]
    where model.step(state, RegisterOperation(action, refusal)) != nil {
      return refusal
    }
    if action == .read {
      lastRevision = state.revision ?? lastRevision
      return .holds(state.value, revision: state.revision)
    }
    let value = model.step(state, RegisterOperation(action, nil))!.value
    revision += 1
    state = RegisterState(value, revision: revision)
    return .holds(value, revision: value == nil ? nil : revision)
  }

  /// The history with one answer changed.
  mutating func mutated(_ records: [RegisterRecord]) -> [RegisterRecord] {
    let answeredOnes = records.indices.filter { records[$0].answer != nil }
    guard let position = answeredOnes.randomElement(using: &generator) else { return records }
    let others = records.compactMap(\.answer) + [.conflict, .notFound, .wrongKind, .nothing]
    let old = records[position]
    var changed = records
    changed[position] = RegisterRecord(
      key: old.key, invoked: old.invoked, returned: old.returned, action: old.action,
      answer: others.randomElement(using: &generator)!)
    return changed
  }
}
