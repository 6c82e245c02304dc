// Lines of text as words, the way a shell takes them.

import PDBKit

enum Words {
  /// A quote that does not end.
  struct Unfinished: Error {}

  /// Splits a line: blanks separate, quotes and backslashes keep together, `#` begins a comment.
  static func split(_ line: String) throws -> [String] {
    var splitter = Splitter()
    for character in line.unicodeScalars { splitter.take(character) }
    guard splitter.quote == nil, !splitter.isEscaped else { throw Unfinished() }
    return splitter.words + (splitter.isInWord ? [String(splitter.word)] : [])
  }

  /// The words of a line that is being typed: those before the cursor's, and the one under it
  /// as far as it is there.
  static func typed(
    _ line: String
  ) -> (before: [String], current: String, quote: Unicode.Scalar?) {
    var splitter = Splitter()
    for character in line.unicodeScalars { splitter.take(character) }
    return (splitter.words, String(splitter.word), splitter.quote)
  }

  private struct Splitter {
    var words: [String] = []
    var word = String.UnicodeScalarView()
    var isInWord = false
    var quote: Unicode.Scalar?
    var isEscaped = false
    var isComment = false

    mutating func take(_ character: Unicode.Scalar) {
      if isComment {
        isComment = character != "\n"
        return
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
      } else {
        takeUnquoted(character)
      }
    }

    private mutating func takeUnquoted(_ character: Unicode.Scalar) {
      switch character {
      case " ", "\t", "\n", "\r":
        if isInWord { words.append(String(word)) }
        word.removeAll()
        isInWord = false
      case "#" where !isInWord: isComment = true
      case "'", "\"":
        quote = character
        isInWord = true
      case "\\":
        isEscaped = true
        isInWord = true
      default:
        word.append(character)
        isInWord = true
      }
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
