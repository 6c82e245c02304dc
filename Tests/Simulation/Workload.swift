// Which operations clients make, and how their answers read as a register's.

import Linearizability
import PDBCoordinator
import PDBModel
import Raft

/// Draws operations on a few keys of three kinds, and on tasks.
struct Workload {
  let keyCount: Int
  private let past: Plan.Past
  private var lastValue = 0

  /// - Parameter keys: of each kind.
  init(keys: Int, past: Plan.Past) {
    keyCount = 3 * keys
    self.past = past
  }

  static func kind(of key: Int) -> KeyKind { KeyKind(rawValue: key % 3)! }
  static func name(of key: Int) -> String { "k\(key)" }
  static func bytes(of key: Int) -> Bytes { Bytes(name(of: key).utf8) }

  /// - Parameter state: the present one, for what is about the past.
  mutating func draw(
    _ client: Client, _ dice: inout Dice, mustWrite: Bool, _ state: Machine
  ) -> Work {
    let key = dice.below(keyCount)
    if !mustWrite, client.isReader || dice.chance(300) { return .read(key: key) }
    if past.looksBack, dice.chance(150) { return lookingBack(&dice, state) }
    if dice.chance(120) { return task(&dice) }
    let name = Self.bytes(of: key)
    if dice.chance(80) {
      let (condition, expected) = condition(client, key, &dice)
      return .write(.delete(keys: [name], condition), key: key, .delete(expected))
    }
    lastValue += 1
    // Now and then an operation that the kind of the value does not allow.
    switch dice.chance(40) ? KeyKind(rawValue: dice.below(3))! : Self.kind(of: key) {
    case .text:
      var text = "v\(lastValue)"
      // Real storage keeps a large value where the log has it.
      if past.isReal, lastValue % 5 == 0 { text += String(repeating: "x", count: 4500) }
      let (condition, expected) = condition(client, key, &dice)
      return .write(
        .set(key: name, value: Bytes(text.utf8), condition), key: key,
        .write(.text(text), expected))
    case .counter:
      let amount = Int64(dice.among(1...3))
      return .write(.increment(key: name, by: amount), key: key, .increment(amount))
    case .list:
      let element = "\(lastValue)"
      return .write(
        .append(key: name, values: [Bytes(element.utf8)]), key: key, .append(element))
    }
  }

  private func condition(
    _ client: Client, _ key: Int, _ dice: inout Dice
  ) -> (Condition, RegisterCondition) {
    switch dice.below(10) {
    case 0: return (.absent, .absent)
    case 1, 2:
      guard let revision = client.revisions[key] else { return (.absent, .absent) }
      return (.revision(revision), .revision(revision))
    default: return (.none, .none)
    }
  }

  private mutating func task(_ dice: inout Dice) -> Work {
    lastValue += 1
    let reference = TaskReference("\(dice.among(1...8))")
    switch dice.below(11) {
    case 0, 1, 2:
      let tasks = (0..<dice.among(1...2)).map {
        NewTask(id: "task-\(lastValue)-\($0)", title: "t\(lastValue)")
      }
      return .write(.addTasks(tasks), key: nil, nil)
    case 3:
      return .write(
        .editTask(reference, TaskEdit(completed: dice.chance(500)), .none), key: nil, nil)
    case 4: return .write(.removeTask(reference, .none), key: nil, nil)
    case 5: return .write(.undo(nil), key: nil, nil)
    case 6, 7: return .write(importing(&dice), key: nil, nil)
    case 8:
      // Where members may not understand it only a leader raises it.
      if past.isUpgrade { return .write(.removeCompletedTasks, key: nil, nil) }
      return .write(.raiseVersion(.newest), key: nil, nil)
    case 9:
      let setting = Setting.historyRevisions
      let value = dice.chance(300) ? nil : "\(dice.among(0...30))"
      return .write(.setSetting(setting, value: value), key: nil, nil)
    default: return .write(.removeCompletedTasks, key: nil, nil)
    }
  }

  /// Something about the past: a revision by its number, known or not any more, or how much is kept.
  private mutating func lookingBack(_ dice: inout Dice, _ state: Machine) -> Work {
    switch dice.below(past.isUpgrade ? 8 : 20) {
    case 14...19: return .write(leasing(&dice), key: nil, nil)
    case 12, 13: return .write(transaction(&dice), key: nil, nil)
    case 8, 9: return .write(naming(&dice, state), key: nil, nil)
    case 10: return .write(.redo, key: nil, nil)
    case 11:
      // Tasks only: the histories of the registers know of no going back.
      let base: RevisionName.Base =
        dice.chance(300) ? .tag(aTag(&dice)) : .number(pastRevision(&dice, state))
      return .write(.restore(RevisionName(base), prefix: TaskKeys.prefix), key: nil, nil)
    case 0: return .write(.setSetting(.historyKeep, value: "\(dice.among(1...8))s"), key: nil, nil)
    case 1:
      let value = dice.chance(300) ? nil : "\(dice.among(0...2000))"
      return .write(.setSetting(.historyBytes, value: value), key: nil, nil)
    case 2:
      let value = dice.chance(300) ? nil : "\(dice.among(0...12))"
      return .write(.setSetting(.historyRevisions, value: value), key: nil, nil)
    case 3 where !past.isUpgrade && state.mark.version < .newest:
      return .write(.raiseVersion(.newest), key: nil, nil)
    case 0...4 where state.mark.compactedRevision > 0:
      let number = 1 + dice.below(Int(state.mark.compactedRevision))
      return .write(.undo(UInt64(number)), key: nil, nil)
    default:
      // Of the registers' revisions none is undone: their histories know of no undo.
      let revisions = state.storage.revisions(by: "tasks")
      guard !revisions.isEmpty else { return task(&dice) }
      return .write(.undo(dice.pick(revisions)), key: nil, nil)
    }
  }

