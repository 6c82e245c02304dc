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
