// `pdb manual`: writes the generated files of the sources; for developers of pdb.

import ArgumentParser
import Foundation
import PDBKit

struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Write manual pages, completion scripts and schemas.",
    shouldDisplay: false)

  @Argument(help: "The folder that has 'man', 'completions' and 'docs'.")
  var folder: String

  func run() throws {
    for (name, text) in Manual.files {
      let url = URL(fileURLWithPath: folder).appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url, options: .atomic)
    }
  }
}