  /// Something about keys that cease to be; the node that takes it says what the lease time is.
  private mutating func leasing(_ dice: inout Dice) -> PDBModel.Operation {
    let key = Bytes("lease-\(dice.among(1...3))".utf8)
    let lease = Lease(milliseconds: UInt64(dice.among(10...600)), now: 0)
    switch dice.below(8) {
    case 0: return .touch(key: key, .none, dice.chance(300) ? nil : lease)
    case 1: return .set(key: key, value: [0x31], .none)
    case 2: return .increment(key: key, by: 1)
    default: return .setExpiring(key: key, value: [0x31], .none, lease)
    }
  }

  /// Two keys that always hold the same; a second step is often refused, and the first with it.
  static let twins = [Bytes("twin-a".utf8), Bytes("twin-b".utf8)]

  private mutating func transaction(_ dice: inout Dice) -> PDBModel.Operation {
    lastValue += 1
    if dice.chance(200) {
      return .transaction(Self.twins.map { .delete(keys: [$0], .none) })
    }
    let value = Bytes("\(lastValue)".utf8)
    let condition: Condition = dice.chance(400) ? .absent : .none
    return .transaction([
      .set(key: Self.twins[0], value: value, .none), .get(key: Self.twins[0], .none),
      .set(key: Self.twins[1], value: value, condition),
    ])
  }

  /// Something about tags: most name what will be forgotten.
  private func naming(_ dice: inout Dice, _ state: Machine) -> PDBModel.Operation {
    let tag = aTag(&dice)
    if dice.chance(250) { return .removeTag(tag) }
    return .tag(
      tag, RevisionName(.number(pastRevision(&dice, state))), replace: dice.chance(500))
  }

  private func aTag(_ dice: inout Dice) -> TagName { dice.pick(Self.tagNames) }

  private static let tagNames = ["t1", "t2", "t3", "t4"].compactMap { try? TagName($0) }

  /// A revision that is known, if any is.
  private func pastRevision(_ dice: inout Dice, _ state: Machine) -> UInt64 {
    let (oldest, newest) = (state.mark.compactedRevision, state.mark.revision)
    return oldest + UInt64(dice.below(Int(newest - oldest) + 1))
  }

  /// A step of one of a few imports, in any order: most are refused, or overwrite each other.
  private func importing(_ dice: inout Dice) -> PDBModel.Operation {
    let id = "i\(dice.among(1...3))"
    let existing = ExistingKeys.allCases
    switch dice.below(5) {
    case 0, 1, 2:
      let pairs = (0..<dice.among(1...3)).map { _ in
        NewPair(
          key: Bytes("imported-\(dice.among(1...4))".utf8), value: Bytes("\(lastValue)".utf8))
      }
      return .stageImport(
        ImportPart(id: id, number: UInt64(dice.among(0...1)), pairs: pairs))
    case 3:
      return .commitImport(
        id: id, parts: UInt64(dice.among(1...2)), existing[dice.below(existing.count)])
    default: return .discardImport(id: id)
    }
  }

  // MARK: Answers

  /// A stored value as a register holds it.
  static func value(_ stored: StoredValue?) -> RegisterValue? {
    guard let stored else { return nil }
    let text = String(decoding: stored.value, as: UTF8.self)
    if let number = Int64(text) { return .number(number) }
    guard text.hasPrefix("["), text.hasSuffix("]") else { return .text(text) }
    return .list(text.dropFirst().dropLast().split(separator: ",").map(String.init))
  }

  /// The answer of a write to one key; `nil` if it says nothing of the register.
  static func answer(_ decision: Decision) -> RegisterAnswer? {
    switch decision {
    case .success(.pair(let pair)):
      .holds(
        value(StoredValue(value: pair.value, revision: pair.revision)), revision: pair.revision)
    case .success(.removed): .holds(nil, revision: nil)
    case .failure(let error):
      switch error.code {
      case .conflict: .conflict
      case .keyNotFound: .notFound
      case .notANumber, .notAList: .wrongKind
      default: nil
      }
    case .success: nil
    }
  }
}
