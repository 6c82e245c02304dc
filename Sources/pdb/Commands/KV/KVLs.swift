// `pdb kv ls`

import ArgumentParser
import PDBKit

struct KVLs: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List pairs in the order of their keys.",
    discussion: "Tasks are pairs too, and are left out unless asked for.",
    aliases: ["list"])

  static let examples = [
    Example("pdb kv ls user:", "List the keys that begin with user:")
  ]

  @Argument(help: "Only keys that begin with this.")
  var prefix: String = ""

  @Option(name: .long, help: ArgumentHelp("How many at most.", valueName: "count"))
  var limit: Int?

  @Flag(name: .long, help: "Tasks too, which have keys that begin with task_.")
  var tasks = false

  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be more than 0") }
  }

  func run() async throws {
    try await Session.run(options) { session in
      var path = "/kv?prefix=" + (try Input.text(prefix).percentEncoded)
      if let limit { path += "&limit=\(limit)" }
      if tasks { path += "&tasks=true" }
      let answer = try await session.send(ClientRequest(.get, path))
      try session.show(answer.json) {
        let table = Self.table(answer.json)
        if table.isEmpty { session.say(emptyMessage) } else { table.print() }
      }
    }
  }

  private var emptyMessage: String {
    (prefix.isEmpty ? "no keys" : "no key begins with '\(prefix.escapingControlCharacters)'")
      + (tasks ? "" : "; tasks are left out without --tasks")
  }

  private static func table(_ json: JSON) -> Table {
    var table = Table(
      .init(title: "REV", isNumber: true), .init(title: "KEY"), .init(title: "VALUE"))
    for pair in json["pairs"]?.array ?? [] {
      table.add(
        String(pair["revision"]?.uint64 ?? 0), pair["key"]?.string ?? "(binary)",
        pair["value_b64"] == nil ? pair["value"]?.text ?? "" : "(binary)")
    }
    return table
  }
}
