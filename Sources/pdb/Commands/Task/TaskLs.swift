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
    Example("pdb task ls --overdue --sort due", "What should have been done:"),
    Example("pdb task ls --tag school --sort -priority", "Tasks with a tag, what matters first:"),
    Example("pdb task ls --at @~1", "The tasks as they were before the last change:"),
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
      "Sort by number, title, created, due, priority or project; -due and the like sort descending.",
      valueName: "order"))
  var sort: TaskSorting?

  @Option(name: .long, help: ArgumentHelp("How many at most.", valueName: "count"))
  var limit: Int?

  @OptionGroup var filter: TaskFilterOptions

  @OptionGroup var past: PastOptions

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be more than 0") }
    guard !(filter.overdue && status == .done) else {
      throw ValidationError("a completed task is not overdue: leave out --done or --overdue")
    }
  }

  func run() async throws {
    try await Session.run(options) { session in
      // Sorting comes before cutting, so the store may cut only its own order.
      let query = TaskQuery(
        isCompleted: filter.overdue ? false : isCompleted, words: try searched,
        filter: try filter.filter, limit: sort == nil ? limit : nil)
      let list = try await session.store().tasks(query, at: past.moment(session))
      var tasks = try await list.all()
      if let sort { tasks = sort.sorted(tasks) }
      tasks = Array(tasks.prefix(limit ?? .max))
      let json: JSON = [
        "tasks": .array(tasks.map(\.json)), "revision": JSON(list.revision),
      ]
      guard tasks.isEmpty, Console.isTerminal(.output) else {
        if try session.showAsRequested(json) { return }
        return await TaskOutput.list(tasks.map(\.task), session.settings)
      }
      let others = try await completedMatches(session)
      try session.show(json) { session.say(emptyMessage(others)) }
    }
  }

  private var isCompleted: Bool? {
    switch status {
    case .active: false
    case .done: true
    case .all: nil
    }
  }

  private var searched: String {
    get throws { try words.map(Input.text).joined(separator: " ") }
  }

  /// How many completed tasks the words match, where no active one does.
  private func completedMatches(_ session: Session) async throws -> Int {
    guard !words.isEmpty, status == .active, !session.options.json else { return 0 }
    let query = TaskQuery(isCompleted: true, words: try searched)
    return try await session.store().tasks(query, at: past.moment(session)).all().count
  }

  /// - Parameter completed: how many completed tasks match.
  private func emptyMessage(_ completed: Int) -> TerminalText {
    if !words.isEmpty || !filter.isEmpty {
      switch completed {
      case 0: return "no task matches"
      case 1: return "no task matches, 1 completed does; --all shows them"
      default: return "no task matches, \(completed) completed do; --all shows them"
      }
    }
    switch status {
    case .active: return "no active tasks; 'pdb task ls --all' shows the completed ones too"
    case .done: return "no completed tasks"
    case .all: return "no tasks yet; add one with 'pdb task add TITLE'"
    }
  }
}
