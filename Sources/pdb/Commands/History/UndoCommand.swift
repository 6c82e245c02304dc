// `pdb undo`

import ArgumentParser
import PDBKit

struct UndoCommand: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Undo a change by making a new one.",
    discussion: """
      All of the change is undone or nothing: where a value has changed since, nothing happens and \
      both values are shown. Without a number it is the newest change of yours that is not undone \
      yet, so undoing twice undoes two. An undo is a change like any other and can itself be undone \
      by its number.
      """)

  static let examples = [
    Example("pdb undo", "Undo your last change:")
  ]

  @Argument(help: ArgumentHelp("The number that 'pdb log' shows.", valueName: "rev"))
  var revision: UInt64?

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let receipt = try await session.apply(.undo(revision))
      guard let undone = receipt.answer.undone else { return }
      let json: JSON = [
        "status": "undone", "undone": JSON(undone.revision),
        "operation": .string(undone.operation), "count": JSON(undone.count),
        "revision": JSON(receipt.revision),
      ]
      try session.show(json) {
        guard Console.isTerminal(.output) else { return Console.write(cell: "\(undone.revision)") }
        let operation = undone.operation.isEmpty ? "" : " (\(undone.operation))"
        let count = undone.count
        // A setting is no key.
        let keys = count == 0 ? "" : ": \(count) key\(count == 1 ? "" : "s") restored"
        session.say("undid revision \(undone.revision)\(operation)\(keys)")
        session.sayHowToUndo(receipt.revision)
      }
    }
  }
}
