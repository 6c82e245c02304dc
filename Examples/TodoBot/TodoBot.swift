// A bot that watches the list: whoever adds a task with a "?" is asked for a due date, and what is done
// is praised. It goes on after the last change it saw, also when the node that it heard dies.
//
//   swift run example-todobot 127.0.0.1:4000

import PDBClient
import PDBModel
import PDBStore

@main
struct TodoBot {
  static let name = "todo-bot"

  static func main() async throws {
    let nodes = Array(CommandLine.arguments.dropFirst())
    try await PDB.connect(to: nodes.isEmpty ? ["127.0.0.1:4000"] : nodes, author: name) { db in
      let last = try await db.get("bot:last", as: UInt64.self)
      for try await change in db.tasks.changes(since: last) where change.author != name {
        if let answer = try answer(to: change) {
          try await db.append([answer], to: "bot:said")
          print(answer)
        }
        try await db.set("bot:last", to: change.revision)
      }
    }
  }

  private static func answer(to change: KeyEvent) throws -> String? {
    guard let task = try change.value(as: Task.self) else { return nil }
    if task.completed { return "well done, \(change.author): \(task.title)" }
    if task.title.hasSuffix("?") { return "until when, \(change.author)? \(task.title)" }
    return nil
  }

  /// What the bot wants to know of a task.
  struct Task: Decodable {
    let title: String
    let completed: Bool
  }
}
