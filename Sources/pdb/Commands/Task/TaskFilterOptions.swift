// Which tasks `pdb task ls` shows, by their fields.

import ArgumentParser
import Foundation
import PDBKit

struct TaskFilterOptions: ParsableArguments {
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

  var isEmpty: Bool {
    tag.isEmpty && project == nil && priority == nil && due == nil && !overdue
  }

  /// What a store is asked for; days end where this program runs.
  ///
  /// - Throws: `bad_request` for a date that is none.
  var filter: TaskFilter {
    get throws {
      var limits: [Date] = overdue ? [Date()] : []
      if let due {
        guard let date = DateWords(try Input.text(due), .future) else {
          throw DateWords.unknown(due)
        }
        limits.append(date.end)
      }
      return TaskFilter(
        tags: try tag.flatMap { try Input.text($0).split(separator: ",").map(String.init) },
        project: try project.map(Input.text),
        priority: priority.flatMap(TaskPriority.init), due: limits.min().map(DueLimit.init))
    }
  }
}

extension DueLimit {
  fileprivate init(_ date: Date) {
    self.init(
      Timestamp(date),
      minutesAheadOfUTC: Calendar.userCalendar.timeZone.secondsFromGMT(for: date) / 60)
  }
}
