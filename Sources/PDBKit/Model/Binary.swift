// The one binary notation: log entries, history and the peer wire are written in it.
//
//   unsigned   LEB128: seven bits a byte, low bits first, the high bit says "more follows"
//   signed     zigzag, then as unsigned
//   bytes      length as unsigned, then the bytes
//   optional   0, or 1 and the value
//   list       count as unsigned, then the elements

/// Appends values to a growing array of bytes.
package struct BinaryWriter {
  package private(set) var bytes: Bytes = []

  package init(capacity: Int = 64) { bytes.reserveCapacity(capacity) }

  /// What was written, without a copy; the writer is empty then.
  package mutating func take() -> Bytes {
    defer { bytes = [] }
    return bytes
  }

  package mutating func write(byte: UInt8) { bytes.append(byte) }

  package mutating func write(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  package mutating func write(_ value: Int64) {
    write(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  package mutating func write(_ value: Bytes) {
    write(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  package mutating func write(_ value: String) {
    write(UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

  package mutating func write<T>(optional value: T?, _ body: (inout BinaryWriter, T) -> Void) {
    write(value != nil)
    if let value { body(&self, value) }
  }

  package mutating func write<T>(list: [T], _ body: (inout BinaryWriter, T) -> Void) {
    write(UInt64(list.count))
    for element in list { body(&self, element) }
  }
}

extension BinaryWriter {
  /// How many bytes a number takes.
  static func byteCount(of value: UInt64) -> UInt64 {
    UInt64(max(1, (70 - value.leadingZeroBitCount) / 7))
  }

  /// How many bytes an array of bytes takes.
  static func byteCount(of value: Bytes) -> UInt64 {
    byteCount(of: UInt64(value.count)) + UInt64(value.count)
  }
}

/// Takes values off an array of bytes. Every read is checked: bad input throws, never traps.
package struct BinaryReader {
  /// The bytes are not what their format says.
  package struct Malformed: Error {
    package init() {}
  }

  private let bytes: Bytes
  /// Of the next byte.
  private var position = 0

  package init(_ bytes: Bytes) { self.bytes = bytes }

  private var remaining: Int { bytes.count - position }

  package mutating func readByte() throws -> UInt8 {
    guard position < bytes.count else { throw Malformed() }
    defer { position += 1 }
    return bytes[position]
  }

  package mutating func readUInt64() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try readByte()
      let part = UInt64(byte & 0x7F)
      guard (part << shift) >> shift == part else { throw Malformed() }
      value |= part << shift
      if byte < 0x80 { return value }
    }
    throw Malformed()
  }

  /// A term, an index or a round: far from where counting up would overflow.
  package mutating func readCounter() throws -> UInt64 {
    let value = try readUInt64()
    guard value < 1 << 62 else { throw Malformed() }
    return value
  }

  package mutating func readInt64() throws -> Int64 {
    let value = try readUInt64()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  package mutating func readBytes() throws -> Bytes {
    let count = try readUInt64()
    guard count <= UInt64(remaining) else { throw Malformed() }
    defer { position += Int(count) }
    return Bytes(bytes[position..<position + Int(count)])
  }

  package mutating func readString() throws -> String {
    guard let string = try readBytes().utf8String else { throw Malformed() }
    return string
  }

  package mutating func readBool() throws -> Bool {
    switch try readByte() {
    case 0: false
    case 1: true
    default: throw Malformed()
    }
  }

  package mutating func readOptional<T>(_ body: (inout BinaryReader) throws -> T) throws -> T? {
    try readBool() ? try body(&self) : nil
  }

  package mutating func readList<T>(_ body: (inout BinaryReader) throws -> T) throws -> [T] {
    let count = try readUInt64()
    // Every element takes at least one byte, so a lying count cannot reserve memory.
    guard count <= UInt64(remaining) else { throw Malformed() }
    var list: [T] = []
    list.reserveCapacity(Int(count))
    for _ in 0..<count { list.append(try body(&self)) }
    return list
  }

  package var isAtEnd: Bool { remaining == 0 }

  /// What ``readByte()`` would read; `nil` at the end.
  var nextByte: UInt8? { remaining == 0 ? nil : bytes[position] }

  /// How many bytes were read.
  package var offset: Int { position }

  /// Nothing may be left over.
  package func finish() throws {
    guard remaining == 0 else { throw Malformed() }
  }
}
