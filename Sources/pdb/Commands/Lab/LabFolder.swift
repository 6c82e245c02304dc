// The lab that `pdb lab cut|heal|start|slow|fill|flip|skew` asks for something.

import ArgumentParser
import PDBKit

/// Which lab is meant.
struct LabFolder: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The folder of the nodes' files.", valueName: "dir"))
  var dataDir: String = ".pdb"

  /// Asks the lab, and prints what that did.
  func ask(
    _ verb: String, _ body: JSON, _ words: TerminalText, _ options: GlobalOptions
  ) async throws {
    try options.refusePlace("the nodes of the lab are those in --data-dir")
    let report = try await LabControl.find(in: dataDir).ask(verb, body)
    if options.json {
      Console.write(json: report)
    } else if Console.isTerminal(.output) && !options.quiet {
      Console.write(words)
    }
  }
}

/// Which node of the lab is meant.
struct LabTarget: ParsableArguments {
  @Argument(
    help: ArgumentHelp("Its port, or its place in the lab, counted from 1.", valueName: "node"))
  var node: Int

  @OptionGroup var lab: LabFolder

  /// Asks the lab for something about the node, and prints what that did.
  func ask(
    _ verb: String, _ body: JSON, _ words: TerminalText, _ options: GlobalOptions
  ) async throws {
    let members = [JSON.Member("node", JSON(node))] + (body.members ?? [])
    try await lab.ask(verb, .object(members), words, options)
  }
}
