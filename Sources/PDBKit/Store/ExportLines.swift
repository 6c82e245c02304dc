// An export: JSON lines (https://jsonlines.org).
//
//   {"pdb_export":1,"cluster":"...","revision":7,"time":"..."}
//   {"key":"a","value":1,"revision":3}        a line a pair
//   {"pdb_export_end":1}                      how many there were: all of it came

public import PDBModel

/// Makes the lines of an export.
public struct ExportLines: Sendable {
  private var count = 0

  /// The lines of an export that begins.
  public init() {}

  /// The line that says what follows.
  public func begin(cluster: String, revision: UInt64, at time: Timestamp) -> Bytes {
    line([
      "pdb_export": 1, "cluster": .string(cluster), "revision": JSON(revision),
      "time": .string(time.description),
    ])
  }

  /// The lines of some pairs.
  public mutating func add(_ pairs: [Pair]) -> Bytes {
    count += pairs.count
    return pairs.reduce(into: []) { $0 += line($1.json) }
  }

  /// The line that says that this was all.
  public func end() -> Bytes { line(["pdb_export_end": JSON(count)]) }

  private func line(_ json: JSON) -> Bytes { json.serialized() + [UInt8(ascii: "\n")] }
}
