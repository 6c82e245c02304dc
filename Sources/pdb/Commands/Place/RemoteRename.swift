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
    let new = try RemoteFile.change { file in
      let old = try file.own(name)
      try file.checkFree(newName)
      var new = old
      new.name = newName
      file.remove(name)
      file.write(new)
      if file.isUsed(name) { file.use(newName) }
      return new
    }
    try RemoteFile.noteSystemRemote(name, options)
    if options.json { return Console.write(json: new.json) }
    guard !options.quiet, Console.isTerminal(.output) else { return }
    Console.write("renamed remote \(name) to \(newName)")
  }
}
