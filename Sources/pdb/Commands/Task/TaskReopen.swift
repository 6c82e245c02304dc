// `pdb task reopen`

import ArgumentParser
import PDBKit

struct TaskReopen: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "reopen", abstract: "Mark tasks as not completed.")

  static let examples = [
    Example("pdb task reopen 2", "Mark a task as not completed:")
  ]

  @OptionGroup var references: TaskReferences
  @OptionGroup var options: GlobalOptions

  func step() throws -> TransactionStep {
    .change(.editTask(try references.list.one(), TaskEdit(completed: false), .none))
  }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      try await references.list.set(completed: false, session)
    }
  }
}
