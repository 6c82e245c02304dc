// From words to a command: aliases, external programs, suggestions for misspelt words.

import ArgumentParser
import Foundation
import PDBKit

/// What the words of a command line stand for.
enum Dispatch {
  /// Words for the parser.
  case command([String])
  /// A program called `pdb-WORD`, or the command of a shell alias, and what is added to its
  /// environment.
  case program(path: String, arguments: [String], environment: [String: String])
  /// `pdb` alone, perhaps with options.
  case overview(GlobalOptions)
  /// What `--help` asks for, or the name of a group alone.
  case help(HelpText)

  /// - Throws: `bad_request` for an unknown command.
  init(_ arguments: [String], _ settings: Settings) throws {
    var words = GlobalOptions.movedBehindCommand(arguments)
    if words.first?.hasPrefix("-") != false, let options = try? GlobalOptions.parse(words) {
      self = .overview(options)
      return
    }
    var seen: Set<String> = []
    var environment: [String: String] = [:]
    // As they were typed: what stands behind the name of a program is the program's.
    var call = GlobalOptions.movedToEnvironment(arguments, &environment)
    while let word = words.first, !word.hasPrefix("-"), !CommandTree.root.knows(word) {
      guard seen.insert(word).inserted else {
        throw PDBError(.badConfiguration, "the alias '\(word)' leads back to itself")
      }
      if let alias = try settings.alias(word) {
        if alias.hasPrefix("!") {
          self = .program(
            path: "/bin/sh",
            arguments: ["-c", alias.dropFirst() + " \"$@\"", word] + call.dropFirst(),
            environment: environment)
          return
        }
        guard let expanded = try? Words.split(alias) else {
          throw PDBError(.badConfiguration, "the alias '\(word)' has an unclosed quote")
        }
        words = GlobalOptions.movedBehindCommand(expanded + words.dropFirst())
        call = GlobalOptions.movedToEnvironment(expanded + call.dropFirst(), &environment)
      } else if let program = Self.program(word) {
        self = .program(
          path: program, arguments: Array(call.dropFirst()), environment: environment)
        return
      } else {
        throw Self.unknown(word, in: CommandTree.root, settings.aliases.map(\.name))
      }
    }
    if let help = try Self.help(words) {
      self = .help(help)
    } else {
      try Self.checkGroup(words)
      self = .command(CommandTree.separatingNegativeNumbers(words))
    }
  }

  /// What words that ask for help get: `--help` somewhere, `help` behind a group, a group alone.
  private static func help(_ words: [String]) throws -> HelpText? {
    var words = words[..<(words.firstIndex(of: "--") ?? words.endIndex)]
    let isAsked = words.contains { $0 == "--help" || $0 == "-h" }
    words.removeAll { $0 == "--help" || $0 == "-h" }
    var (command, rest) = CommandTree.root.find(words)
    if command.isGroup, rest.first == "help" {
      (command, rest) = command.find(rest.dropFirst())
    } else if !isAsked {
      guard command.isGroup, command.name != "pdb", rest.first?.hasPrefix("-") != false else {
        return nil
      }
    }
    if command.isGroup, let word = rest.first, !word.hasPrefix("-") {
      throw unknown(word, in: command, [])
    }
    return HelpText(command)
  }

  /// A group's own name calls for one of its commands.
  private static func checkGroup(_ words: [String]) throws {
    let (command, rest) = CommandTree.root.find(words)
    guard command.isGroup, command.name != "pdb", let word = rest.first, !word.hasPrefix("-"),
      word != "help"
    else { return }
    throw unknown(word, in: command, [])
  }

  private static func program(_ word: String) -> String? {
    guard ConfigFile.isName(word) else { return nil }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").map { "\($0)/pdb-\(word)" }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }

  private static func unknown(
    _ word: String, in command: CommandTree, _ more: [String]
  ) -> Failure {
    let isRoot = command.path.isEmpty
    let prefix = command.call
    let names = command.children.map(\.name)
    // A word of some group, used as if it were a command of its own.
    let leaves = command.leaves().filter { $0.path.last == word }.map {
      $0.path.joined(separator: " ")
    }
    let near = leaves + Suggestion.nearest(to: word, of: names + more)
    let calls = near.prefix(3).map { "\(prefix) \($0)" }
    return Failure(
      error: PDBError(
        .badRequest, "unknown command '\(isRoot ? word : "\(command.name) \(word)")'",
        hint: Suggestion.question(calls) ?? "'\(prefix) --help' lists the commands"),
      asJSON: false, status: .usage)
  }
}
