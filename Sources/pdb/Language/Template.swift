// Texts with places for arguments, as in `no key '%1$@'`.

/// A text of which some parts are filled in later.
struct Template: Sendable {
  /// What stands before the first place, between two, and behind the last.
  let literals: [String]
  /// The number of each place, counted from 1; one less than literals.
  let places: [Int]

  init(_ text: String) {
    let bytes = Array(text.utf8)
    var literals: [String] = []
    var places: [Int] = []
    var (start, position) = (0, 0)
    while position < bytes.count {
      if let (number, end) = Self.place(bytes[position...]) {
        literals.append(String(decoding: bytes[start..<position], as: UTF8.self))
        places.append(number)
        (start, position) = (end, end)
      } else {
        position += 1
      }
    }
    self.literals = literals + [String(decoding: bytes[start...], as: UTF8.self)]
    self.places = places
  }

  /// The number of the place with which a text begins, and where it ends.
  private static func place(_ text: ArraySlice<UInt8>) -> (number: Int, end: Int)? {
    guard text.first == UInt8(ascii: "%") else { return nil }
    let digits = text.dropFirst().prefix { (0x30...0x39).contains($0) }
    guard let number = Int(String(decoding: digits, as: UTF8.self)), number > 0,
      text[digits.endIndex...].starts(with: "$@".utf8)
    else { return nil }
    return (number, digits.endIndex + 2)
  }

  /// The sign of a place.
  static func sign(_ number: Int) -> String { "%\(number)$@" }

  /// The text with its arguments; a place without one stays as it is.
  func filled(_ arguments: [String]) -> String {
    var text = literals[0]
    for (number, literal) in zip(places, literals.dropFirst()) {
      text += number <= arguments.count ? arguments[number - 1] : Self.sign(number)
      text += literal
    }
    return text
  }

  /// How many letters are certain: a measure of how much a match says.
  var letterCount: Int {
    literals.reduce(0) { $0 + $1.utf8.count { (0x61...0x7A).contains($0 | 0x20) } }
  }
}
