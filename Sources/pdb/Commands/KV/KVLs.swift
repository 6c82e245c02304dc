// `pdb kv ls`

import ArgumentParser
import PDBKit

struct KVLs: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List pairs in the order of their keys.",
    discussion: "Tasks are pairs too, and are left out unless asked for.",
    aliases: ["list"])

  static let examples = [
    Example("pdb kv ls user:", "List the keys that begin with user:"),
    Example("pdb kv ls --count", "Count the keys:"),
  ]

  @Argument(help: "Only keys that begin with this.")
  var prefix: String = ""

  @Option(name: .long, help: ArgumentHelp("How many at most.", valueName: "count"))
  var limit: Int?

  @Flag(name: .long, help: "Only the keys.")
  var keys = false

  @Flag(name: .long, help: "Only how many there are.")
  var count = false

  @Flag(name: .long, help: "Tasks too, which have keys that begin with task_.")
  var tasks = false

  @OptionGroup var past: PastOptions

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be more than 0") }
    guard !keys || !count else { throw ValidationError("--keys and --count exclude each other") }
  }

  func run() async throws {
    try await Session.run(options) { session in
      let query = PairQuery(
        prefix: Bytes(try Input.text(prefix).utf8), limit: limit, includesTasks: tasks)
      let list = try await session.store().pairs(query, at: past.moment(session))
      let pairs = try await list.all()
      let revision = JSON(list.revision)
      if count {
        return try session.show(["count": JSON(pairs.count), "revision": revision]) {
          Console.write(cell: "\(pairs.count)")
        }
      }
      if keys {
        let names = pairs.map(\.key.jsonName)
        return try session.show(["keys": .array(names), "revision": revision]) {
          for pair in pairs { Console.write(cell: String(decoding: pair.key, as: UTF8.self)) }
        }
      }
      let json: JSON = ["pairs": .array(pairs.map(\.json)), "revision": revision]
      try session.show(json) {
        let table = Self.table(pairs)
        if table.isEmpty { session.say(emptyMessage) } else { table.print() }
      }
    }
  }

  private var emptyMessage: TerminalText {
    if prefix.isEmpty {
      return tasks ? "no keys" : "no keys; tasks are left out without --tasks"
    }
    return tasks
      ? "no key begins with '\(prefix)'"
      : "no key begins with '\(prefix)'; tasks are left out without --tasks"
  }

  static func table(_ pairs: [Pair]) -> Table {
    var table = Table(
      .init(title: "REV", isNumber: true), .init(title: "KEY"), .init(title: "VALUE"))
    for pair in pairs {
      table.add(
        String(pair.revision), String(validating: pair.key, as: UTF8.self) ?? "(binary)",
        (try? JSON(parsing: pair.value))?.text ?? "(binary)")
    }
    return table
  }
}
