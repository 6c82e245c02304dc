// `pdb task add`

import ArgumentParser
import PDBKit

struct TaskAdd: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add tasks, all or none.")

  static let examples = [
    Example(#"pdb task add "Học Python" "Làm đồ án""#, "Add two tasks as one change:"),
    Example(
      #"pdb task add "Nộp báo cáo" --due fri --tag school --priority high"#,
      "Add a task that is due on Friday:"),
    Example(#"echo "Ôn thi" | pdb task add -"#, "Add a task a line:"),
  ]

  @Argument(help: ArgumentHelp("One title per task; '-' reads one per line.", valueName: "title"))
  var titles: [String]

  @OptionGroup var fields: TaskFieldOptions

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard titles == ["-"] || !titles.contains("-") else {
      throw ValidationError("'-' reads the titles from standard input, and stands alone")
    }
  }

  func step() throws -> TransactionStep {
    guard titles != ["-"] else {
      throw PDBError(.badRequest, "'-' cannot read standard input here", hint: "write the titles")
    }
    return .change(.addTasks(try titles.map { try Title(try Input.text($0)) }, try fields.fields()))
  }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let titles = try titles == ["-"] ? await Input.lines() : titles.map(Input.text)
      let receipt = try await session.apply(
        .addTasks(titles.map(Title.init), fields.fields()))
      let added = receipt.answer.tasks
      let json: JSON = [
        "tasks": .array(added.map(\.json)), "revision": JSON(receipt.revision),
      ]
      try session.show(json) {
        for task in added.map(\.task) {
          TaskOutput.changed("added \(task.number)  \(task.title)", task)
        }
        if looksLikeOneTitle {
          session.say("added \(titles.count) tasks; one title needs quotes")
          session.sayHowToUndo(receipt.revision)
        }
      }
    }
  }

  /// Whether the titles are single words, as one title without quotes would be.
  private var looksLikeOneTitle: Bool {
    titles.count > 1 && !titles.contains { $0.contains(where: \.isWhitespace) }
  }
}
