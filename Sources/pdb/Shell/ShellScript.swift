// Lines that are not typed: from a pipe, a file or -e.

import Foundation
import PDBKit

/// Runs lines until one fails.
struct ShellScript {
  /// For messages: the file's name.
  let name: String
  let lines: [String]

  init(name: String, text: Bytes) throws {
    self.name = name
    guard let whole = String(validating: text, as: UTF8.self) else {
      throw PDBError(.badRequest, "'\(name)' is not valid UTF-8")
    }
    // Some editors put a mark before the first letter (Unicode, section 23.8).
    let text = whole.hasPrefix("\u{FEFF}") ? String(whole.dropFirst()) : whole
    // By scalars: Swift takes a line break of Windows for one character.
    lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map(String.init)
  }

  /// Returns the exit code of the line that failed, after saying where it is; `nil` if a line
  /// ended the shell.
  ///
  /// - Parameter isQuiet: says nothing; for programs, which see the failure itself.
  func run(_ shell: Shell, isQuiet: Bool) async -> Int32? {
    for (number, line) in lines.enumerated() {
      switch await shell.run(line) {
      case .leave(let status): return status == 0 ? nil : status
      case .status(0): continue
      case .status(let status):
        if isQuiet { return status }
        Console.writeError(
          "\(name):\(number + 1): stopped here: \(line.trimmingCharacters(in: .whitespaces))")
        return status
      }
    }
    return 0
  }
}
