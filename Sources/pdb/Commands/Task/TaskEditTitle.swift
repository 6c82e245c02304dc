// `pdb task edit`

import ArgumentParser
import PDBKit

struct TaskEditTitle: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "edit", abstract: "Change a task's title.")

  static let examples = [
    Example(#"pdb task edit 2 "Làm đồ án tốt nghiệp""#, "Change a title:")
  ]

  @Argument(help: ArgumentHelp("Number, or beginning of the id.", valueName: "ref"))
  var reference: String

  @Argument(help: "The new title.")
  var title: String

  @OptionGroup var options: GlobalOptions

  private func change() throws -> Change {
    .editTask(
      try TaskReference(naming: reference), TaskEdit(title: try Input.text(title)), .none)
  }

  func step() throws -> TransactionStep { .change(try change()) }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let receipt = try await session.apply(change())
      for edited in receipt.answer.tasks {
        try session.show(edited.json) { TaskOutput.changed("edited", edited.task) }
      }
    }
  }
}
