// Operations as users and importers might send them, drawn by chance.

import Raft

@testable import PDBModel

/// Draws operations on few keys, so that they meet.
struct RandomOperations {
  private var tasks = 0
  private var requests = 0

  /// Keys that begin with each other, and some that end the order.
  static let keys: [Bytes] = [
    [1], [0x61], [0x61, 0], [0x61, 0xFF], [0x61, 0x62], [0x62], Bytes(utf8: "task"),
    Bytes(utf8: "task_"), Bytes(utf8: "task`"), [0xFF], [0xFF, 0xFF],
  ]

  private static let tags = ["a", "b"].compactMap { try? TagName($0) }

  mutating func operation(
    revision: UInt64, _ random: inout SplitMix64
  ) -> PDBModel.Operation {
    let key = Self.keys.randomElement(using: &random)!
    let tag = Self.tags.randomElement(using: &random)!
    let back = RevisionName(
      [.newest, .number(.random(in: 0...revision + 1, using: &random)), .tag(tag)]
        .randomElement(using: &random)!,
      back: .random(in: 0...2, using: &random))
    switch Int.random(in: 0..<24, using: &random) {
    case 0: return .addTasks((0..<Int.random(in: 1...3, using: &random)).map { _ in newTask() })
    case 1: return .removeTask(someTask(&random), .none)
    case 2:
      return .editTask(someTask(&random), TaskEdit(completed: .random(using: &random)), .none)
    case 3: return .removeCompletedTasks
    case 4, 5: return .increment(key: key, by: .random(in: -9...9, using: &random))
    case 6: return .append(key: key, values: [Bytes(utf8: "[1,{}]")])
    case 7, 8, 9:
      let some = Self.keys.filter { _ in Int.random(in: 0..<5, using: &random) == 0 }
      return .delete(keys: some, .none)
    case 10, 11: return .undo(.random(in: 0...revision, using: &random))
    case 12: return .undo(nil)
    case 13:
      return .setMany(
        Self.keys.filter { _ in Bool.random(using: &random) }.map {
          NewPair(key: $0, value: value(&random))
        })
    case 14, 15:
      return .stageImport(
        ImportPart(
          id: ["i", "j"].randomElement(using: &random)!,
          number: .random(in: 0...1, using: &random),
          pairs: [NewPair(key: key, value: value(&random))]))
    case 16:
      return .commitImport(
        id: ["i", "j"].randomElement(using: &random)!, parts: .random(in: 1...2, using: &random),
        ExistingKeys.allCases.randomElement(using: &random)!)
    case 18: return .tag(tag, back, replace: .random(using: &random))
    case 19: return .removeTag(tag)
    case 20: return .redo
    case 21:
      return .restore(back, prefix: [[], [0x61], TaskKeys.prefix].randomElement(using: &random)!)
    case 17: return .discardImport(id: ["i", "j"].randomElement(using: &random)!)
    default:
      return .set(key: key, value: value(&random), Bool.random(using: &random) ? .none : .absent)
    }
  }

  /// The operation with a stamp; every third is a request that is remembered.
  mutating func stamped(
    revision: UInt64, _ random: inout SplitMix64
  ) -> StampedOperation {
    var request: RequestID?
    if Int.random(in: 0..<3, using: &random) == 0 {
      requests += 1
      request = RequestID(id: "r\(requests)", fingerprint: random.next(), firstSent: nil)
    }
    let stamp = Stamp(
      time: Timestamp(milliseconds: .random(in: 0...1_000, using: &random)),
      author: ["an", "ly", ""].randomElement(using: &random)!, request: request)
    return StampedOperation(
      stamp: stamp, operation: operation(revision: revision, &random))
  }

  /// An entry with such an operation.
  mutating func entry(_ index: Index, _ random: inout SplitMix64) -> Entry {
    Entry(
      index: index, term: 1,
      payload: .operation(stamped(revision: index, &random).encoded(for: .first)))
  }

  private mutating func newTask() -> NewTask {
    tasks += 1
    return NewTask(id: "id-\(tasks)", title: "task \(tasks)")
  }

  private func someTask(_ random: inout SplitMix64) -> TaskReference {
    TaskReference("\(Int.random(in: 1...max(1, tasks), using: &random))")
  }

  private func value(_ random: inout SplitMix64) -> Bytes {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: []
    case 1: Bytes(utf8: "\(Int.random(in: 0...3, using: &random))")
    case 2: Bytes(utf8: "[1]")
    default:
      (0..<Int.random(in: 1...300, using: &random)).map { _ in .random(in: 0...255, using: &random)
      }
    }
  }
}
