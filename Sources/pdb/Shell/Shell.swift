// The shell: the same commands without the `pdb`, one line after the other.

import Foundation
import PDBKit

/// What commands in a shell have in common: the connection, and the shell's own settings.
final class Shell: Sendable {
  private let connection: Connection
  private let globals: [String]
  private let look: ShellLook

  /// - Parameter globals: words that every command gets, as they were given to the shell.
  init(_ connection: Connection, globals: [String]) {
    self.connection = connection
    self.globals = globals
    look = ShellLook()
  }

  enum Outcome: Sendable {
    case status(Int32)
    case leave
  }

  /// Runs one line.
  func run(_ line: String) async -> Outcome {
    let words: [String]
    do {
      words = try Words.split(line)
    } catch {
      ErrorReport(
        PDBError(.badRequest, "a quote does not end", hint: "close it, or write \\\" for the sign"),
        asJSON: false
      ).print()
      return .status(ExitStatus.usage.rawValue)
    }
    guard let first = words.first else { return .status(0) }
    if first == "exit" || first == "quit" || first == ".quit" || first == ".exit" { return .leave }
    if first.hasPrefix(".") { return .status(look.run(words)) }
    // Who is used to type it may type it here too.
    let command = first == "pdb" ? Array(words.dropFirst()) : words
    guard command.first != "shell" else {
      ErrorReport(PDBError(.badRequest, "this is the shell already"), asJSON: false).print()
      return .status(ExitStatus.usage.rawValue)
    }
    let start = ContinuousClock.now
    let status = await Connection.$shared.withValue(connection) {
      await PDB.run(globals + look.words + command, isShell: true)
    }
    look.tellTime(since: start)
    return .status(status)
  }
}
