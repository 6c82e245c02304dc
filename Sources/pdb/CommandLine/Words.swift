// Lines of text as words, the way a shell takes them.

import PDBKit

enum Words {
  /// A quote that does not end.
  struct Unfinished: Error {}

  /// Splits a line: blanks separate, quotes and backslashes keep together, `#` begins a comment.
  static func split(_ line: String) throws -> [String] {
    try parts(of: line, signs: []).compactMap(\.word)
  }

  /// Splits a line into words and the signs between them.
  ///
  /// - Parameter signs: what is a sign where it stands outside of quotes.
  static func parts(of line: String, signs: Set<Unicode.Scalar>) throws -> [Part] {
    var splitter = Splitter(signs: signs)
    for character in line.unicodeScalars { splitter.take(character) }
    guard splitter.quote == nil, !splitter.isEscaped else { throw Unfinished() }
    splitter.endWord()
    return splitter.parts
  }

  /// A line that is being typed: what stands before the cursor's word, and that word as far as it
  /// is there.
  static func typed(
    _ line: String, signs: Set<Unicode.Scalar> = []
  ) -> (before: [Part], current: String, quote: Unicode.Scalar?) {
    var splitter = Splitter(signs: signs)
    for character in line.unicodeScalars { splitter.take(character) }
    return (splitter.parts, String(splitter.word), splitter.quote)
  }

  /// A word or a sign, and the Unicode scalars of the line that it takes.
  struct Part {
    enum Content: Equatable {
      case word(String)
      case sign(Unicode.Scalar)
    }

    let content: Content
    let range: Range<Int>

    var word: String? { if case .word(let word) = content { word } else { nil } }
    var sign: Unicode.Scalar? { if case .sign(let sign) = content { sign } else { nil } }
  }

  private struct Splitter {
    let signs: Set<Unicode.Scalar>
    var parts: [Part] = []
    var word = String.UnicodeScalarView()
    var quote: Unicode.Scalar?
    var isEscaped = false
    var isComment = false
    private var position = 0
    private var wordStart: Int?

    init(signs: Set<Unicode.Scalar>) { self.signs = signs }

    mutating func take(_ character: Unicode.Scalar) {
      defer { position += 1 }
      if isComment {
        guard character == "\n" else { return }
        isComment = false
      }
      if isEscaped {
        // In double quotes a backslash means something only before these.
        if quote == "\"", character != "\"", character != "\\" { word.append("\\") }
        word.append(character)
        isEscaped = false
      } else if let open = quote {
        if character == open {
          quote = nil
        } else if character == "\\", open == "\"" {
          isEscaped = true
        } else {
          word.append(character)
        }
      } else if signs.contains(character) {
        endWord()
        parts.append(Part(content: .sign(character), range: position..<position + 1))
      } else {
        takeUnquoted(character)
      }
    }

    private mutating func takeUnquoted(_ character: Unicode.Scalar) {
      switch character {
      case " ", "\t", "\n", "\r": endWord()
      case "#" where wordStart == nil: isComment = true
      case "'", "\"":
        quote = character
        beginWord()
      case "\\":
        isEscaped = true
        beginWord()
      default:
        word.append(character)
        beginWord()
      }
    }

    private mutating func beginWord() { wordStart = wordStart ?? position }

    mutating func endWord() {
      guard let start = wordStart else { return }
      parts.append(Part(content: .word(String(word)), range: start..<position))
      word.removeAll()
      wordStart = nil
    }
  }

  /// A word as it must be typed to be taken as it is.
  ///
  /// - Parameter quote: one that is open already.
  static func quoted(_ word: String, within quote: Unicode.Scalar? = nil) -> String {
    let special: Set<Unicode.Scalar> =
      switch quote {
      case "\"": Set("\"\\".unicodeScalars)
      case "'": []
      default: Set(" \t\n'\"\\#$&;|<>()*?[]{}`!~".unicodeScalars)
      }
    var quoted = String.UnicodeScalarView()
    for scalar in word.unicodeScalars {
      if special.contains(scalar) { quoted.append("\\") }
      quoted.append(scalar)
    }
    return String(quoted)
  }
}
