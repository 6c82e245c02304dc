// Reading JSON text: strict RFC 8259, no recursion deeper than the limit.

extension JSON {
  /// Reads one JSON value and nothing else.
  ///
  /// - Parameter depth: how deep arrays and objects may be nested.
  /// - Throws: ``SyntaxError`` for anything that RFC 8259 does not allow: bad UTF-8, a lone
  ///   surrogate, trailing characters, nesting deeper than `depth`.
  /// - Complexity: O(n) in the length of the text.
  public init(parsing text: some Sequence<UInt8>, depth: Int = Limits.jsonDepth) throws {
    var parser = Parser(text: Bytes(text), limit: depth)
    self = try parser.parseDocument()
  }

  /// The object that a stored value is; `nil` for any other value. Those are not read.
  package init?(objectIn value: Bytes) {
    let first = value.first { byte in !JSON.isWhitespace(byte) }
    guard first == UInt8(ascii: "{"), let json = try? JSON(parsing: value) else { return nil }
    self = json
  }

  fileprivate static func isWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}

private struct Parser {
  let text: Bytes
  let limit: Int
  var position = 0

  mutating func parseDocument() throws -> JSON {
    skipWhitespace()
    let value = try parseValue(depth: 1)
    skipWhitespace()
    guard position == text.count else { throw error("unexpected characters after the value") }
    return value
  }

  private mutating func parseValue(depth: Int) throws -> JSON {
    guard depth <= limit else {
      throw error("nested deeper than \(limit) levels")
    }
    guard let byte = peek() else { throw error("unexpected end") }
    switch byte {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default: throw error("expected a value")
    }
  }

  private mutating func parseObject(depth: Int) throws -> JSON {
    position += 1
    var members: [JSON.Member] = []
    skipWhitespace()
    if take("}") { return .object([]) }
    while true {
      skipWhitespace()
      guard peek() == UInt8(ascii: "\"") else { throw error("expected a member name") }
      let name = try parseString()
      skipWhitespace()
      guard take(":") else { throw error("expected ':'") }
      skipWhitespace()
      members.append(JSON.Member(name, try parseValue(depth: depth + 1)))
      skipWhitespace()
      if take("}") { return .object(members) }
      guard take(",") else { throw error("expected ',' or '}'") }
    }
  }

  private mutating func parseArray(depth: Int) throws -> JSON {
    position += 1
    var elements: [JSON] = []
    skipWhitespace()
    if take("]") { return .array([]) }
    while true {
      skipWhitespace()
      elements.append(try parseValue(depth: depth + 1))
      skipWhitespace()
      if take("]") { return .array(elements) }
      guard take(",") else { throw error("expected ',' or ']'") }
    }
  }

  private mutating func parseWord(_ word: StaticString, _ value: JSON) throws -> JSON {
    let bytes = Bytes(utf8: String(describing: word))
    guard text[position...].starts(with: bytes) else { throw error("expected '\(word)'") }
    position += bytes.count
    return value
  }

  private mutating func parseNumber() throws -> JSON {
    let start = position
    _ = take("-")
    if !take("0") { try parseDigits() }
    if take(".") { try parseDigits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try parseDigits()
    }
    return .number(String(decoding: text[start..<position], as: UTF8.self))
  }

  private mutating func parseDigits() throws {
    let start = position
    while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      position += 1
    }
    guard position > start else { throw error("expected a digit") }
  }

  private mutating func parseString() throws -> String {
    position += 1
    // Most strings have nothing to unescape.
    let plainEnd = plainEnd(from: position)
    var bytes = text[position..<plainEnd]
    position = plainEnd
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let string = String(validating: bytes, as: UTF8.self) else {
          throw error("a string is not valid UTF-8")
        }
        return string
      case UInt8(ascii: "\\"):
        position += 1
        bytes.append(contentsOf: try parseEscape())
      case 0..<0x20:
        throw error("control characters must be escaped")
      default:
        // All up to the next byte that means something, at once.
        let end = self.plainEnd(from: position + 1)
        bytes.append(contentsOf: text[position..<end])
        position = end
      }
    }
    throw error("a string does not end")
  }

  /// Where the first byte from `start` on stands that means something in a string.
  private func plainEnd(from start: Int) -> Int {
    text.withUnsafeBufferPointer { text in
      var end = start
      // Long plain text is passed over piece by piece.
      while end + Self.pieceBytes <= text.count,
        UnsafeBufferPointer(rebasing: text[end..<end + Self.pieceBytes]).isPlainText
      {
        end += Self.pieceBytes
      }
      while end < text.count {
        let byte = text[end]
        if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
        end += 1
      }
      return end
    }
  }

  private static let pieceBytes = 64

  private mutating func parseEscape() throws -> Bytes {
    guard let byte = peek() else { throw error("unexpected end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var code = try parseHex()
      if (0xD800..<0xDC00).contains(code) {
        guard take("\\"), take("u") else { throw error("a surrogate without its pair") }
        let low = try parseHex()
        guard (0xDC00..<0xE000).contains(low) else { throw error("a surrogate without its pair") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("a surrogate without its pair") }
      return Bytes(String(Character(scalar)).utf8)
    default:
      throw error("unknown escape")
    }
  }

  private mutating func parseHex() throws -> UInt32 {
    guard position + 4 <= text.count,
      text[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: text[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw error("expected four hexadecimal digits") }
    position += 4
    return value
  }

  private mutating func skipWhitespace() {
    while let byte = peek(), JSON.isWhitespace(byte) { position += 1 }
  }

  private func peek() -> UInt8? { position < text.count ? text[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private func error(_ message: String) -> JSON.SyntaxError {
    JSON.SyntaxError(message: message, offset: position)
  }
}
