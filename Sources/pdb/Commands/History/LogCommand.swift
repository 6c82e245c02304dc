// `pdb log`

import ArgumentParser
import PDBKit

struct LogCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Show the changes, newest first.",
    discussion: """
      Every change is a revision: a number that grows by one. With A..B only those after revision A, up to \
      B; with a prefix only changes of keys that begin with it. With --task a task is found by its number \
      or the beginning of its id even when it is gone.
      """)

  static let examples = [
    Example("pdb log -n 5 --oneline", "The last five changes, a line each:"),
    Example("pdb log --task 1", "What became of a task:"),
    Example("pdb log user: -p", "The changes of some keys, with the values:"),
    Example("pdb log @~3.. --since '1 hour ago'", "The last three changes, if they are new:"),
  ]

  @Argument(
    help: ArgumentHelp(
      "A..B, or B for all up to it, and the beginning of the keys that are meant.",
      valueName: "range|prefix"))
  var words: [String] = []

  @Option(
    name: [.customShort("n", allowingJoined: true), .customLong("limit")], help: "How many at most."
  )
  var limit: Int?

  @Flag(name: .long, help: "A line each.")
  var oneline = false

  @Flag(name: .shortAndLong, help: "With the values before and after.")
  var patch = false

  @Option(
    name: .customShort("S", allowingJoined: true),
    help: ArgumentHelp(
      "Only changes after which a text occurs in a value more often, or less.", valueName: "text"))
  var contains: String?

  @Option(name: .long, help: ArgumentHelp("Only changes of this task.", valueName: "ref"))
  var task: String?

  @Option(name: .long, help: "Only changes of this key.")
  var key: String?

  @Option(name: .long, help: ArgumentHelp("Only changes of this author.", valueName: "name"))
  var author: String?

  @Option(
    name: .long, help: ArgumentHelp("Only changes of this time and later.", valueName: "time"))
  var since: String?

  @Option(
    name: .long, help: ArgumentHelp("Only changes of this time and earlier.", valueName: "time"))
  var until: String?

  @Flag(
    name: [.customShort("f"), .long], help: "Go on with what comes, oldest first, until Ctrl-C.")
  var follow = false

  @OptionGroup var past: PastOptions

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("-n must be more than 0") }
    let isPast = range != nil || since != nil || until != nil || past.at != nil
    guard !follow || author == nil && !isPast else {
      throw ValidationError(
        "--follow excludes --author, --since, --until, --at and a range of revisions")
    }
    guard range == nil || past.at == nil else {
      throw ValidationError("a range and --at exclude each other")
    }
    guard words.count <= 2 else {
      throw ValidationError("one range and one beginning of keys are enough")
    }
    guard contains != "" else { throw ValidationError("-S wants a text") }
  }

  /// What names revisions whatever tags there are.
  private var range: String? { words.first(where: HistoryWords.isClear) }

  func run() async throws {
    try await Session.run(options) { session in
      let words = try await HistoryWords(words, most: follow ? 0 : 1, session)
      let filter = try filter(words.prefix)
      if follow { return try await followChanges(filter, session) }
      let (found, newest) = try await revisions(words.revisions.first, filter, session)
      let json: JSON = ["revisions": .array(found.map(\.json)), "revision": JSON(newest)]
      if try !session.showAsRequested(json) { await show(found, session) }
    }
  }

  private func filter(_ prefix: String?) throws -> HistoryFilter {
    HistoryFilter(
      task: try task.map(Input.text), key: try key.map { Bytes(try Input.text($0).utf8) },
      prefix: try prefix.map { Bytes(try Input.text($0).utf8) },
      author: try author.map(Input.text), text: try contains.map(Input.text),
      since: try since.map { Timestamp(try Self.date($0).beginning) },
      until: try until.map { Timestamp(try Self.date($0).end) })
  }

  private static func date(_ text: String) throws -> DateWords {
    guard let date = DateWords(try Input.text(text), .past) else { throw DateWords.unknown(text) }
    return date
  }

  /// As many as wanted, page by page.
  private func revisions(
    _ range: String?, _ filter: HistoryFilter, _ session: Session
  ) async throws -> (found: [Revision], newest: UInt64) {
    let wanted = limit ?? (Console.isTerminal(.output) && !options.json ? 200 : .max)
    let store = try await session.store()
    let range = try range.map { text in
      RevisionRange.isRange(text)
        ? try RevisionRange(text) : RevisionRange(nil, try RevisionName(words: text))
    }
    let moment = try range.map { Moment.past($0.to) } ?? past.moment(session)
    var first: UInt64 = 0
    if let from = range?.from { first = try await session.number(of: from) }
    var query = HistoryQuery(filter: filter)
    var found: [Revision] = []
    var newest: UInt64?
    repeat {
      query.limit = min(1000, wanted - found.count)
      let page = try await store.history(query, at: moment)
      newest = newest ?? page.revision
      found += page.revisions.prefix { $0.number > first }
      query.before = page.next
    } while query.before.map { $0 > first + 1 } ?? false && found.count < wanted
    return (found, newest ?? 0)
  }

  private func show(_ revisions: [Revision], _ session: Session) async {
    if revisions.isEmpty { return session.say("no changes") }
    guard Console.isTerminal(.output) else {
      for revision in revisions {
        row(revision)
        if patch { for change in revision.changes { Console.write(row: [""] + change.cells) } }
      }
      return
    }
    let style = Style(for: .output)
    let texts = revisions.map { revision in
      if patch { return revision.patch(style) }
      return oneline ? "\(revision.line(style))\n" : revision.block(style)
    }
    await Pager.show(TerminalText(texts, separator: ""), session.settings)
  }

  private func row(_ revision: Revision) {
    Console.write(row: revision.cells)
  }

  // MARK: Following

  private func followChanges(_ filter: HistoryFilter, _ session: Session) async throws {
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
