// JSON as data: exact, ordered, bounded.
//
// Why not Foundation's: stored values must come back exactly as they were written (numbers of
// any length, members in order, keys that differ only in normalisation), and what `apply`
// writes into the replicated state must be the same bytes on every node, whatever version of
// a library it was built with.

/// A JSON value (RFC 8259). Numbers keep their text, objects keep their order.
public enum JSON: Sendable {
  /// The literal `null`.
  case null
  /// The literal `true` or `false`.
  case bool(Bool)
  /// The digits as written, for example `1.50` or `12345678901234567890`.
  case number(String)
  /// A text, without quotes and escapes.
  case string(String)
  /// The elements of a list.
  case array([JSON])
  /// The members of an object, in the order of the text. Names may repeat.
  case object([Member])

  /// A member of an object. Names are compared byte by byte.
  public struct Member: Equatable, Sendable {
    /// The name, without quotes and escapes.
    public let name: String
    /// The value under the name.
    public let value: JSON

    /// A member with a name and a value.
    public init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }

    func hasName(_ other: String) -> Bool { name.utf8.elementsEqual(other.utf8) }

    /// Equal names, byte by byte, and equal values.
    public static func == (left: Self, right: Self) -> Bool {
      left.hasName(right.name) && left.value == right.value
    }
  }

  /// Where and why a text is not JSON.
  public struct SyntaxError: Error, Sendable {
    /// What is wrong.
    public let message: String
    /// Where, in bytes from the beginning of the text.
    public let offset: Int
  }
}

// MARK: Looking inside

extension JSON {
  /// The value of the last member with this name, as in JavaScript.
  public subscript(name: StaticString) -> JSON? { self[String(describing: name)] }

  /// The value of the last member with this name; `nil` if there is none, or this is no object.
  ///
  /// - Complexity: O(n) in the number of members.
  public subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.hasName(name) }?.value
  }

  /// The text; `nil` if this is no string.
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The truth value; `nil` if this is neither `true` nor `false`.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The elements; `nil` if this is no array.
  public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  /// The members; `nil` if this is no object.
  public var members: [Member]? { if case .object(let value) = self { value } else { nil } }
  /// The number; `nil` if this is no whole number, or one that does not fit.
  public var int64: Int64? { if case .number(let digits) = self { Int64(digits) } else { nil } }
  /// The number; `nil` if this is no whole number, or one that does not fit.
  public var uint64: UInt64? { if case .number(let digits) = self { UInt64(digits) } else { nil } }
  /// Whether this is `null`.
  public var isNull: Bool { if case .null = self { true } else { false } }
}

// MARK: Making

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// `true` or `false`.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A number.
  public init(integerLiteral value: Int64) { self = .number(String(value)) }
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// `null`.
  public init(nilLiteral: ()) { self = .null }
  /// An object, whose members keep their order.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }

  /// A number.
  public init(_ value: some BinaryInteger) { self = .number(String(value)) }
  /// A string, or `null` for `nil`.
  public init(_ value: String?) { self = value.map { .string($0) } ?? .null }
}

// MARK: Equality

extension JSON: Equatable {
  /// Equal as data: same kind, same digits, same bytes, same order.
  public static func == (left: JSON, right: JSON) -> Bool {
    left.serialized() == right.serialized()
  }
}

// MARK: Writing

extension JSON {
  /// Compact JSON text.
  public func serialized() -> Bytes {
    var output: Bytes = []
    output.reserveCapacity(256)
    write(to: &output)
    return output
  }

  /// Compact JSON text as a string.
  public var text: String { String(decoding: serialized(), as: UTF8.self) }

  package func write(to output: inout Bytes) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let digits): output.append(contentsOf: digits.utf8)
    case .string(let value): JSON.write(value, to: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (position, element) in elements.enumerated() {
        if position > 0 { output.append(UInt8(ascii: ",")) }
        element.write(to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (position, member) in members.enumerated() {
        if position > 0 { output.append(UInt8(ascii: ",")) }
        JSON.write(member.name, to: &output)
        output.append(UInt8(ascii: ":"))
        member.value.write(to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ string: String, to output: inout Bytes) {
    var string = string
    string.withUTF8 { write($0, to: &output) }
  }

  /// Appends text as a JSON string.
  static func write(_ text: UnsafeBufferPointer<UInt8>, to output: inout Bytes) {
    output.append(UInt8(ascii: "\""))
    defer { output.append(UInt8(ascii: "\"")) }
    if text.isPlainText { return output.append(contentsOf: text) }
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
      case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
      case 0x08: output.append(contentsOf: "\\b".utf8)
      case 0x09: output.append(contentsOf: "\\t".utf8)
      case 0x0A: output.append(contentsOf: "\\n".utf8)
      case 0x0C: output.append(contentsOf: "\\f".utf8)
      case 0x0D: output.append(contentsOf: "\\r".utf8)
      case 0..<0x20, 0x7F:
        let digits = Array("0123456789abcdef".utf8)
        output.append(contentsOf: "\\u00".utf8)
        output.append(digits[Int(byte >> 4)])
        output.append(digits[Int(byte & 0x0F)])
      default: output.append(byte)
      }
    }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether JSON text can have these bytes in a string as they are.
  var isPlainText: Bool {
    // Without a way out of the loop, and without a decision in it, it looks at many bytes at once.
    var special: UInt8 = 0
    for byte in self {
      special |= (byte < 0x20 ? 1 : 0) | (byte == 0x7F ? 1 : 0)
      special |= (byte == UInt8(ascii: "\"") ? 1 : 0) | (byte == UInt8(ascii: "\\") ? 1 : 0)
    }
    return special == 0
  }
}
