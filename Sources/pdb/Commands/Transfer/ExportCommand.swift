// `pdb export`

import ArgumentParser
import PDBKit

struct ExportCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write all pairs, tasks among them, as JSON lines.",
    discussion: """
      All lines are of one revision, while changes go on. The first line says which, the last how \
      many there were. 'pdb import' reads it. History is not in it: see 'pdb backup'.
      """)

  static let examples = [
    Example("pdb export -o all.ndjson", "Write everything into a file:")
  ]

  @Option(name: .shortAndLong, help: "Where to write, instead of stdout.")
  var output: String?

  @Option(name: .long, help: "Only keys that begin with this.")
  var prefix: String = ""

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      var query = options.stale ? ["consistency=stale"] : []
      if !prefix.isEmpty { query.append("prefix=" + (try Input.text(prefix).percentEncoded)) }
      let path = "/export" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
      guard let output, output != "-" else {
        return try await session.download(path) { Console.write($0) }
      }
      let size = try await OutputFile.write(output, session, path, "exporting")
      try session.show(["status": "exported", "file": .string(output), "bytes": JSON(size)]) {
        session.say("wrote \(output)")
      }
    }
  }
}
