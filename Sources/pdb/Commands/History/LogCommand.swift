// `pdb log`

import ArgumentParser
import PDBKit

struct LogCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Show the changes, newest first.",
    discussion: """
      Every change is a revision: a number that grows by one. With --task a task is found by its \
      number or the beginning of its id even when it is gone.
      """)

  static let examples = [
    Example("pdb log -n 5 --oneline", "The last five changes, a line each:"),
    Example("pdb log --task 1", "What became of a task:"),
  ]

  @Option(name: [.customShort("n"), .customLong("limit")], help: "How many at most.")
  var limit: Int?

  @Flag(name: .long, help: "A line each.")
  var oneline = false

  @Option(name: .long, help: ArgumentHelp("Only changes of this task.", valueName: "ref"))
  var task: String?

  @Option(name: .long, help: "Only changes of this key.")
  var key: String?

  @Option(name: .long, help: ArgumentHelp("Only changes of this author.", valueName: "name"))
  var author: String?

  @Flag(name: [.short, .long], help: "Go on with what comes, oldest first, until Ctrl-C.")
  var follow = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("-n must be more than 0") }
    guard !follow || author == nil else {
      throw ValidationError("--follow and --author exclude each other")
    }
  }

  func run() async throws {
    try await Session.run(options) { session in
      if follow { return try await followChanges(session) }
      let (found, newest) = try await revisions(session)
      let json: JSON = ["revisions": .array(found.map(\.json)), "revision": JSON(newest)]
      if try !session.showAsRequested(json) { await show(found, session) }
    }
  }

  private var filter: HistoryFilter {
    get throws {
      HistoryFilter(
        task: try task.map(Input.text), key: try key.map { Bytes(try Input.text($0).utf8) },
        author: try author.map(Input.text))
    }
  }

  /// As many as wanted, page by page.
  private func revisions(
    _ session: Session
  ) async throws -> (found: [Revision], newest: UInt64) {
    let wanted = limit ?? (Console.isTerminal(.output) && !options.json ? 200 : .max)
    let store = try await session.store()
    var query = HistoryQuery(filter: try filter)
    var found: [Revision] = []
    var newest: UInt64?
    repeat {
      query.limit = min(1000, wanted - found.count)
      let page = try await store.history(query, at: session.moment)
      newest = newest ?? page.revision
      found += page.revisions
      query.before = page.next
    } while query.before != nil && found.count < wanted
    return (found, newest ?? 0)
  }

  private func show(_ revisions: [Revision], _ session: Session) async {
    if revisions.isEmpty { return session.say("no changes") }
    guard Console.isTerminal(.output) else {
      for revision in revisions { row(revision) }
      return
    }
    let style = Style(for: .output)
    let texts = revisions.map { oneline ? "\($0.line(style))\n" : $0.block(style) }
    await Pager.show(TerminalText(texts, separator: ""), session.settings)
  }

  private func row(_ revision: Revision) {
    Console.write(row: revision.cells)
  }

  // MARK: Following

  private func followChanges(_ session: Session) async throws {
    let store = try await session.store()
    var since = try await store.history(HistoryQuery(limit: 0), at: session.moment).revision
    if let limit { since -= min(since, UInt64(limit)) }
    OutputTarget.current?.endWithReader()
    for try await events in try await store.changes(since: since, filter, at: session.moment) {
      for event in events { try tell(event, session) }
    }
  }

  private func tell(_ event: ChangeEvent, _ session: Session) throws {
    switch event {
    case .position: break
    case .reset:
      Console.writeError("some changes are forgotten already and cannot be shown")
    case .change(let revision):
      try session.show(revision.json) {
        if Console.isTerminal(.output) {
          Console.write(revision.line(Style(for: .output)))
        } else {
          row(revision)
        }
      }
    }
  }
}
