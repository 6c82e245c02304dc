// The files of pickleDB's asynchronous class: one change a line.

import PDBModel

/// The journal that `AsyncPickleDB` of pickleDB 1.2 appends to.
///
/// A line is an object of pairs that were set, or `{"__remove__": key}`. There is no line
/// break inside of a line: orjson escapes them.
enum PickleDBLines {
  private static let removal: StaticString = "__remove__"

  /// Whether a second object follows the first line, and nothing else can be meant.
  static func recognises(_ text: Bytes) -> Bool {
    guard text.first == UInt8(ascii: "{"), let end = text.firstIndex(of: 0x0A),
      text[..<end].last(where: isVisible) == UInt8(ascii: "}")
    else { return false }
    return text[end...].first(where: isVisible) == UInt8(ascii: "{")
  }

  /// What is left after all changes.
  static func pairs(_ text: Bytes) throws -> [(key: String, value: JSON)] {
    var pairs = PickleDBPairs()
    for (index, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
    where line.contains(where: isVisible) {
      try apply(Bytes(line), place: "line \(index + 1)", to: &pairs)
    }
    return pairs.list
  }

  private static func apply(
    _ line: Bytes, place: String, to pairs: inout PickleDBPairs
  ) throws {
    let change = try parse(line, place: place)
    guard let members = change.members else {
      throw PDBError(
        .badRequest, "\(place) is not an object of pairs", hint: "give a file that pickleDB wrote")
    }
    if let key = change[removal]?.string {
      pairs.remove(key)
    } else {
      for member in members { pairs.set(member.name, member.value) }
    }
  }

  private static func parse(_ line: Bytes, place: String) throws -> JSON {
    do {
      return try JSON(parsing: line, depth: PickleDBFile.depth)
    } catch let error as JSON.SyntaxError {
      throw error.explained(in: line, place: place)
    }
  }

  private static func isVisible(_ byte: UInt8) -> Bool {
    ![0x20, 0x09, 0x0A, 0x0D].contains(byte)
  }
}
