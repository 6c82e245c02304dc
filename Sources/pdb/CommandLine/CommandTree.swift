// The commands as data: what overview, help, completion, manual and suggestions are made of.

import ArgumentParser
import PDBKit

/// A command or a group of commands.
struct CommandTree {
  let name: String
  /// The words that call it, without `pdb`.
  let path: [String]
  let type: any ParsableCommand.Type
  let children: [CommandTree]

  private init(_ type: any ParsableCommand.Type, below parent: [String]?) {
    self.type = type
    name = type.configuration.commandName ?? String(describing: type).lowercased()
    let path = parent.map { [name] in $0 + [name] } ?? []
    self.path = path
    children = type.configuration.subcommands.filter { $0.configuration.shouldDisplay }
      .map { CommandTree($0, below: path) }
  }

  static var root: CommandTree { CommandTree(PDB.self, below: nil) }

  /// In the user's language, as everything that is told of a command.
  var abstract: String { type.configuration.abstract.translated }
  var discussion: String { type.configuration.discussion.translated }
  var isGroup: Bool { !children.isEmpty }

  /// Other words for it.
  var aliases: [String] { type.configuration.aliases }

  func child(_ name: some StringProtocol) -> CommandTree? {
    children.first { $0.name == name || $0.aliases.contains { $0 == name } }
  }

  /// Whether a word is a command, be it one that is not shown.
  func knows(_ word: String) -> Bool {
    type.configuration.subcommands.contains { $0.configuration.commandName == word }
  }

  /// The command that words lead to, and the words that are left.
  func find(_ words: some Collection<String>) -> (command: CommandTree, rest: [String]) {
    guard let word = words.first, let child = child(word) else { return (self, Array(words)) }
    return child.find(words.dropFirst())
  }

  /// All commands that do something, with the words that call them.
  func leaves(_ path: [String] = []) -> [(path: [String], command: CommandTree)] {
    isGroup ? children.flatMap { $0.leaves(path + [$0.name]) } : [(path, self)]
  }

  /// The groups of commands in the order in which a newcomer should meet them.
  var groups: [(name: String, commands: [CommandTree])] {
    type.configuration.groupedSubcommands.map { group in
      (
        group.name.translated,
        group.subcommands.filter { $0.configuration.shouldDisplay }
          .map { CommandTree($0, below: path) }
      )
    }
  }
}

/// An option, a flag or a positional argument of a command, as the parser knows it.
struct CommandArgument: Sendable {
  let names: [String]
  /// What its value is called; `nil` for flags.
  let value: String?
  let summary: String
  /// The default value; `nil` for flags, and where there is none.
  let defaultValue: String?
  let isOptional: Bool
  let isRepeating: Bool
  let isPositional: Bool
  let values: [String]

  fileprivate init?(_ json: JSON) {
    guard json["shouldDisplay"]?.bool != false else { return nil }
    names = (json["names"]?.array ?? []).compactMap { name in
      guard let text = name["name"]?.string else { return nil }
      return name["kind"]?.string == "long" ? "--\(text)" : "-\(text)"
    }
    let kind = json["kind"]?.string
    isPositional = kind == "positional"
    value = kind == "flag" ? nil : json["valueName"]?.string
    summary = KnownMessages.translated(json["abstract"]?.string ?? "")
    defaultValue = kind == "option" ? json["defaultValue"]?.string : nil
    isOptional = json["isOptional"]?.bool ?? false
    isRepeating = json["isRepeating"]?.bool ?? false
    values = (json["allValues"]?.array ?? []).compactMap(\.string)
  }

  private init(flag name: String, _ summary: String) {
    (names, value, self.summary, values) = ([name], nil, summary.translated, [])
    defaultValue = nil
    (isOptional, isRepeating, isPositional) = (true, false, false)
  }

  static var version: CommandArgument { CommandArgument(flag: "--version", "Show the version.") }

  /// The summary and the default.
  var description: String {
    guard let defaultValue else { return summary }
    let sentence = summary.hasSuffix(".") ? String(summary.dropLast()) : summary
    return ("\(sentence) (default: \(defaultValue))." as TerminalText).string
  }

  /// The name to show first: a long one.
  var name: String { names.first { $0.hasPrefix("--") } ?? names.first ?? value ?? "" }
}

extension CommandTree {
  /// What the command takes; `--help` and `--version` are left out, every command has them.
  var arguments: [CommandArgument] {
    let dump = (try? JSON(parsing: type._dumpHelp().utf8)) ?? .null
    return (dump["command"]?["arguments"]?.array ?? []).compactMap(CommandArgument.init)
      .filter { !$0.names.contains("--help") && !$0.names.contains("--version") }
  }
}
