// What `undo`, `redo` and `revert` say that they took back.

import PDBKit

/// A revision that was taken back.
struct TakenBack {
  private let undone: Undone
  private let revision: UInt64
  private let verb: String

  /// - Parameter verb: what was done, for people.
  init(_ receipt: Receipt, verb: String) throws {
    guard let undone = receipt.answer.undone else {
      throw PDBError(.badAnswer, "the answer does not say what was taken back", outcome: .applied)
    }
    self.undone = undone
    self.verb = verb
    revision = receipt.revision
  }

  private var json: JSON {
    [
      "status": "undone", "undone": JSON(undone.revision), "operation": .string(undone.operation),
      "count": JSON(undone.count), "revision": JSON(revision),
    ]
  }

  func show(_ session: Session) throws {
    try session.show(json) {
      guard Console.isTerminal(.output) else { return Console.write(cell: "\(undone.revision)") }
      let operation = undone.operation.isEmpty ? "" : " (\(undone.operation))"
      let count = undone.count
      // A setting is no key.
      let keys = count == 0 ? "" : ": \(count) key\(count == 1 ? "" : "s") restored"
      session.say("\(verb) revision \(undone.revision)\(operation)\(keys)")
      session.sayHowToUndo(revision)
    }
  }
}
