// `pdb config list`

import ArgumentParser
import PDBKit

struct ConfigList: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Print everything that is set.",
    aliases: ["ls"])

  static let examples = [
    Example("pdb config list --show-origin", "Print all settings and where they come from:")
  ]

  @Flag(name: .long, help: "Also print where each setting comes from, and which are overridden.")
  var showOrigin = false

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let settings = try Settings()
    let values =
      showOrigin
      ? settings.values : settings.values.filter { settings[$0.key]!.origin == $0.origin }
    if options.json {
      return Console.write(json: ["settings": .array(values.map(\.json))])
    }
    var table =
      showOrigin
      ? Table(.init(title: "ORIGIN"), .init(title: "SETTING"), .init(title: "VALUE"))
      : Table(.init(title: "SETTING"), .init(title: "VALUE"))
    for value in values {
      table.add(
        showOrigin ? [value.origin, value.key, value.text] : [value.key, value.text])
    }
    table.print()
  }
}
