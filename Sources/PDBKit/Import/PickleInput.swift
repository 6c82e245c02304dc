// The bytes of a pickle, taken off from the front. Every read is checked.

import PDBModel

/// Reads the arguments of a pickle's instructions. Integers are little-endian.
struct PickleInput {
  private let bytes: Bytes
  private var position = 0
  /// Where the current instruction begins: what errors point to.
  private(set) var instructionOffset = 0

  init(_ bytes: Bytes) { self.bytes = bytes }

  var remaining: Int { bytes.count - position }

  mutating func readInstruction() throws -> UInt8 {
    instructionOffset = position
    return try readByte()
  }

  mutating func readByte() throws -> UInt8 {
    guard position < bytes.count else { throw damaged("it ends too early") }
    defer { position += 1 }
    return bytes[position]
  }

  /// An unsigned integer of up to eight bytes.
  mutating func readUnsigned(bytes count: Int) throws -> UInt64 {
    try readBytes(UInt64(count)).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A signed integer of four bytes.
  mutating func readInt32() throws -> Int32 {
    Int32(truncatingIfNeeded: try readUnsigned(bytes: 4))
  }

  mutating func readBytes(_ count: UInt64) throws -> ArraySlice<UInt8> {
    guard count <= UInt64(remaining) else {
      throw damaged("it announces \(count) bytes, but only \(remaining) follow")
    }
    defer { position += Int(count) }
    return bytes[position..<position + Int(count)]
  }

  /// Bytes after their length, which is itself an unsigned integer of so many bytes.
  mutating func readCounted(lengthBytes: Int) throws -> ArraySlice<UInt8> {
    try readBytes(try readUnsigned(bytes: lengthBytes))
  }

  /// Bytes after their length, which is a signed integer of four bytes.
  mutating func readSignedCounted() throws -> ArraySlice<UInt8> {
    let count = try readInt32()
    guard count >= 0 else { throw damaged("it announces \(count) bytes") }
    return try readBytes(UInt64(count))
  }

  /// The bytes before the next line feed, which is taken off, too.
  mutating func readLine() throws -> ArraySlice<UInt8> {
    guard let end = bytes[position...].firstIndex(of: 0x0A) else {
      throw damaged("a line does not end")
    }
    defer { position = end + 1 }
    return bytes[position..<end]
  }

  /// The number of a kept value, in decimal.
  mutating func readIndexLine() throws -> UInt64 {
    guard let index = UInt64(String(decoding: try readLine(), as: UTF8.self)) else {
      throw damaged("expected a number")
    }
    return index
  }

  func damaged(_ reason: String) -> PDBError {
    PDBError(
      .badRequest, "the pickle is damaged at byte \(instructionOffset): \(reason)",
      hint: "copy the file again, or see whether Python can still load it")
  }
}
