// Text from outside: what is accepted, how it is normalised, how it is shown.

import Foundation

/// A task's title: trimmed, without control characters, in Unicode's form NFC, so that what
/// looks the same is the same.
public struct Title: Equatable, Sendable {
  /// The title as it is stored, at most ``Limits/titleBytes`` bytes.
  public let text: String

  /// - Throws: `title_required` if nothing is left after trimming, `invalid_title`.
  public init(_ text: String) throws(PDBError) {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !trimmed.isEmpty else {
      throw PDBError(.titleRequired, "a task needs a title")
    }
    guard !trimmed.unicodeScalars.contains(where: \.isControl) else {
      throw PDBError(
        .invalidTitle, "a title cannot contain control characters such as line breaks",
        hint: "to add several tasks, send several titles")
    }
    let normalised = trimmed.precomposedStringWithCanonicalMapping
    guard normalised.utf8.count <= Limits.titleBytes else {
      throw PDBError(
        .invalidTitle,
        "the title has \(normalised.utf8.count) bytes, the limit is \(Limits.titleBytes)")
    }
    self.text = normalised
  }
}

extension Unicode.Scalar {
  /// C0, DEL, C1, and the separators that act as line breaks.
  var isControl: Bool {
    if value < 0x7F { return value < 0x20 }
    return properties.generalCategory == .control || value == 0x2028 || value == 0x2029
  }
}

// MARK: On terminals and in logs

extension Unicode.Scalar {
  /// Control characters, and those that change the direction of what stands beside them (UAX 9,
  /// section 2): harmless in data, but not on a screen.
  fileprivate var steersTerminals: Bool {
    if isControl { return true }
    return switch value {
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

extension String {
  /// The text with control characters written as `\u{1B}` and the like, so that data cannot
  /// steer a terminal or forge a log line.
  public var escapingControlCharacters: String {
    guard unicodeScalars.contains(where: \.steersTerminals) else { return self }
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.steersTerminals:
        result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A text of JSON with what could steer a terminal written as `\u009B` and the like, so that it
  /// says the same. All of that stands in strings, and has four hexadecimal digits.
  public var escapedInJSON: String {
    guard unicodeScalars.contains(where: \.steersTerminals) else { return self }
    var result = ""
    for scalar in unicodeScalars {
      if scalar.steersTerminals {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension JSON {
  /// The same as ``text``, without anything that could steer a terminal.
  public var textForTerminals: String { text.escapedInJSON }
}

// MARK: Search

extension String {
  /// For comparing as people do: without case, accents and the bar of `đ`.
  package var foldedForSearch: String {
    var folded = String.UnicodeScalarView()
    for scalar in lowercased().decomposedStringWithCanonicalMapping.unicodeScalars {
      switch scalar {
      case "đ": folded.append("d")
      case _ where scalar.properties.generalCategory == .nonspacingMark: continue
      default: folded.append(scalar)
      }
    }
    return String(folded)
  }

  package func containsAll(_ words: [Substring]) -> Bool {
    words.allSatisfy { contains($0) }
  }
}
