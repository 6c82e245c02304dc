// `pdb task done`

import ArgumentParser
import PDBKit

struct TaskDone: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "done", abstract: "Mark tasks as completed.")

  @OptionGroup var references: TaskReferences
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      try await references.change(session, verb: "done", body: ["completed": true])
    }
  }
}
