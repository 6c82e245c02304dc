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

  @OptionGroup var past: PastOptions

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      guard let output, output != "-" else {
        return try await export(session) { Console.write(jsonLines: $0) }
      }
      let size = try await OutputFile.write(
        output, "exporting", isQuiet: options.quiet
      ) { write in
        try await export(session, write)
      }
      try session.show(["status": "exported", "file": .string(output), "bytes": JSON(size)]) {
        session.say("wrote \(output)")
      }
    }
  }

  private func export(_ session: Session, _ write: (Bytes) throws -> Void) async throws {
    let store = try await session.store()
    let list = try await store.export(
      prefix: Bytes(try Input.text(prefix).utf8), at: past.moment(session))
    var lines = ExportLines()
    let cluster = try await store.identity().cluster
    try write(lines.begin(cluster: cluster, revision: list.revision, at: .now))
    for try await pairs in list { try write(lines.add(pairs)) }
    try write(lines.end())
  }
}
