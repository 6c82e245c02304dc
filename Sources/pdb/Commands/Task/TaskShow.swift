// `pdb task show`

import ArgumentParser
import PDBKit

struct TaskShow: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one task with everything known about it.")

  static let examples = [
    Example("pdb task show 1", "Show a task:")
  ]

  @Argument(help: ArgumentHelp("Number, or beginning of the id.", valueName: "ref"))
  var reference: String

  @OptionGroup var past: PastOptions

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let found = try await session.store().task(
        TaskReference(naming: reference), at: past.moment(session)
      ).value
      try session.show(found.json) { Self.print(found) }
    }
  }

  private static func print(_ found: VersionedTask) {
    let task = found.task
    guard Console.isTerminal(.output) else { return TaskOutput.row(task) }
    let style = Style(for: .output)
    Console.write(style.bold("\(task.title)"))
    Console.write("number    \(task.number)")
    Console.write("id        \(task.id)")
    Console.write(task.completed ? "status    completed" : "status    active")
    Console.write("created   \(LocalTime.text(task.createdAt))")
    if let time = task.completedAt { Console.write("completed \(LocalTime.text(time))") }
    if let due = task.due { Console.write("due       \(due.shown)") }
    if let priority = task.priority { Console.write("priority  \(priority.rawValue)") }
    if !task.tags.isEmpty { Console.write("tags      \(task.tags.joined(separator: " "))") }
    if let project = task.project { Console.write("project   \(project)") }
    Console.write("revision  \(found.revision)")
    if let notes = task.notes { Console.write("\n\(TerminalText(lines: notes))") }
  }
}
