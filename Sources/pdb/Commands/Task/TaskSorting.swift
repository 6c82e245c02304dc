// `pdb task ls --sort`: by what, and in which direction.

import ArgumentParser
import Foundation
import PDBKit

struct TaskSorting: ExpressibleByArgument {
  enum Key: String, CaseIterable {
    case number, title, created, due, priority, project
  }

  let key: Key
  let isDescending: Bool

  init?(argument: String) {
    isDescending = argument.hasPrefix("-")
    guard let key = Key(rawValue: String(argument.drop { $0 == "-" })) else { return nil }
    self.key = key
  }

  private static func rank(_ priority: TaskPriority?) -> String {
    priority.flatMap { TaskPriority.allCases.firstIndex(of: $0) }.map { String($0 + 1) } ?? "0"
  }

  static var allValueStrings: [String] {
    Key.allCases.map(\.rawValue) + Key.allCases.map { "-\($0.rawValue)" }
  }

  /// Tasks in this order; those that are equal by number.
  func sorted(_ tasks: [VersionedTask]) -> [VersionedTask] {
    func text(_ task: TaskItem) -> CollationKey {
      switch key {
      case .title: CollationKey(task.title)
      case .created: CollationKey(task.createdAt)
      case .number: CollationKey("")
      // What has none comes last.
      case .due:
        CollationKey(
          task.due?.end.map { String(format: "%015.0f", $0.timeIntervalSince1970) } ?? "~")
      case .priority: CollationKey(Self.rank(task.priority))
      case .project: CollationKey(task.project ?? "~")
      }
    }
    let sorted = tasks.map { (text($0.task), $0.task.number, $0) }.sorted {
      ($0.0, $0.1) < ($1.0, $1.1)
    }
    return (isDescending ? sorted.reversed() : sorted).map(\.2)
  }
}
