// Which tasks `pdb task ls` shows, by their fields.

import ArgumentParser
import Foundation
import PDBKit

struct TaskFilter: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("Only tasks with this tag; may be repeated.", valueName: "tag"))
  var tag: [String] = []

  @Option(name: .long, help: ArgumentHelp("Only tasks of this project.", valueName: "name"))
  var project: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Only tasks of this priority: high, medium or low.", valueName: "priority"))
  var priority: String?

  @Option(
    name: .long, help: ArgumentHelp("Only tasks that are due by then.", valueName: "date"))
  var due: String?

  @Flag(name: .long, help: "Only active tasks whose date is over.")
  var overdue = false

  func validate() throws {
    if let priority, TaskPriority(rawValue: priority) == nil {
      throw ValidationError("--priority is high, medium or low")
    }
  }

  /// Whether it lets everything through.
  var isEmpty: Bool {
    tag.isEmpty && project == nil && priority == nil && due == nil && !overdue
  }

  /// The tasks that are wanted.
  func matches(_ tasks: [VersionedTask], now: Date = Date()) throws -> [VersionedTask] {
    guard !isEmpty else { return tasks }
    let last = try due.map { text in
      guard let date = DateWords(try Input.text(text), .future) else {
        throw DateWords.unknown(text)
      }
      return date.end
    }
    let (tags, project) = (try tag.map(Input.text), try project.map(Input.text))
    return tasks.filter { versioned in
      let task = versioned.task
      if !tags.allSatisfy(task.tags.contains) { return false }
      if let project, task.project != project { return false }
      if let priority, task.priority?.rawValue != priority { return false }
      let end = task.due?.end
      if let last { guard let end, end <= last else { return false } }
      if overdue { guard !task.completed, let end, end < now else { return false } }
      return true
    }
  }
}
