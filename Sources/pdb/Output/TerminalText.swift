// Text for people: what pdb itself says as it is, what comes from data escaped.

import PDBKit

/// A text that may be shown on a terminal.
///
/// Literals are taken as they are, and everything that is put into them is escaped: keys, values,
/// titles, authors, names, and what other programs and other nodes say. So a command that writes
/// `Console.write("removed \(key)")` cannot forget it.
struct TerminalText: Equatable, Sendable, ExpressibleByStringInterpolation {
  /// The text, with its colours.
  let string: String

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var string = ""

    init(literalCapacity: Int, interpolationCount: Int) { string.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) { string += literal }

    mutating func appendInterpolation(_ text: TerminalText) { string += text.string }

    mutating func appendInterpolation(_ data: some CustomStringConvertible) {
      string += data.description.escapingControlCharacters
    }
  }

  init(stringLiteral literal: String) { string = literal }

  init(stringInterpolation: StringInterpolation) { string = stringInterpolation.string }

  /// Data.
  init(_ data: String) { string = data.escapingControlCharacters }

  /// Data of several lines.
  init(lines data: String) {
    // By scalars: Swift takes a line break of Windows for one character.
    string = data.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0).escapingControlCharacters }.joined(separator: "\n")
  }

  // No operator `+` and no `joined`: with one more of each for literals, the compiler gives up on
  // long sums of texts.

  /// Texts behind each other.
  init(_ parts: [TerminalText], separator: String) {
    string = parts.map(\.string).joined(separator: separator)
  }

  /// What was put together of escaped parts, or is no text but a command for the terminal.
  init(escaped string: String) { self.string = string }
}

extension DefaultStringInterpolation {
  /// What is escaped would be data again.
  @available(*, unavailable, message: "make it a TerminalText")
  mutating func appendInterpolation(_ text: TerminalText) {}
}
