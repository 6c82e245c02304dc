// `pdb config get`

import ArgumentParser
import PDBKit

struct ConfigGet: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print what is set.", discussion: "Exits with 1 if nothing is.")

  static let examples = [
    Example("pdb config get core.timeout", "Print a setting:")
  ]

  @Argument(help: ArgumentHelp("As in core.timeout or alias.NAME.", valueName: "setting"))
  var setting: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    guard let value = try Settings()[ConfigCommand.key(setting)] else {
      throw ConfigCommand.nothingSet(setting, options)
    }
    if options.json {
      Console.write(json: value.json)
    } else {
      Console.write(cell: value.text)
    }
  }
}

extension Settings.Value {
  var json: JSON {
    [
      "setting": .string(key), "value": .string(text), "scope": .string(scope.rawValue),
      "origin": .string(origin),
    ]
  }
}
