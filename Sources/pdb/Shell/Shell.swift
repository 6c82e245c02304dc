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
    /// With an exit code.
    case leave(Int32)
  }

  /// Runs one line.
  func run(_ line: String) async -> Outcome {
    let words: [String]
    do {
      words = try Words.split(line)
    } catch {
      return fail("a quote does not end", "close it, or write \\\" for the sign")
    }
    guard let first = words.first else { return .status(0) }
    if first == "exit" || first == "quit" || first == ".quit" || first == ".exit" {
      return .leave(words.dropFirst().first.flatMap { Int32($0) } ?? 0)
    }
    if first.hasPrefix(".") { return .status(look.run(words)) }
    // Who is used to type it may type it here too.
    let command = first == "pdb" ? Array(words.dropFirst()) : words
    guard command.first != "shell" else {
      return fail("this is the shell already", nil)
    }
    let start = ContinuousClock.now
    let status = await Connection.$shared.withValue(connection) {
      await PDB.run(globals + look.words + command, isShell: true)
    }
    look.tellTime(since: start)
    return .status(status)
  }

  private func fail(_ message: String, _ hint: String?) -> Outcome {
    let isJSON = (globals + look.words).contains("--json")
    ErrorReport(PDBError(.badRequest, message, hint: hint), asJSON: isJSON).print()
    return .status(ExitStatus.usage.rawValue)
  }
}
