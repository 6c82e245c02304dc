// `pdb task`: the group, and how its commands show tasks.

import ArgumentParser
import PDBKit

struct TaskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task", abstract: "Add, list and change tasks.",
    subcommands: [
      TaskAdd.self, TaskLs.self, TaskShow.self, TaskDone.self, TaskReopen.self, TaskEditTitle.self,
      TaskRm.self, TaskClear.self,
    ])
}

/// Prints tasks: a table for people, tab-separated values for programs.
enum TaskOutput {
  /// Tab-separated: number, id, status, time of creation, title.
  static func list(_ tasks: [TaskItem], _ settings: Settings?) async {
    guard Console.isTerminal(.output) else { return tasks.forEach(row) }
    // Only what some task has takes room.
    let parts: [(title: TerminalText, text: (TaskItem) -> String)] = [
      ("DUE", { $0.due?.shown ?? "" }), ("PRIORITY", { $0.priority?.rawValue ?? "" }),
      ("PROJECT", { $0.project ?? "" }), ("TAGS", { $0.tags.joined(separator: " ") }),
    ]
    let used = parts.filter { part in tasks.contains { !part.text($0).isEmpty } }
    var table = Table(
      [.init(title: "NO", isNumber: true), .init(title: "DONE")]
        + used.map { .init(title: $0.title, isOptional: true) }
        + [.init(title: "CREATED", isOptional: true), .init(title: "TITLE")])
    for task in tasks {
      table.add(
        [String(task.number), task.completed ? "✓" : ""] + used.map { $0.text(task) }
          + [LocalTime.text(task.createdAt), task.title])
    }
    var text = table.text(width: Console.columns)
    // A list that is longer than the screen does not show how long it is.
    if tasks.count >= Console.rows {
      text = "\(text)\(Style(for: .output).dim("\(tasks.count) tasks"))\n"
    }
    await Pager.show(text, settings)
  }

  /// What happened to a task: a sentence for people, the task's row for programs.
  static func changed(_ sentence: TerminalText, _ task: TaskItem) {
    if Console.isTerminal(.output) {
      Console.write(sentence)
    } else {
      row(task)
    }
  }

  /// A task for programs.
  static func row(_ task: TaskItem) {
    let cells = [
      String(task.number), task.id, task.completed ? "completed" : "active", task.createdAt,
      task.title,
    ]
    Console.write(row: cells)
  }
}

extension TaskReference {
  /// A task as the user names it.
  init(naming word: String) throws {
    guard !word.isEmpty else {
      throw PDBError(.badRequest, "the number or id of a task cannot be empty")
    }
    self.init(try Input.text(word))
  }
}
