// `pdb cluster settings`

import ArgumentParser
import PDBKit

struct ClusterSettings: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "settings", abstract: "Show the settings that all members share.")

  static let examples = [
    Example("pdb cluster settings", "Show how long the history is kept:")
  ]

  @OptionGroup var past: PastOptions

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      let read = try await session.store().settings(at: past.moment(session))
      let json = JSON.object(
        (read.value.json.members ?? []) + [.init("revision", JSON(read.revision))])
      try session.show(json) { Self.table(read.value).print() }
    }
  }

  private static func table(_ settings: PDBKit.Settings) -> Table {
    var table = Table(
      .init(title: "NAME", keepsFirstWord: true), .init(title: "VALUE", keepsFirstWord: true),
      .init(title: "DEFAULT"))
    for setting in PDBKit.Setting.allCases {
      table.add(setting.name, settings[setting], setting.defaultValue)
    }
    return table
  }
}
