// `pdb task ls`

import ArgumentParser
import PDBKit

struct TaskLs: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List tasks, newest first.",
    discussion: "Lists the active tasks unless asked for others.",
    aliases: ["list"])

  static let examples = [
    Example("pdb task ls hoc", "Find tasks, whatever their case and accents:"),
    Example("pdb task ls --sort -created --limit 5", "The five newest tasks:"),
    Example(
      "pdb task ls --all --sort title --json --fields number,title",
      "All tasks by title, for a program:"),
  ]

  enum Status: String, EnumerableFlag {
    case active, done, all

    static func help(for status: Status) -> ArgumentHelp? {
      switch status {
      case .active: "The active tasks; this is the default."
      case .done: "The completed tasks."
      case .all: "All tasks."
      }
    }
  }

  @Argument(
    help: ArgumentHelp("Words to look for, whatever their case and accents.", valueName: "word"))
  var words: [String] = []

  @Flag
  var status: Status = .active

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Sort by number, title or created; -number, -title and -created sort descending.",
      valueName: "order"))
  var sort: TaskSorting?

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
      if !words.isEmpty { query.append(try Self.query(words)) }
      // Sorting comes before cutting, so the node may cut only its own order.
      if let limit, sort == nil { query.append("limit=\(limit)") }
      let path = "/tasks" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
      let answer = try await session.send(ClientRequest(.get, path))
      var json = answer.json
      if let sort {
        let sorted = sort.sorted(json["tasks"]?.array ?? []).prefix(limit ?? .max)
        json = ["tasks": .array(Array(sorted)), "revision": json["revision"] ?? .null]
      }
      let tasks = try json.tasks()
      guard tasks.isEmpty, Console.isTerminal(.output) else {
        return try session.show(json) { TaskOutput.list(tasks, session.settings) }
      }
      let others = try await completedMatches(session)
      try session.show(json) { session.say(emptyMessage + others) }
    }
  }

  /// How many completed tasks the words match, where no active one does.
  private func completedMatches(_ session: Session) async throws -> String {
    guard !words.isEmpty, status == .active, !session.options.json else { return "" }
    let query = try Self.query(words)
    let answer = try await session.send(ClientRequest(.get, "/tasks?status=completed&\(query)"))
    let count = try answer.json.tasks().count
    guard count > 0 else { return "" }
    return ", \(count) completed \(count == 1 ? "does" : "do"); --all shows them"
  }

  private static func query(_ words: [String]) throws -> String {
    "q=" + (try words.map(Input.text).joined(separator: " ").percentEncoded)
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
