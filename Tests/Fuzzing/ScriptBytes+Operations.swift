// The operations that entries carry, drawn from a script.

import PDBModel
import PDBStore

extension ScriptBytes {
  /// Any operation, on a few keys and tasks, so that they meet.
  mutating func operation() -> StampedOperation {
    let stamp = Stamp(
      time: Timestamp(milliseconds: isRare() ? Int64(bitPattern: number()) : 1_700_000_000_000),
      author: isRare() ? text() : "", request: isRare() ? requestID() : nil)
    return StampedOperation(stamp: stamp, operation: change())
  }

  private mutating func change() -> PDBModel.Operation {
    switch below(16) {
    case 0...3: .set(key: key(), value: value(), condition())
    case 4: .setMany((0..<below(4)).map { _ in NewPair(key: key(), value: value()) })
    case 5: .delete(keys: (0..<below(3)).map { _ in key() }, condition())
    case 6: .increment(key: key(), by: isRare() ? Int64(bitPattern: number()) : 1)
    case 7: .append(key: key(), values: [value()])
    case 8: .addTasks((0..<below(3)).map { _ in NewTask(id: taskID(), title: text()) })
    case 9:
      .editTask(task(), TaskEdit(title: flag() ? text() : nil, completed: flag()), condition())
    case 10: .removeTask(task(), condition())
    case 11: .removeCompletedTasks
    case 12: .undo(flag() ? nil : UInt64(below(32)))
    case 13: importStep()
    case 14: .raiseVersion(ClusterVersion(number: isRare() ? number() : UInt64(below(3))))
    default: .setSetting(element(of: Setting.allCases), value: flag() ? text() : nil)
    }
  }

  private mutating func importStep() -> PDBModel.Operation {
    switch below(3) {
    case 0:
      .stageImport(
        ImportPart(
          id: "import", number: UInt64(below(4)), pairs: [NewPair(key: key(), value: value())]))
    case 1: .commitImport(id: "import", parts: UInt64(below(4)), .replace)
    default: .discardImport(id: "import")
    }
  }

  private mutating func key() -> Bytes {
    if isRare() { return bytes(upTo: 8) }
    return Bytes(utf8: element(of: ["a", "b", "task_1", "task_x", "\0next", "\0birth"]))
  }

  private mutating func value() -> Bytes {
    if isRare() { return bytes(upTo: 64) }
    return Bytes(
      utf8: element(
        of: [
          "1", "[]", #""text""#, #"{"title":"a"}"#, "null", "9223372036854775807",
          #"{"id":"x","number":1,"title":"a","completed":false}"#,
        ]))
  }

  private mutating func condition() -> Condition {
    switch below(4) {
    case 0: .absent
    case 1: .revision(UInt64(below(16)))
    default: .none
    }
  }

  private mutating func taskID() -> String { element(of: ["x", "xy", "y", ""]) }

  private mutating func task() -> TaskReference {
    flag() ? TaskReference(element(of: ["1", "2", "x", "18446744073709551615"])) : .id("x")
  }

  private mutating func text() -> String {
    element(of: ["a", "", "0", "1", "100", "Học", "\u{1B}[0m", "18446744073709551616"])
  }

  private mutating func requestID() -> RequestID {
    RequestID(
      id: text(), fingerprint: UInt64(below(2)), firstSent: nil,
      knownRevision: flag() ? UInt64(below(8)) : nil)
  }
}

extension ScriptBytes {
  /// What a client of the node asks for.
  mutating func request() -> Change {
    switch below(4) {
    case 0: .increment(Bytes(utf8: "a"), by: 1)
    case 1: .undo(nil)
    case 2: .removeCompletedTasks
    default: .set(NewPair(key: Bytes(utf8: "a"), value: Bytes(utf8: "1")), .none, .force)
    }
  }
}
