// `pdb remote rm`

import ArgumentParser
import PDBKit

struct RemoteRm: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Forget the name of a cluster; the cluster stays as it is.")

  static let examples = [
    Example("pdb remote rm lab", "Forget a name:")
  ]

  @Argument(help: ArgumentHelp("The name.", valueName: "remote"))
  var name: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await ConfigCommand.run(options) {
      let file = try RemoteFile()
      let remote = try file.own(name)
      let isUsed = file.isUsed(name)
      try file.change {
        _ = $0.removeRemote(name)
        if isUsed { _ = $0.unset(Setting.remote.rawValue) }
      }
      if options.json { return Console.write(remote.json.text) }
      guard !options.quiet, Console.isTerminal(.output) else { return }
      Console.write("removed remote \(name)")
      if isUsed { Console.write("commands mean \(try Place.configured(Settings()).name) now") }
    }
  }
}
