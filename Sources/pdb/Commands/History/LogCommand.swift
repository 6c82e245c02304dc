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
      let revisions = try await revisions(session)
      try session.show(
        ["revisions": .array(revisions.found), "revision": revisions.newest]
      ) {
        show(revisions.found.map(ShownRevision.init), session)
      }
    }
  }

  private var query: [String] {
    get throws {
      var query: [String] = []
      if let task { query.append("task=" + (try Input.text(task).percentEncoded)) }
      if let key { query.append("key=" + (try Input.text(key).percentEncoded)) }
      if let author { query.append("author=" + (try Input.text(author).percentEncoded)) }
      return query
    }
  }

  /// As many as wanted, page by page.
  private func revisions(_ session: Session) async throws -> (found: [JSON], newest: JSON) {
    let wanted = limit ?? (Console.isTerminal(.output) && !options.json ? 200 : .max)
    var found: [JSON] = []
    var before: UInt64?
    var newest: JSON = .null
    repeat {
      var query = try query + ["limit=\(min(1000, wanted - found.count))"]
      if let before { query.append("before=\(before)") }
      let answer = try await session.send(
        ClientRequest(.get, "/log?" + query.joined(separator: "&"))
      ).json
      if newest.isNull { newest = answer["revision"] ?? .null }
      found += answer["revisions"]?.array ?? []
      before = answer["next"]?.uint64
    } while before != nil && found.count < wanted
    return (found, newest)
  }

  private func show(_ revisions: [ShownRevision], _ session: Session) {
    if revisions.isEmpty { return session.say("no changes") }
    guard Console.isTerminal(.output) else {
      for revision in revisions { row(revision) }
      return
    }
    let style = Style(for: .output)
    let text = revisions.map { oneline ? $0.line(style) + "\n" : $0.block(style) }.joined()
    Pager.show(text, session.settings)
  }

  private func row(_ revision: ShownRevision) {
    Console.write(revision.cells.map(\.tabEscaped).joined(separator: "\t"))
  }

  // MARK: Following

  private func followChanges(_ session: Session) async throws {
    let answer = try await session.send(ClientRequest(.get, "/log?limit=0")).json
    var since = answer["revision"]?.uint64 ?? 0
    if let limit { since -= min(since, UInt64(limit)) }
    OutputTarget.current?.endWithReader()
    let style = Style(for: .output)
    try await session.listen(since: since, query: query.joined(separator: "&")) { event in
      guard event.name == "change", let json = try? JSON(parsing: event.data.utf8) else {
        Console.writeError("some changes are forgotten already and cannot be shown")
        return true
      }
      let revision = ShownRevision(json: json)
      try session.show(json) {
        if Console.isTerminal(.output) {
          Console.write(revision.line(style))
        } else {
          row(revision)
        }
      }
      return true
    }
  }
}
