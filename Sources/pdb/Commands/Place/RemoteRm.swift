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
    let (remote, wasUsed) = try RemoteFile.change { file in
      let (remote, isUsed) = (try file.own(name), file.isUsed(name))
      file.remove(name)
      if isUsed { file.useNone() }
      return (remote, isUsed)
    }
    try RemoteFile.noteSystemRemote(name, options)
    if options.json { return Console.write(json: remote.json) }
    guard !options.quiet, Console.isTerminal(.output) else { return }
    Console.write("removed remote \(name)")
    if wasUsed { Console.write("commands mean \(try Place.configured(Settings()).name) now") }
  }
}
