// `pdb task reopen`

import ArgumentParser

struct TaskReopen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reopen", abstract: "Mark tasks as not completed.")

  @OptionGroup var references: TaskReferences
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      try await references.set(completed: false, verb: "reopened", session)
    }
  }
}
