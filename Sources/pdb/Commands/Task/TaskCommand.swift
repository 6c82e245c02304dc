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
  static func list(_ tasks: [TaskItem], _ settings: Settings?) {
    guard Console.isTerminal(.output) else { return tasks.forEach(row) }
    var table = Table(
      .init(title: "NO", isNumber: true), .init(title: "DONE"),
      .init(title: "CREATED", isOptional: true), .init(title: "TITLE"))
    for task in tasks {
      table.add(
        String(task.number), task.completed ? "✓" : "", LocalTime.text(task.createdAt),
        task.title)
    }
    var text = table.text(width: Console.columns)
    // A list that is longer than the screen does not show how long it is.
    if tasks.count >= Console.rows {
      text += Style(for: .output).dim("\(tasks.count) tasks") + "\n"
    }
    Pager.show(text, settings)
  }

  /// What happened to a task: a sentence for people, the task's row for programs.
  static func changed(_ verb: String, _ task: TaskItem) {
    if Console.isTerminal(.output) {
      Console.write("\(verb) \(task.number)  \(task.title.escapingControlCharacters)")
    } else {
      row(task)
    }
  }

  private static func row(_ task: TaskItem) {
    let cells = [
      String(task.number), task.id, task.completed ? "completed" : "active", task.createdAt,
      task.title,
    ]
    Console.write(cells.map(\.tabEscaped).joined(separator: "\t"))
  }
}

extension JSON {
  /// The tasks of an answer.
  func tasks() throws -> [TaskItem] {
    try (self["tasks"]?.array ?? []).map { try $0.task() }
  }

  func task() throws -> TaskItem {
    guard let task = TaskItem(json: self) else {
      throw PDBError(.badAnswer, "the node answered with a task that is none", outcome: .unknown)
    }
    return task
  }
}

extension ClientRequest {
  static func task(
    _ method: Method, _ reference: String, body: JSON? = nil
  ) throws -> ClientRequest {
    // An empty reference would name the list of all tasks.
    guard !reference.isEmpty else {
      throw PDBError(.badRequest, "the number or id of a task cannot be empty")
    }
    // Two ids would be steps within a path.
    let path = [".", ".."].contains(reference) ? "/task?id=" : "/tasks/"
    return ClientRequest(method, path + (try Input.text(reference).percentEncoded), body: body)
  }
}
