// Importing many pairs as one change, written against the view of the state.
//
// A large import does not fit into one entry of the log. Its parts are put aside under keys
// that users do not see, each as an entry of its own; then one entry makes all of them visible. So
// an import is atomic on every node, and one that was interrupted goes on where it stopped.
//
//   NUL import/<id>/<8 bytes, big-endian>   a part: a list of (key value)

/// A part of an import on its way.
public struct ImportPart: Equatable, Sendable {
  /// Names the import: the same file gives the same id.
  public let id: String
  /// Counts from 0.
  public let number: UInt64
  /// The pairs of this part, in the order of the file.
  public let pairs: [NewPair]

  /// A part of the import `id`.
  public init(id: String, number: UInt64, pairs: [NewPair]) {
    self.id = id
    self.number = number
    self.pairs = pairs
  }
}

/// What an import does with a key that exists with another value.
public enum ExistingKeys: String, Equatable, Sendable, CaseIterable {
  /// The import is refused as a whole.
  case refuse
  /// The imported value takes the place of the existing one.
  case replace
  /// The existing value stays.
  case keep
}

package enum ImportKeys {
  package static let prefix = SystemKeys.prefix + Bytes(utf8: "import/")

  package static func parts(of id: String) -> Bytes { prefix + Bytes(utf8: id + "/") }

  static func part(_ number: UInt64, of id: String) -> Bytes {
    parts(of: id) + number.bigEndianBytes
  }

  /// The id in the key of a part.
  static func id(of key: Bytes) -> Bytes { Bytes(key.dropFirst(prefix.count).dropLast(9)) }
}

extension Draft {
  /// Puts a part aside and returns how many pairs it has.
  mutating func stage(_ part: ImportPart) throws -> Int {
    if part.number == 0 { try discardOldImports(besides: part.id) }
    var writer = BinaryWriter(capacity: 4096)
    writer.write(part.pairs)
    try put(ImportKeys.part(part.number, of: part.id), writer.bytes)
    return part.pairs.count
  }

  /// Forgets what was put aside for an import and returns how many parts there were.
  mutating func discardImport(_ id: String) throws -> Int {
    let keys = try partKeys(ImportKeys.parts(of: id))
    for key in keys { try delete(key) }
    return keys.count
  }

  private func partKeys(_ prefix: Bytes) throws -> [Bytes] {
    var keys: [Bytes] = []
    try scan(prefix: prefix) { key, _ in
      keys.append(key)
      return true
    }
    return keys
  }

  /// Imports that were never finished do not stay for ever: beside a new one there is room for a
  /// few, in the order of their ids, which is as good as any.
  private mutating func discardOldImports(besides id: String) throws {
    var seen: [Bytes] = []
    for key in try partKeys(ImportKeys.prefix) where !LeaseKeys.contain(key) {
      let other = ImportKeys.id(of: key)
      guard other != Bytes(utf8: id) else { continue }
      if seen.last != other { seen.append(other) }
      if seen.count > Limits.unfinishedImports { try delete(key) }
    }
  }

  /// Makes all parts visible at once and returns how many keys changed.
  ///
  /// - Throws: `conflict` if a part is missing, or if keys exist that must not.
  mutating func commitImport(
    _ id: String, parts: UInt64, _ existing: ExistingKeys, at time: Timestamp
  ) throws -> Int {
    var changed = 0
    var conflicts: [Bytes] = []
    for number in 0..<parts {
      let key = ImportKeys.part(number, of: id)
      guard let part = try get(key)?.value else {
        throw PDBError(
          .conflict, "part \(number) of the import is not there", hint: "start the import again")
      }
      for pair in try ImportPart.pairs(decoding: part) {
        switch try importPair(pair, existing, at: time) {
        case .changed: changed += 1
        case .same: break
        case .exists: conflicts.append(pair.key)
        }
      }
      try delete(key)
    }
    guard conflicts.isEmpty else { throw Self.existing(conflicts) }
    return changed
  }

  private enum Imported {
    case changed, same, exists
  }

  private mutating func importPair(
    _ pair: NewPair, _ existing: ExistingKeys, at time: Timestamp
  ) throws -> Imported {
    if let found = try get(pair.key) {
      if try found.value == imported(pair, over: found, at: time) { return .same }
      switch existing {
      case .refuse: return .exists
      case .keep: return .same
      case .replace:
        // What is no task does not take a task's place.
        let isTask = (try? JSON(parsing: pair.value))?["title"]?.string != nil
        if found.isTask(under: pair.key), !isTask { return .exists }
      }
    }
    _ = try setPair(pair.key, pair.value, .none, at: time, keepsNumber: true)
    return .changed
  }

  /// What would stand under an existing key after importing a pair.
  private mutating func imported(
    _ pair: NewPair, over found: StoredValue, at time: Timestamp
  ) throws -> Bytes {
    guard TaskKeys.isTask(pair.key), let existing = VersionedTask(found)?.task else {
      return pair.value
    }
    return try adoptTask(pair.key, pair.value, existing, at: time)?.json.serialized() ?? pair.value
  }

  private static func existing(_ keys: [Bytes]) -> PDBError {
    let names = keys.prefix(3).map { "'\($0.shown)'" }.joined(separator: ", ")
    let message =
      switch keys.count {
      case 1: "1 key of the file exist with other values: \(names)"
      case ...3: "\(keys.count) keys of the file exist with other values: \(names)"
      default:
        "\(keys.count) keys of the file exist with other values: \(names) and \(keys.count - 3) more"
      }
    return PDBError(
      .conflict, message,
      hint:
        "--existing replace takes the file's values, --existing keep leaves those that are there",
      details: [
        .init("existing", .array(keys.prefix(20).map { .string($0.shown) })),
        .init("count", JSON(keys.count)),
      ])
  }
}

// MARK: Encoding

extension ImportPart {
  static func pairs(decoding bytes: Bytes) throws -> [NewPair] {
    var reader = BinaryReader(bytes)
    let pairs = try reader.readNewPairs()
    try reader.finish()
    return pairs
  }

  func encode(to writer: inout BinaryWriter) {
    writer.write(id)
    writer.write(number)
    writer.write(pairs)
  }

  init(from reader: inout BinaryReader) throws {
    id = try reader.readString()
    number = try reader.readUInt64()
    pairs = try reader.readNewPairs()
  }
}

extension ExistingKeys {
  /// Numbered for ever, as kinds of operations are.
  var code: UInt8 {
    switch self {
    case .refuse: 0
    case .replace: 1
    case .keep: 2
    }
  }

  init?(code: UInt8) {
    guard let found = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = found
  }
}
