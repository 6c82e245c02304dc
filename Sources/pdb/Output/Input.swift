// What users hand in: arguments and standard input, as text that is really text.

import Foundation
import PDBKit

enum Input {
  /// An argument. Swift repairs bytes that are not UTF-8 silently; storing the repair would
  /// store something that was never said.
  static func text(_ argument: String) throws -> String {
    guard !argument.unicodeScalars.contains("\u{FFFD}") else {
      throw PDBError(
        .badRequest, "'\(argument.escapingControlCharacters)' is not valid UTF-8",
        hint: "write it in UTF-8, or send it through a file and '-'")
    }
    return argument
  }

  /// Standard input as bytes.
  static func bytes() throws -> [UInt8] {
    do {
      return [UInt8](try FileHandle.standardInput.readToEnd() ?? Data())
    } catch {
      throw PDBError(.badRequest, "cannot read standard input")
    }
  }

  /// Standard input as lines of text, empty ones left out.
  static func lines() throws -> [String] {
    guard let text = String(validating: try bytes(), as: UTF8.self) else {
      throw PDBError(.badRequest, "standard input is not valid UTF-8")
    }
    return text.split(whereSeparator: \.isNewline).map(String.init).filter {
      !$0.allSatisfy(\.isWhitespace)
    }
  }
}
