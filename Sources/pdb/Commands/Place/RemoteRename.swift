// `pdb remote rename`

import ArgumentParser
import PDBKit

struct RemoteRename: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "rename", abstract: "Give a cluster another name.")

  static let examples = [
    Example("pdb remote rename lab school", "Call 'lab' 'school' from now on:")
  ]

  @Argument(help: ArgumentHelp("The name that it has.", valueName: "remote"))
  var name: String

  @Argument(help: ArgumentHelp("The new name.", valueName: "name"))
  var newName: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await ConfigCommand.run(options) {
      let file = try RemoteFile()
      let old = try file.own(name)
      try file.checkFree(newName)
      let new = Remote(
        name: newName, nodes: old.nodes, tokenFile: old.tokenFile, identity: old.identity)
      let isUsed = file.isUsed(name)
      try file.change {
        _ = $0.removeRemote(name)
        $0.write(new)
        if isUsed { $0.set(Setting.remote.rawValue, newName) }
      }
      if options.json { return Console.write(new.json.text) }
      guard !options.quiet, Console.isTerminal(.output) else { return }
      Console.write("renamed remote \(name) to \(newName)")
    }
  }
}
