// Numbers and strings in the notations that pickles have for them.

import PDBModel

/// How the instructions of a pickle write numbers.
enum PickleNumber {
  /// The digits of an integer in decimal: a sign, then digits.
  static func integer(line: ArraySlice<UInt8>) -> String? {
    let isNegative = line.first == UInt8(ascii: "-")
    let digits = isNegative ? line.dropFirst() : line
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    let significant = digits.drop { $0 == UInt8(ascii: "0") }
    guard !significant.isEmpty else { return "0" }
    return (isNegative ? "-" : "") + String(decoding: significant, as: UTF8.self)
  }

  /// The digits of an integer in two's complement, low bytes first: the notation that PEP 307
  /// gave to `LONG1` and `LONG4`. No bytes are zero.
  static func integer(twosComplement bytes: ArraySlice<UInt8>) -> String {
    let isNegative = (bytes.last ?? 0) >= 0x80
    var magnitude = Bytes(bytes)
    if isNegative { negate(&magnitude) }
    let digits = decimal(words(magnitude))
    return isNegative ? "-" + digits : digits
  }

  /// The shortest digits that stand for this number and no other.
  /// - Returns: `nil` for infinities and for what is not a number: JSON has no word for them.
  static func float(_ value: Double) -> String? {
    guard value.isFinite else { return nil }
    // Swift writes an exponent from two to the 53rd on, Python from ten to the 16th on. All
    // numbers between are integers. Keys must be the same text as Python's.
    let isBetween = (0x1p53..<1e16).contains(abs(value))
    return isBetween ? "\(Int64(value)).0" : value.description
  }

  private static func negate(_ bytes: inout Bytes) {
    var carry = true
    for position in bytes.indices {
      bytes[position] = ~bytes[position] &+ (carry ? 1 : 0)
      carry = carry && bytes[position] == 0
    }
  }

  /// The same number in words of 32 bits, low words first.
  private static func words(_ bytes: Bytes) -> [UInt32] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      bytes[start..<min(start + 4, bytes.count)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  /// Divides by a thousand million until nothing is left: each remainder is nine digits.
  private static func decimal(_ number: [UInt32]) -> String {
    var words = number
    var groups: [String] = []
    repeat {
      var remainder: UInt64 = 0
      for position in words.indices.reversed() {
        let part = remainder << 32 | UInt64(words[position])
        words[position] = UInt32(part / 1_000_000_000)
        remainder = part % 1_000_000_000
      }
      while words.last == 0 { words.removeLast() }
      groups.append(String(remainder))
    } while !words.isEmpty
    return groups.reversed().reduce("") { text, group in
      text.isEmpty ? group : text + String(repeating: "0", count: 9 - group.count) + group
    }
  }
}

/// How the text protocol, number 0, writes strings: on one line, with escapes.
struct PickleEscapes {
  private var rest: ArraySlice<UInt8>

  /// The string of the instruction `UNICODE`: Latin-1, in which `\u` and `\U` escape what has
  /// no place there (Python's codec "raw-unicode-escape").
  /// - Returns: `nil` if an escape is wrong or half of a surrogate pair is missing.
  static func unicode(line: ArraySlice<UInt8>) -> String? {
    var escapes = PickleEscapes(rest: line)
    var text = String.UnicodeScalarView()
    while let byte = escapes.rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let length = escapes.takeUnicodeMarker() {
        guard let scalar = escapes.takeScalar(length) else { return nil }
        text.append(scalar)
      } else {
        text.append(Unicode.Scalar(byte))
        // Two backslashes are two backslashes: the second cannot begin an escape.
        if byte == UInt8(ascii: "\\"), escapes.take("\\") { text.append("\\") }
      }
    }
    return String(text)
  }

  /// The bytes of the instruction `STRING`: a literal of Python 2 with its quotes.
  /// - Returns: `nil` if the quotes or an escape are wrong.
  static func string(line: ArraySlice<UInt8>) -> Bytes? {
    guard line.count >= 2, let quote = line.first, quote == line.last,
      [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(quote)
    else { return nil }
    var escapes = PickleEscapes(rest: line.dropFirst().dropLast())
    var bytes: Bytes = []
    while let byte = escapes.rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      guard let escaped = escapes.takeStringEscape() else { return nil }
      bytes.append(contentsOf: escaped)
    }
    return bytes
  }

  /// What follows a backslash in a literal of Python 2.
  private mutating func takeStringEscape() -> Bytes? {
    guard let byte = rest.popFirst() else { return nil }
    switch byte {
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): return [byte]
    case UInt8(ascii: "a"): return [0x07]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "v"): return [0x0B]
    case UInt8(ascii: "x"): return takeHex(2).map { [UInt8(truncatingIfNeeded: $0)] }
    case UInt8(ascii: "0")...UInt8(ascii: "7"): return [takeOctal(first: byte)]
    default: return [UInt8(ascii: "\\"), byte]
    }
  }

  /// Up to three octal digits, of which only the low eight bits count.
  private mutating func takeOctal(first: UInt8) -> UInt8 {
    var value = first & 7
    for _ in 0..<2 {
      guard let byte = rest.first, (0x30...0x37).contains(byte) else { break }
      value = value << 3 | (byte & 7)
      rest.removeFirst()
    }
    return value
  }

  /// How many hexadecimal digits follow `\u` or `\U`.
  private mutating func takeUnicodeMarker() -> Int? { take("u") ? 4 : take("U") ? 8 : nil }

  private mutating func takeScalar(_ length: Int) -> Unicode.Scalar? {
    guard let code = takeHex(length) else { return nil }
    guard (0xD800..<0xDC00).contains(code) else { return Unicode.Scalar(code) }
    guard take("\\"), take("u"), let low = takeHex(4), (0xDC00..<0xE000).contains(low) else {
      return nil
    }
    return Unicode.Scalar(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00))
  }

  private mutating func takeHex(_ count: Int) -> UInt32? {
    guard rest.count >= count else { return nil }
    var value: UInt32 = 0
    for _ in 0..<count {
      let character = Character(Unicode.Scalar(rest.removeFirst()))
      guard character.isASCII, let digit = character.hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }
}
