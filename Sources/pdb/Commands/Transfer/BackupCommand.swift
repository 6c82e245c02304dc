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
    guard file != "-" || !Console.isScreen else {
      throw ValidationError("a backup is no text: '-' wants a pipe or a file, not a terminal")
    }
    try await Session.run(options) { session in
      let backup = try await session.store().backup(at: session.moment)
      let size = try await OutputFile.write(file, "copying", isQuiet: options.quiet) { write in
        for try await bytes in backup { try write(bytes) }
      }
      // The copy itself is what stdout gets.
      if file == "-" { return }
      try session.show(["status": "copied", "file": .string(file), "bytes": JSON(size)]) {
        session.say("wrote \(file)")
        session.say("to restore it:  pdb restore \(file) --data-dir DIR")
      }
    }
  }
}
