// What `undo`, `redo` and `revert` say that they took back.

import PDBKit

/// A revision that was taken back.
struct TakenBack {
  private let undone: Undone
  private let revision: UInt64
  private let isRedo: Bool

  init(_ receipt: Receipt, isRedo: Bool = false) throws {
    guard let undone = receipt.answer.undone else {
      throw PDBError(.badAnswer, "the answer does not say what was taken back", outcome: .applied)
    }
    self.undone = undone
    self.isRedo = isRedo
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
      session.say(sentence)
      session.sayHowToUndo(revision)
    }
  }

  private var sentence: TerminalText {
    let operation = undone.operation.isEmpty ? "" : " (\(undone.operation))"
    let name: TerminalText = "\(undone.revision)\(operation)"
    let count = undone.count
    // A setting is no key.
    return switch (isRedo, count) {
    case (false, 0): "undid revision \(name)"
    case (false, 1): "undid revision \(name): 1 key restored"
    case (false, _): "undid revision \(name): \(count) keys restored"
    case (true, 0): "took back revision \(name)"
    case (true, 1): "took back revision \(name): 1 key restored"
    case (true, _): "took back revision \(name): \(count) keys restored"
    }
  }
}
