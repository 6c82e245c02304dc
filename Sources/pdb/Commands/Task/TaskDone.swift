// `pdb task done`

import ArgumentParser
import PDBKit

struct TaskDone: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "done", abstract: "Mark tasks as completed.")

  static let examples = [
    Example("pdb task done 1 2", "Mark tasks as completed:")
  ]

  @OptionGroup var references: TaskReferences
  @OptionGroup var options: GlobalOptions

  func step() throws -> TransactionStep {
    .change(.editTask(try references.one(), TaskEdit(completed: true), .none))
  }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      try await references.set(completed: true, verb: "done", session)
    }
  }
}
