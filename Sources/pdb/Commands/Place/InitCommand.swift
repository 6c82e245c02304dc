// `pdb init`

import ArgumentParser
import Foundation
import PDBKit

struct InitCommand: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a database in a folder.",
    discussion: """
      The data are in '.pdb', which commands find from that folder and from all below it. No server is \
      needed; 'pdb node start' serves the same files, and lets them grow into a cluster.
      """)

  static let examples = [
    Example("pdb init", "Make a database in this folder:"),
    Example("pdb init ~/notes", "Make one elsewhere:"),
  ]

  @Argument(help: ArgumentHelp("The folder; made if it does not exist.", valueName: "folder"))
  var folder = "."

  @OptionGroup var options: GlobalOptions

  func validate() throws { try options.refusePlace("pdb init FOLDER makes a new place") }

  func run() async throws {
    // The data are for their owner only.
    umask(0o077)
    let (made, isNew) = try DataFolder.make(in: folder)
    if let warning = made.warning, !options.quiet { Console.writeError("warning: \(warning)") }
    if options.json {
      return Console.write(json: [
        "path": .string(made.path), "cluster": JSON(made.cluster?.cluster), "created": .bool(isNew),
      ])
    }
    guard !options.quiet else { return }
    Console.write(
      isNew
        ? "made a database in \(made.path)"
        : "there is a database in \(made.path) already; nothing was changed")
  }
}
