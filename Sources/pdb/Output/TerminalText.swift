// Text for people: what pdb itself says as it is, what comes from data escaped.

import PDBKit

/// A text that may be shown on a terminal.
///
/// Literals are taken as they are, and everything that is put into them is escaped: keys, values,
/// titles, authors, names, and what other programs and other nodes say. So a command that writes
/// `Console.write("removed \(key)")` cannot forget it.
///
/// A literal is a template of the ``Catalogue``, so it becomes the user's language as it is made.
/// Each should be a whole sentence: translations need another order of words.
struct TerminalText: Equatable, Sendable, ExpressibleByStringInterpolation {
  /// The text, with its colours.
  let string: String

  struct StringInterpolation: StringInterpolationProtocol {
    /// In English.
    fileprivate var string = ""
    /// What stands in the catalogue; empty if nothing is translated.
    fileprivate var template = ""
    fileprivate var arguments: [String] = []
    fileprivate let catalogue = Catalogue.current

    init(literalCapacity: Int, interpolationCount: Int) { string.reserveCapacity(literalCapacity) }

    mutating func appendLiteral(_ literal: String) {
      string += literal
      if catalogue != nil { template += literal }
    }

    mutating func appendInterpolation(_ text: TerminalText) { append(text.string) }

    mutating func appendInterpolation(_ data: some CustomStringConvertible) {
      append(data.description.escapingControlCharacters)
    }

    private mutating func append(_ argument: String) {
      string += argument
      guard catalogue != nil else { return }
      arguments.append(argument)
      template += Template.sign(arguments.count)
    }
  }

  init(stringLiteral literal: String) { string = literal.translated }

  init(stringInterpolation text: StringInterpolation) {
    string = text.catalogue?.text(text.template, text.arguments) ?? text.string
  }

  /// Data.
  init(_ data: String) { string = data.escapingControlCharacters }

  /// What the store, a node or the parser says in English, in the user's language if it is known;
  /// it holds data, and is escaped like data.
  init(message: String) { self.init(KnownMessages.translated(message)) }

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
