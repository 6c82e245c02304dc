// The node that `pdb lab kill|pause|resume` names, and the signal that it gets.

import ArgumentParser
import Foundation
import PDBKit

/// Which node of the lab is meant.
struct LabNode: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Its port, or its place in the folder's only lab, counted from 1.", valueName: "node"))
  var node: Int

  @Option(name: .long, help: ArgumentHelp("The folder of the nodes' files.", valueName: "dir"))
  var dataDir: String = ".pdb"

  /// A command about a node of a lab, as it is typed.
  static func words(_ verb: String, _ port: Int, in folder: String) -> String {
    let place = folder == ".pdb" ? "" : " --data-dir \(folder)"
    return "pdb lab \(verb) \(port)\(place)"
  }

  /// Sends a signal to the node's process and tells what that did.
  ///
  /// - Parameter sentence: what to say of a node by its port, and how to start it again.
  func send(
    _ signal: Int32, _ status: String, _ options: GlobalOptions,
    _ sentence: (_ port: Int, _ restart: String) -> TerminalText
  ) throws {
    try options.refusePlace("the nodes of the lab are those in --data-dir")
    let found = try NodeProcess.find(node, in: dataDir)
    guard kill(found.process, signal) == 0 else {
      throw PDBError(
        .badRequest, "cannot signal node \(found.port): \(String(cString: strerror(errno)))",
        hint: "was it started by another user?")
    }
    if options.json {
      Console.write(json: ["status": .string(status), "port": JSON(found.port)])
    } else if Console.isTerminal(.output) && !options.quiet {
      // One that the lab did not start would not hear of its faults.
      let restart =
        LabControl.exists(in: dataDir)
        ? Self.words("start", found.port, in: dataDir)
        : NodeProcess.restart(found.port, in: dataDir)
      Console.write(sentence(found.port, restart))
    }
  }
}
