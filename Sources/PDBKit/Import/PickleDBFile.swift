// The files of pickleDB, of all its generations, as pairs.

import PDBModel

/// The pairs in a file that pickleDB wrote.
///
/// What its versions write, from the sources of its releases:
///
/// - 0.1: a pickle of one dict.
/// - 0.2 to 0.9: one JSON object, by `json.dump` or `simplejson.dump`: all but ASCII is
///   escaped, and `NaN` and `Infinity` may occur, which are not JSON. `lcreate` and `dcreate`
///   make arrays and objects in it.
/// - 1.x: one JSON object in UTF-8, by `orjson.dumps`; an empty file is an empty database.
/// - 1.2, its class `AsyncPickleDB`: a line for each change, see ``PickleDBLines``.
/// - 1.5 and later, their class `PickleDBSQLite`: a database of SQLite, which is not read here.
struct PickleDBFile {
  /// What kind of file this is, for people.
  let generation: String
  /// In the order of the file. No key comes twice: the last value counts, as in Python.
  let pairs: [(key: String, value: JSON)]

  /// - Throws: ``PDBError`` for files that are damaged, that hold what JSON cannot, or whose
  ///   top level is not a dict.
  init(_ bytes: Bytes) throws {
    let text = PickleDBFile.withoutByteOrderMark(bytes)
    if Pickle.looksLikePickle(bytes) {
      generation = "pickle"
      pairs = try PickleDBFile.pairs(try Pickle.decode(bytes, depth: PickleDBFile.depth))
    } else if PickleDBLines.recognises(text) {
      generation = "pickleDB JSON lines"
      pairs = try PickleDBLines.pairs(text)
    } else {
      try PickleDBFile.refuseOtherFormats(bytes)
      generation = "pickleDB JSON"
      pairs = text.isEmpty ? [] : try PickleDBFile.pairs(try PickleDBFile.parse(text))
    }
  }

  /// Whether a file begins like one of pickleDB, or like one of which only this type can say
  /// what is wrong with it. An empty file does: it is an empty database.
  static func recognises(_ bytes: Bytes) -> Bool {
    if Pickle.looksLikePickle(bytes) || isSQLite(bytes) || isUTF16(bytes) { return true }
    let first = withoutByteOrderMark(bytes).first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return bytes.isEmpty || first == UInt8(ascii: "{")
  }

  /// The object around the values is one level more than a value may have.
  static let depth = Limits.jsonDepth + 1

  private static func pairs(_ json: JSON) throws -> [(key: String, value: JSON)] {
    guard let members = json.members else {
      throw PDBError(
        .badRequest, "the file holds \(kind(of: json)) where pickleDB keeps a dict of all pairs",
        hint: "give a file that pickleDB wrote")
    }
    var pairs = PickleDBPairs()
    for member in members { pairs.set(member.name, member.value) }
    return pairs.list
  }

  private static func kind(of json: JSON) -> String {
    switch json {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }

  // MARK: JSON

  private static func parse(_ text: Bytes) throws -> JSON {
    do {
      return try JSON(parsing: text, depth: depth)
    } catch let error as JSON.SyntaxError {
      throw error.explained(in: text, place: "the file")
    }
  }

  /// Editors on Windows put one there; pickleDB itself does not.
  private static func withoutByteOrderMark(_ bytes: Bytes) -> Bytes {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Bytes(bytes.dropFirst(3)) : bytes
  }

  private static func isSQLite(_ bytes: Bytes) -> Bool {
    bytes.starts(with: "SQLite format 3\0".utf8)
  }

  private static func isUTF16(_ bytes: Bytes) -> Bool {
    bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
  }

  private static func refuseOtherFormats(_ bytes: Bytes) throws {
    if isSQLite(bytes) {
      throw PDBError(
        .badRequest, "the file is a database of SQLite, not of pickleDB's JSON",
        hint: "if PickleDBSQLite wrote it, read all its keys in Python, and save them as one"
          + " dict with json.dump")
    }
    if isUTF16(bytes) {
      throw PDBError(
        .badRequest, "the file is text in UTF-16", hint: "save it in UTF-8, and try again")
    }
  }
}

/// Pairs in order, in which a key keeps its place when its value changes: a dict of Python.
struct PickleDBPairs {
  private var entries: [(key: String, value: JSON)?] = []
  private var positions: [Bytes: Int] = [:]

  var list: [(key: String, value: JSON)] { entries.compactMap { $0 } }

  mutating func set(_ key: String, _ value: JSON) {
    let name = Bytes(utf8: key)
    if let position = positions[name] {
      entries[position] = (key, value)
    } else {
      positions[name] = entries.count
      entries.append((key, value))
    }
  }

  mutating func remove(_ key: String) {
    if let position = positions.removeValue(forKey: Bytes(utf8: key)) { entries[position] = nil }
  }
}
