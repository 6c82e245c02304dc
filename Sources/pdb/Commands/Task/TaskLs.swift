// `pdb task ls`

import ArgumentParser
import PDBKit

struct TaskLs: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List tasks, newest first.",
    discussion: "Lists the active tasks unless asked for others.")

  static let examples = [
    Example("pdb task ls hoc", "Find tasks, whatever their case and accents:"),
    Example(
      "pdb task ls --all --sort title --json --fields number,title",
      "All tasks by title, for a program:"),
  ]

  enum Status: String, EnumerableFlag {
    case active, done, all
  }

  enum Key: String, ExpressibleByArgument, CaseIterable {
    case number, title, created
  }

  @Argument(
    help: ArgumentHelp("Words to look for, whatever their case and accents.", valueName: "word"))
  var words: [String] = []

  @Flag(help: "Which tasks.")
  var status: Status = .active

  @Option(name: .long, help: "Sort by number, title or created, ascending.")
  var sort: Key?

  @Option(name: .long, help: ArgumentHelp("How many at most.", valueName: "count"))
  var limit: Int?

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be more than 0") }
  }

  func run() async throws {
    try await Session.run(options) { session in
      var query: [String] = []
      switch status {
      case .active: query.append("status=active")
      case .done: query.append("status=completed")
      case .all: break
      }
      if !words.isEmpty {
        query.append("q=" + (try words.map(Input.text).joined(separator: " ").percentEncoded))
      }
      // Sorting comes before cutting, so the node may cut only its own order.
      if let limit, sort == nil { query.append("limit=\(limit)") }
      let path = "/tasks" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
      let answer = try await session.send(ClientRequest(.get, path))
      let json =
        sort == nil
        ? answer.json
        : [
          "tasks": .array(sorted(answer.json["tasks"]?.array ?? [])),
          "revision": answer.json["revision"] ?? .null,
        ]
      try session.show(json) {
        let tasks = try json.tasks()
        if tasks.isEmpty { session.say(emptyMessage) } else { TaskOutput.list(tasks) }
      }
    }
  }

  /// By what the user asked for, then by number.
  private func sorted(_ tasks: [JSON]) -> [JSON] {
    func number(_ task: JSON) -> UInt64 { task["number"]?.uint64 ?? 0 }
    func text(_ task: JSON) -> String {
      switch sort {
      case .title: task["title"]?.string ?? ""
      case .created: task["created_at"]?.string ?? ""
      case .number, nil: ""
      }
    }
    let sorted = tasks.map { (text($0), number($0), $0) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    return sorted.prefix(limit ?? .max).map(\.2)
  }

  private var emptyMessage: String {
    if !words.isEmpty { return "no task matches" }
    switch status {
    case .active: return "no active tasks; 'pdb task ls --all' shows the completed ones too"
    case .done: return "no completed tasks"
    case .all: return "no tasks yet; add one with 'pdb task add TITLE'"
    }
  }
}
