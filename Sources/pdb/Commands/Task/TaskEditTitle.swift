// `pdb task edit`

import ArgumentParser
import Foundation
import PDBKit

struct TaskEditTitle: AsyncParsableCommand, ChangesCluster, TransactionVerb, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "edit", abstract: "Change a task: its title, its date, its tags and more.",
    discussion: """
      Without anything to change the task is opened in your editor (VISUAL or EDITOR), a field a line. --tag \
      replaces all tags.
      """)

  static let examples = [
    Example(#"pdb task edit 2 "Làm đồ án tốt nghiệp""#, "Change a title:"),
    Example("pdb task edit 2 --due tomorrow --tag thesis", "Change until when it is to be done:"),
  ]

  @Argument(help: ArgumentHelp("Number, or beginning of the id.", valueName: "ref"))
  var reference: String

  @Argument(help: "The new title.")
  var title: String?

  @OptionGroup var fields: TaskFieldOptions

  @OptionGroup var options: GlobalOptions

  private func edit() throws -> TaskEdit {
    TaskEdit(title: try title.map(Input.text), fields: try fields.fields())
  }

  func step() throws -> TransactionStep {
    .change(.editTask(try TaskReference(naming: reference), try edit(), .none))
  }

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let (edit, reference) = (try edit(), try TaskReference(naming: reference))
      guard edit == TaskEdit() else { return try await change(reference, edit, .none, session) }
      let found = try await session.store().task(reference, at: .now).value
      let isChanged = try await Editor.edit(TaskText(found.task).text, ending: "txt") { text in
        try await change(
          reference, TaskText(parsing: text).edit, .revision(found.revision), session)
      }
      if !isChanged { session.say("nothing changed") }
    }
  }

  private func change(
    _ reference: TaskReference, _ edit: TaskEdit, _ condition: Condition, _ session: Session
  ) async throws {
    let receipt = try await session.apply(.editTask(reference, edit, condition))
    for edited in receipt.answer.tasks {
      let task = edited.task
      try session.show(edited.json) {
        TaskOutput.changed("edited \(task.number)  \(task.title)", task)
      }
    }
  }
}

/// A task as its editor shows it: `name: value`, a line each, then the notes.
struct TaskText {
  private(set) var edit = TaskEdit()
  let text: String

  init(_ task: TaskItem) {
    text = """
      title: \(task.title)
      due: \(task.due?.description ?? "")
      priority: \(task.priority?.rawValue ?? "")
      tags: \(task.tags.joined(separator: " "))
      project: \(task.project ?? "")

      \(task.notes ?? "")

      """
  }

  /// - Throws: `bad_request` for a line that is none.
  init(parsing text: String) throws {
    self.text = text
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw PDBError(.badRequest, "nothing was written, so nothing is changed")
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let line = lines.popFirst(), !line.allSatisfy(\.isWhitespace) {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw Self.unknown(line) }
      let value = parts[1].trimmingCharacters(in: .whitespaces)
      switch parts[0].trimmingCharacters(in: .whitespaces) {
      case "title": edit.title = value
      case "due":
        edit.fields[.due] = value.isEmpty ? .null : .string(try DueDate(words: value).description)
      case "priority": edit.fields[.priority] = value.isEmpty ? .null : .string(value)
      case "tags":
        edit.fields[.tags] = .array(value.split(separator: " ").map { .string(String($0)) })
      case "project": edit.fields[.project] = value.isEmpty ? .null : .string(value)
      default: throw Self.unknown(line)
      }
    }
    // Without a blank line nothing is said of the notes.
    guard lines.startIndex < lines.endIndex else { return }
    let notes = lines.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    edit.fields[.notes] = notes.isEmpty ? .null : .string(notes)
  }

  private static func unknown(_ line: Substring) -> PDBError {
    PDBError(
      .badRequest, "'\(line)' means nothing here",
      hint: "title, due, priority, tags and project stand in lines of their own, then the notes")
  }
}
