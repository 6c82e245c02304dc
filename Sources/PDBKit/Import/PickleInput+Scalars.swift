// The instructions of a pickle that stand for one number or one string.

import PDBModel

extension PickleInput {
  /// The number or constant that this instruction puts on the stack.
  mutating func read(_ opcode: PickleOpcode.Number) throws -> PickleValue {
    switch opcode {
    case .none: return .none
    case .newTrue: return .bool(true)
    case .newFalse: return .bool(false)
    case .int: return try readInteger()
    case .binInt: return .number(String(try readInt32()))
    case .binInt1: return .number(String(try readUnsigned(bytes: 1)))
    case .binInt2: return .number(String(try readUnsigned(bytes: 2)))
    case .long: return try readLong()
    case .long1: return try integer(try readCounted(lengthBytes: 1))
    case .long4: return try integer(try readSignedCounted())
    case .float: return try float(Double(String(decoding: try readLine(), as: UTF8.self)))
    case .binFloat: return try float(try readDouble())
    }
  }

  /// `INT` is also how protocols 0 and 1 write booleans: as `01` and `00`.
  private mutating func readInteger() throws -> PickleValue {
    let line = try readLine()
    if line.elementsEqual("01".utf8) { return .bool(true) }
    if line.elementsEqual("00".utf8) { return .bool(false) }
    return try integer(line: line)
  }

  /// Python 2 writes an `L` after the digits.
  private mutating func readLong() throws -> PickleValue {
    let line = try readLine()
    return try integer(line: line.last == UInt8(ascii: "L") ? line.dropLast() : line)
  }

  private func integer(line: ArraySlice<UInt8>) throws -> PickleValue {
    guard let digits = PickleNumber.integer(line: line) else {
      throw damaged("expected a number")
    }
    return .number(digits)
  }

  private func integer(_ bytes: ArraySlice<UInt8>) throws -> PickleValue {
    guard bytes.count <= Pickle.integerBytes else {
      throw PDBError.unsupportedPickle(
        "the pickle holds an integer of \(bytes.count) bytes at byte"
          + " \(instructionOffset), the limit is \(Pickle.integerBytes)")
    }
    return .number(PickleNumber.integer(twosComplement: bytes))
  }

  /// The one number in a pickle with its high bytes first.
  private mutating func readDouble() throws -> Double {
    Double(bitPattern: try readUnsigned(bytes: 8).byteSwapped)
  }

  private func float(_ value: Double?) throws -> PickleValue {
    guard let value else { throw damaged("expected a number") }
    guard let digits = PickleNumber.float(value) else {
      throw PDBError.unsupportedPickle(
        "the pickle holds the number '\(value)' at byte \(instructionOffset),"
          + " for which JSON has no word")
    }
    return .number(digits)
  }

  /// The text or bytes that this instruction puts on the stack.
  mutating func read(_ opcode: PickleOpcode.Text) throws -> PickleValue {
    switch opcode {
    case .string: try python2String(PickleEscapes.string(line: try readLine()))
    case .shortBinString: .init(textOrBinary: try readCounted(lengthBytes: 1))
    case .binString: .init(textOrBinary: try readSignedCounted())
    case .unicode: try text(PickleEscapes.unicode(line: try readLine()))
    case .shortBinUnicode: try text(try readCounted(lengthBytes: 1))
    case .binUnicode: try text(try readCounted(lengthBytes: 4))
    case .binUnicode8: try text(try readCounted(lengthBytes: 8))
    case .shortBinBytes: .init(textOrBinary: try readCounted(lengthBytes: 1))
    case .binBytes: .init(textOrBinary: try readCounted(lengthBytes: 4))
    case .binBytes8, .byteArray8: .init(textOrBinary: try readCounted(lengthBytes: 8))
    }
  }

  private func python2String(_ bytes: Bytes?) throws -> PickleValue {
    guard let bytes else { throw damaged("a string has wrong quotes or escapes") }
    return .init(textOrBinary: bytes[...])
  }

  private func text(_ bytes: ArraySlice<UInt8>) throws -> PickleValue {
    try text(String(validating: bytes, as: UTF8.self))
  }

  private func text(_ text: String?) throws -> PickleValue {
    guard let text else {
      throw PDBError.unsupportedPickle(
        "the pickle holds a string at byte \(instructionOffset) that is not valid Unicode,"
          + " such as half of a surrogate pair")
    }
    return .text(text)
  }
}
