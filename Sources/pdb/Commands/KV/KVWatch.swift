// `pdb kv watch`

import ArgumentParser
import PDBKit

struct KVWatch: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Print changes of keys as they happen, until Ctrl-C.",
    discussion: """
      In a pipe a JSON object a line: revision, key, value (null when the key was removed), \
      before, time, author, operation. It goes on with another node when one dies, and misses or \
      repeats nothing. What is older than the history gives an object with "reset": read the \
      keys anew then.
      """)

  static let examples = [
    Example(
      "pdb kv watch user: --since 0 --limit 1",
      "Print the first change of a key that begins with user:")
  ]

  @Argument(help: "Only keys that begin with this.")
  var prefix: String = ""

  @Option(
    name: .long, help: ArgumentHelp("Begin after this revision, not now.", valueName: "rev"))
  var since: UInt64?

  @Option(
    name: .long, help: ArgumentHelp("End after so many changes.", valueName: "count"))
  var limit: Int?

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be more than 0") }
  }

  func run() async throws {
    try await Session.run(options) { session in
      let filter = HistoryFilter(prefix: prefix.isEmpty ? nil : try Bytes(key: prefix))
      let changes = try await session.store().changes(since: since, filter, at: session.moment)
      if Console.isTerminal(.output), !options.quiet {
        Console.writeError(
          Style(for: .error).dim(
            prefix.isEmpty
              ? "waiting for changes; Ctrl-C ends"
              : "waiting for changes of keys that begin with '\(prefix)'; Ctrl-C ends"))
      }
      OutputTarget.current?.endWithReader()
      var rest = limit ?? .max
      for try await events in changes {
        for line in events.flatMap(Self.lines) where rest > 0 {
          try tell(line, session)
          rest -= 1
        }
        if rest == 0 { return }
      }
    }
  }

  private static func lines(_ event: ChangeEvent) -> [JSON] {
    switch event {
    case .position: []
    case .reset(let revision, _): [["reset": .bool(true), "revision": JSON(revision)]]
    case .change(let revision):
      revision.changes.map { change in
        let shown = change.json
        var members: [JSON.Member] = [
          .init("revision", JSON(revision.number)), .init("key", shown["key"] ?? .null),
        ]
        if let encoded = shown["key_b64"] { members.append(.init("key_b64", encoded)) }
        return .object(
          members + [
            .init("value", shown["after"] ?? .null), .init("before", shown["before"] ?? .null),
            .init("time", .string(revision.time.description)),
            .init("author", .string(revision.author)),
            .init("operation", .string(revision.operation)),
          ])
      }
    }
  }

  private func tell(_ line: JSON, _ session: Session) throws {
    guard Console.isTerminal(.output), !options.json, options.fields == nil else {
      return try session.show(line) { Console.write(json: line) }
    }
    let style = Style(for: .output)
    let revision = style.yellow("\(line["revision"]?.text ?? "?")")
    guard line["reset"] == nil else {
      return Console.write("\(revision)  older changes are forgotten; read the keys anew")
    }
    let key = line["key"]?.string ?? "(binary)"
    let value = line["value"] ?? .null
    Console.write(
      value.isNull
        ? "\(revision)  \(key)  \(style.red("removed"))"
        : "\(revision)  \(key) = \(value.string ?? value.text)")
  }
}
