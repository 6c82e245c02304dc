// `pdb config unset`

import ArgumentParser
import PDBKit

struct ConfigUnset: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "unset", abstract: "Forget a setting.",
    discussion: "Exits with 1 if it was not set in that file.")

  static let examples = [
    Example("pdb config unset alias.todo", "Forget an alias:")
  ]

  @Argument(help: ArgumentHelp("As in core.timeout or alias.NAME.", valueName: "setting"))
  var setting: String

  @OptionGroup var target: ConfigTarget
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let key = try ConfigCommand.key(setting)
    guard try target.file().value(key) != nil,
      try ConfigFile.change(target.path, { $0.unset(key) })
    else { throw ConfigCommand.nothingSet(setting, options) }
    if options.json {
      Console.write(json: [
        "setting": .string(key), "unset": true, "origin": .string(target.path),
      ])
    }
  }
}
