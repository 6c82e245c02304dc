// `pdb cluster set`

import ArgumentParser
import PDBKit

struct ClusterSet: AsyncParsableCommand, ChangesCluster, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Change a setting that all members share.",
    discussion: """
      It is a change like any other: 'pdb log' shows it, 'pdb undo' takes it back. What it limits is \
      forgotten bit by bit, with the changes that follow.
      """)

  static let examples = [
    Example("pdb cluster set history.keep 30d", "Keep the history of a month:"),
    Example("pdb cluster set history.bytes 1G", "Let the history have more bytes:"),
  ]

  @Argument(help: PDBKit.Setting.help)
  var name: String

  @Argument(help: "30d, 12h or forever; 10000; 256M: see pdb-cluster(1).")
  var value: String

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await Session.run(options) { session in
      session.willChange()
      let setting = try PDBKit.Setting(named: name)
      try await session.change(setting, to: try setting.canonical(value))
    }
  }
}

extension PDBKit.Setting {
  /// About the argument that names one.
  static var help: ArgumentHelp {
    ArgumentHelp("One of \(allCases.map(\.name).joined(separator: ", ")).", valueName: "setting")
  }
}

extension Session {
  /// Changes a setting of the cluster, and tells what holds now.
  func change(_ setting: PDBKit.Setting, to value: String?) async throws {
    let receipt = try await apply(.setSetting(setting, value: value))
    var settings = PDBKit.Settings()
    try settings.set(setting, to: value)
    let json = JSON.object(
      (settings.json(of: setting).members ?? []) + [.init("revision", JSON(receipt.revision))])
    try show(json) {
      guard Console.isTerminal(.output) else {
        return Console.write(row: [setting.name, settings[setting]])
      }
      let value = settings[setting]
      say(
        settings.isDefault(setting)
          ? "\(setting.name) is \(value), the default" : "\(setting.name) is \(value)")
      if receipt.answer.count > 0 { sayHowToUndo(receipt.revision) }
    }
  }
}
