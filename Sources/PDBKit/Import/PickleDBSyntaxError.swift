// Where in a file of pairs the JSON went wrong: at which key.

import PDBModel

extension JSON.SyntaxError {
  /// The error as a user can act on it.
  ///
  /// - Parameters:
  ///   - text: what was parsed: an object of pairs.
  ///   - place: what that is, such as "the file".
  func explained(in text: Bytes, place: String) -> PDBError {
    let subject = key(in: text).map { "the value of '\($0.shownBriefly)' in \(place)" } ?? place
    if let word = pythonWord(in: text) {
      return PDBError(
        .badRequest, "\(subject) holds '\(word)', which Python writes but which is not JSON",
        hint: "replace it in the file, for example with null")
    }
    return PDBError(
      .badRequest, "\(subject) is not valid JSON: \(message) at byte \(offset)",
      hint: "correct the file there, or save it again with pickleDB")
  }

  /// The words of Python's `json.dump` for floats that are not numbers.
  private func pythonWord(in text: Bytes) -> String? {
    guard offset <= text.count else { return nil }
    if text[offset...].starts(with: "NaN".utf8) { return "NaN" }
    guard text[offset...].starts(with: "Infinity".utf8) else { return nil }
    return offset > 0 && text[offset - 1] == UInt8(ascii: "-") ? "-Infinity" : "Infinity"
  }

  /// The key of the outermost object whose value holds the error.
  private func key(in text: Bytes) -> String? {
    var place = PairPlace()
    var position = 0
    while position < min(offset, text.count) {
      let start = position
      position = text[start] == UInt8(ascii: "\"") ? text.endOfString(from: start) : start + 1
      place.pass(text[start], start..<min(position, text.count))
    }
    return place.isInValue ? place.key.flatMap { try? JSON(parsing: text[$0]).string } : nil
  }
}

/// Which pair of an object a reader is in. Everything that it passed must be JSON.
private struct PairPlace {
  private(set) var key: Range<Int>?
  private(set) var isInValue = false
  private var depth = 0

  /// Goes past a string, given by its quote, or past one byte outside of strings.
  mutating func pass(_ byte: UInt8, _ range: Range<Int>) {
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
    case _ where depth != 1: break
    case UInt8(ascii: "\"") where !isInValue: key = range
    case UInt8(ascii: ":"): isInValue = true
    case UInt8(ascii: ","): isInValue = false
    default: break
    }
  }
}

extension Bytes {
  /// The offset after the JSON string that begins here.
  fileprivate func endOfString(from start: Int) -> Int {
    var position = start + 1
    while position < count, self[position] != UInt8(ascii: "\"") {
      position += self[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    return position + 1
  }
}
