// The order of words for people: `á` beside `a`, `đ` behind `d`.

import Foundation

/// Compares letters first, then their accents, then their case, as the Unicode Collation Algorithm
/// (UTS 10) does, for alphabets that are ordered as Unicode orders them.
///
/// - Complexity: O(n) to make, O(n) to compare.
struct CollationKey: Comparable {
  private var letters: [UInt32] = []
  /// The accents of each letter behind a 0.
  private var accents: [UInt32] = []
  private let text: String

  init(_ text: String) {
    self.text = text
    let scalars = text.lowercased().decomposedStringWithCanonicalMapping.unicodeScalars
    var marks: [UInt32] = []
    for scalar in scalars {
      if scalar.properties.generalCategory == .nonspacingMark {
        marks.append(Self.rank(scalar))
      } else {
        endLetter(&marks)
        // The bar of `đ` is no accent: it makes a letter of its own.
        letters.append(scalar == "đ" ? 2 * 0x64 + 1 : 2 * scalar.value)
        accents.append(0)
      }
    }
    endLetter(&marks)
  }

  private mutating func endLetter(_ marks: inout [UInt32]) {
    // What makes `ă`, `â` and `ơ` counts before the tone.
    accents += marks.sorted(by: >)
    marks = []
  }

  /// The order of Vietnamese tones and letters; other accents follow.
  private static let ranks: [Unicode.Scalar: UInt32] = [
    "\u{300}": 1, "\u{309}": 2, "\u{303}": 3, "\u{301}": 4, "\u{323}": 5, "\u{306}": 6,
    "\u{302}": 7, "\u{31B}": 8,
  ]

  private static func rank(_ mark: Unicode.Scalar) -> UInt32 { ranks[mark] ?? mark.value }

  static func < (left: CollationKey, right: CollationKey) -> Bool {
    if left.letters != right.letters {
      return left.letters.lexicographicallyPrecedes(right.letters)
    }
    if left.accents != right.accents {
      return left.accents.lexicographicallyPrecedes(right.accents)
    }
    // Small letters first.
    return right.text < left.text
  }
}
