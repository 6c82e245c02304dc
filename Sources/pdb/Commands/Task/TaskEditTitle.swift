// `pdb task edit`

import ArgumentParser
import PDBKit

struct TaskEditTitle: AsyncParsableCommand, ChangesCluster, HasExamples {
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

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let answer = try await session.send(
        try .task(.put, reference, body: ["title": .string(try Input.text(title))]))
      try session.show(answer.json) { TaskOutput.changed("edited", try answer.json.task()) }
    }
  }
}
