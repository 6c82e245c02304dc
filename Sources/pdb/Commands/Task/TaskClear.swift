// `pdb task clear`

import ArgumentParser
import PDBKit

struct TaskClear: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "clear", abstract: "Remove all completed tasks, as one change.")

  static let examples = [
    Example("pdb task clear --yes", "Remove what is completed:")
  ]

  @OptionGroup var options: GlobalOptions

  func step() -> TransactionStep { .change(.removeCompletedTasks) }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let completed = try await session.store().tasks(TaskQuery(isCompleted: true), at: .now)
      let count = try await completed.all().count
      if count > 1 { try await session.confirm("remove \(count) completed tasks") }
      let receipt = try await session.apply(.removeCompletedTasks)
      let removed = receipt.answer.count
      try session.show(["status": "deleted", "count": JSON(removed)]) {
        guard Console.isTerminal(.output) else { return Console.write(cell: "\(removed)") }
        session.say("removed \(removed)")
        if removed > 0 { session.sayHowToUndo(receipt.revision) }
      }
    }
  }
}
