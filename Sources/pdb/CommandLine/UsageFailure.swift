// Usage errors: arguments that the parser refuses.

import ArgumentParser
import PDBKit

/// Arguments that are not a valid call of a command.
struct UsageFailure: Error {
  let message: String
  /// The words of the command, with aliases replaced.
  let words: [String]

  /// - Returns: `nil` if the error is not one of the arguments.
  init?(_ error: any Error, _ words: [String]) {
    guard PDB.exitCode(for: error) == .validationFailure else { return nil }
    message = PDB.message(for: error)
    self.words = words
  }

  private var command: CommandTree { CommandTree.root.find(words).command }

  private var hint: String {
    hasStrayValue
      ? "a value that begins with '-' stands behind '--', after all options"
      : "'\(command.call) --help' tells more"
  }

  /// Whether a word begins with a minus and is no option, nor several short ones.
  private var hasStrayValue: Bool {
    let known = Set(command.arguments.flatMap(\.names))
    return words.prefix { $0 != "--" }.contains { word in
      word.hasPrefix("-") && !word.hasPrefix("--")
        && !word.dropFirst().allSatisfy { known.contains("-\($0)") }
    }
  }

  func print(asJSON: Bool) {
    guard !asJSON else {
      return ErrorReport(PDBError(.badRequest, message, hint: hint), asJSON: true).print()
    }
    let style = Style(for: .error)
    Console.writeError(
      """
      \(style.red("error:")) \(TerminalText(lines: KnownMessages.translated(message)))
      usage: \(command.usage)
      hint: \(TerminalText(message: hint))
      """)
  }
}
