// `pdb config set`

import ArgumentParser
import PDBKit

struct ConfigSet: AsyncParsableCommand, HasExamples {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Change a setting, or make an alias.",
    discussion: """
      An alias stands for the words that follow it: after 'pdb config set alias.todo "task ls \
      --active"', 'pdb todo' lists tasks. One that begins with ! runs a command of the system's \
      shell; only your own file may have those.
      """)

  static let examples = [
    Example("pdb config set core.timeout 5", "Change a setting:"),
    Example(#"pdb config set alias.todo "task ls --active""#, "Make an alias:"),
  ]

  @Argument(help: ArgumentHelp("As in core.timeout or alias.NAME.", valueName: "setting"))
  var setting: String

  @Argument(help: "The value.")
  var value: String

  @OptionGroup var target: ConfigTarget
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let key = try ConfigCommand.key(setting)
    try Setting(rawValue: key)?.check(value)
    if key.hasPrefix(Remote.settingPrefix), key.hasSuffix(".nodes") {
      let section = ConfigFile.parts(key).section
      try Remote.check(name: String(section.dropFirst(Remote.settingPrefix.count)))
      _ = try Setting.addresses(value)
    }
    try check(key)
    let text = try Input.text(value)
    try ConfigFile.change(target.path) { $0.set(key, text) }
    if options.json {
      Console.write(json: [
        "setting": .string(key), "value": .string(value), "origin": .string(target.path),
      ])
    }
  }

  private func check(_ key: String) throws {
    let isSensitive =
      Setting(rawValue: key)?.isSensitive
      ?? (Remote.isSetting(key) || !Settings.isHarmless(value))
    if target.folder && isSensitive {
      throw PDBError(
        .badRequest, "'\(key)' cannot be set for a folder, which may come from another person",
        hint: "set it in your own file: leave --folder out")
    }
    let name = ConfigFile.parts(key).name
    if key.hasPrefix("alias."), CommandTree.root.child(name) != nil {
      throw PDBError(
        .badRequest, "'\(name)' is a command; an alias cannot take its place",
        hint: "choose another name")
    }
  }
}
