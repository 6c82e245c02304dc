// `pdb backup`

import ArgumentParser
import PDBKit

struct BackupCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy everything, history included, into a file.",
    discussion: """
      The copy is of one revision, while changes go on; the file appears when it is complete. \
      'pdb restore' makes a new cluster of it.
      """)

  static let examples = [
    Example("pdb backup pdb.backup", "Copy everything, history included:")
  ]

  @Argument(help: "The file to write.")
  var file: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let path = "/backup" + (options.stale ? "?consistency=stale" : "")
      let size = try await OutputFile.write(file, session, path, "copying")
      // The copy itself is what stdout gets.
      if file == "-" { return }
      try session.show(["status": "copied", "file": .string(file), "bytes": JSON(size)]) {
        session.say("wrote \(file)")
        session.say("to restore it:  pdb restore \(file) --data-dir DIR")
      }
    }
  }
}
