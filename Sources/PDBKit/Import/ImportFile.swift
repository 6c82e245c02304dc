// What can be imported: pdb's own exports, the files of pickleDB, and lists of tasks.
//
// An export is a JSON object a line: a head {"pdb_export":1,...}, then {"key","value"} a pair
// (key_b64 and value_b64 for bytes that are no text), then {"pdb_export_end":COUNT}. Head and
// end may both be missing, so that other programs can write such files easily.

import Crypto
public import PDBModel

/// The pairs of a file, in the order in which they are to be imported.
public struct ImportFile: Sendable {
  /// What kind of file it is, for people.
  public let format: String
  /// The same for the same file: an import that was interrupted is found again by it.
  public let id: String
  /// The pairs, tasks first and the oldest of them before the others. No key repeats.
  public let pairs: [NewPair]

  /// - Throws: `bad_request` with the line, if it is none of the kinds.
  public init(_ file: Bytes) throws {
    // Some editors put a mark before the first letter (Unicode, section 23.8).
    let mark: Bytes = [0xEF, 0xBB, 0xBF]
    let bytes = file.starts(with: mark) ? Bytes(file.dropFirst(mark.count)) : file
    id = String(
      SHA256.hash(data: bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        .joined().prefix(40))
    if !Self.isExport(bytes), let list = try TaskList(bytes) {
      format = list.format
      pairs = Self.ordered(list.pairs)
    } else if !Self.isExport(bytes), PickleDBFile.recognises(bytes) {
      let file = try PickleDBFile(bytes)
      format = file.generation
      pairs = Self.ordered(
        file.pairs.map { NewPair(key: Bytes(utf8: $0.key), value: $0.value.serialized()) })
    } else {
      format = "export of pdb"
      pairs = Self.ordered(try Self.exported(bytes))
    }
    try check()
  }

  /// Tasks come first, the oldest before the others, so that their numbers grow with time.
  private static func ordered(_ pairs: [NewPair]) -> [NewPair] {
    let tasks = pairs.filter { $0.key.starts(with: TaskKeys.prefix) }.map { pair in
      let task = JSON(objectIn: pair.value)
      return (task?["number"]?.uint64 ?? .max, task?["created_at"]?.string ?? "", pair)
    }
    let others = pairs.filter { !$0.key.starts(with: TaskKeys.prefix) }
    return tasks.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2) + others
  }

  private func check() throws {
    var seen: Set<Bytes> = []
    for pair in pairs {
      let name = pair.key.utf8String?.escapingControlCharacters ?? "(binary)"
      guard seen.insert(pair.key).inserted else {
        throw PDBError(
          .badRequest, "the key '\(name)' stands twice in the file",
          hint: "nothing was imported; leave one of them")
      }
      do {
        _ = try Limits.check(key: pair.key)
        try TaskItem.check(Limits.check(value: pair.value), under: pair.key)
      } catch {
        throw PDBError(error.code, "the pair '\(name)' cannot be imported: \(error.message)")
      }
    }
  }

  // MARK: Exports

  /// One line of an export: a key and a value, written with escapes at worst.
  private static let exportLineBytes = 8 << 20

  /// By its first line; a file of pickleDB may be a single line of JSON too.
  private static func isExport(_ bytes: Bytes) -> Bool {
    let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    guard line.count <= exportLineBytes,
      let json = try? JSON(parsing: line, depth: Limits.jsonDepth + 8)
    else { return false }
    let names = Set((json.members ?? []).map(\.name))
    return names.contains("pdb_export") || isPair(json)
  }

  private static let pairNames: Set = ["key", "key_b64", "value", "value_b64"]

  /// Whether an object is a line of an export, whatever else it says.
  private static func isPair(_ json: JSON) -> Bool {
    (json["key"]?.string != nil || json["key_b64"]?.string != nil)
      && (json["value"] != nil || json["value_b64"]?.string != nil)
  }

  private static func exported(_ bytes: Bytes) throws -> [NewPair] {
    var pairs: [NewPair] = []
    var hasHead = false
    var announced: Int64?
    for (number, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      guard let json = try? JSON(parsing: line, depth: Limits.jsonDepth + 8), json.members != nil
      else {
        throw PDBError(
          .badRequest, "line \(number + 1) is no JSON object",
          hint: "'pdb import' reads what 'pdb export' writes, and files of pickleDB")
      }
      if let version = json["pdb_export"] {
        guard version.int64 == 1 else {
          throw PDBError(
            .badRequest, "the export was written by a newer pdb", hint: "use that version")
        }
        hasHead = true
      } else if let count = json["pdb_export_end"] {
        announced = count.int64
      } else {
        pairs.append(try pair(json, number + 1))
      }
    }
    guard !hasHead || announced == Int64(pairs.count) else {
      throw PDBError(
        .badRequest, "the export is not complete: it has \(pairs.count) pairs",
        hint: "nothing was imported; export again")
    }
    return pairs
  }

  private static func pair(_ json: JSON, _ line: Int) throws -> NewPair {
    let members = (json.members ?? []).filter { member in
      // An export writes null beside what is base64.
      pairNames.contains(member.name)
        && !(member.value.isNull && json[member.name + "_b64"] != nil)
    }
    guard let pair = Pair(json: .object(members)) else {
      throw PDBError(
        .badRequest, "line \(line) has no \"key\" and \"value\"",
        hint: "a line is as {\"key\":\"a\",\"value\":1}")
    }
    return NewPair(key: pair.key, value: NewPair.storedValue(of: pair.value))
  }
}
