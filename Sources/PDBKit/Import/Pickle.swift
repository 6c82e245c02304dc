// Python's pickles as plain data: what the project reads of them, and how much.

import PDBModel

/// Reads Python's pickle format, protocols 0 to 5, without ever executing anything.
///
/// A pickle is a program for a small stack machine, and Python's own reader calls whatever
/// function a pickle names. This reader knows only the instructions that put plain data
/// together (``PickleOpcode``); it has nothing it could call.
///
/// The format is defined by the opcode table in Python's `pickletools` module and by PEP 307
/// (protocol 2), PEP 3154 (protocol 4) and PEP 574 (protocol 5).
enum Pickle {
  /// The newest protocol there is.
  static let newestProtocol: UInt8 = 5
  /// Values and keys that one pickle may hold, each counted as often as it appears: a few
  /// bytes of references to references can stand for more values than any memory holds.
  static let valueCount = 10_000_000
  /// Text in all these values together.
  static let textBytes = 1 << 30
  /// One integer in binary form. Writing it in decimal takes quadratic time; this is a little
  /// more than the 4300 digits that Python itself is willing to write.
  static let integerBytes = 2 << 10

  /// Whether the bytes begin like a pickle. Never true for JSON.
  static func looksLikePickle(_ bytes: Bytes) -> Bool {
    guard bytes.count >= 2, let first = bytes.first else { return false }
    if first == PickleOpcode.Framing.proto.rawValue { return bytes[1] <= newestProtocol }
    if ["(dp", "(lp", "}q", "]q"].contains(where: { bytes.starts(with: $0.utf8) }) { return true }
    return PickleOpcode.isKnown(first) && bytes.last == PickleOpcode.Framing.stop.rawValue
  }

  /// The value that a pickle holds.
  ///
  /// `None` becomes null; tuples and sets become arrays; bytes become a string if they are
  /// UTF-8 and otherwise an object `{"value_b64": "..."}`; keys that are not text become the
  /// text that Python's `json.dumps` gives them.
  ///
  /// - Parameter depth: how deep lists and dicts may be nested.
  /// - Throws: ``PDBError`` for a pickle that is damaged, too large, contains itself, or asks
  ///   for anything but plain data.
  /// - Complexity: O(n) in the length of the pickle and of the value it stands for.
  static func decode(_ bytes: Bytes, depth: Int = Limits.jsonDepth) throws -> JSON {
    var reader = PickleReader(bytes)
    let value = try reader.readDocument()
    return try PickleConversion(contents: reader.contents, limit: depth).convert(value)
  }
}

extension PDBError {
  /// A pickle that cannot become JSON, although nothing is wrong with it.
  static func unsupportedPickle(_ message: String) -> PDBError {
    PDBError(
      .badRequest, message,
      hint: "load the file in Python, and save it again as JSON with json.dump")
  }
}
