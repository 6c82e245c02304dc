// Damages a file where it matters: inside something that the node has stored.

import Foundation
import GRDB

/// A bit that was turned over.
struct BitFlip: CustomStringConvertible {
  /// What of a node can be damaged.
  enum Target {
    case log
    case state

    fileprivate var name: String { self == .log ? "a log entry" : "a value" }

    fileprivate var newestRows: String {
      switch self {
      case .log: "SELECT position, payload FROM entry ORDER BY position DESC LIMIT 100"
      case .state: "SELECT key, value FROM pair ORDER BY revision DESC LIMIT 100"
      }
    }

    fileprivate var row: String {
      switch self {
      case .log: "SELECT payload FROM entry WHERE position = ?"
      case .state: "SELECT value FROM pair WHERE key = ?"
      }
    }
  }

  private let file: String
  private let target: Target
  private let offset: Int
  private let altered: UInt8
  private let original: UInt8

  var description: String {
    "\(target.name) at byte \(offset) of '\(URL(fileURLWithPath: file).lastPathComponent)'"
  }

  /// Turns one bit over in a log entry or in a value of the state of a node that does not run.
  ///
  /// What is still in the write-ahead log is moved into the file first, as SQLite does by
  /// itself sooner or later; then the bytes of some row are looked for in the file. The same
  /// bytes may also stand in an unused page, so the row is read again to see that it has changed.
  ///
  /// - Returns: `nil` if there is nothing to damage yet.
  static func make(in place: NodePlace, of target: Target, _ dice: inout Randomness) throws
    -> BitFlip?
  {
    let file = target == .log ? place.logFile : place.stateFile
    let rows = try newestRows(of: target, in: file).shuffled(using: &dice)
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    for (key, content) in rows {
      let place = dice.below(content.count)
      let bit = UInt8(1) << UInt8(dice.below(8))
      var searched = data.startIndex..<data.endIndex
      while let range = data.range(of: content, in: searched) {
        let offset = range.lowerBound + place
        let flip = BitFlip(
          file: file, target: target, offset: offset, altered: data[offset] ^ bit,
          original: data[offset])
        try flip.write(flip.altered)
        if content != (try? flip.content(of: key)) { return flip }
        try flip.write(flip.original)
        searched = range.upperBound..<data.endIndex
      }
    }
    return nil
  }

  private static func newestRows(of target: Target, in file: String) throws
    -> [(key: DatabaseValue, content: Data)]
  {
    let queue = try DatabaseQueue(path: file)
    defer { try? queue.close() }
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
    let rows = try queue.read { db in
      try Row.fetchAll(db, sql: target.newestRows).map { row in
        (key: row[0] as DatabaseValue, content: row[1] as Data)
      }
    }
    // Longer ones are split over pages.
    return rows.filter { (8...600).contains($0.content.count) }
  }

  /// What the row with this key holds now.
  private func content(of key: DatabaseValue) throws -> Data? {
    let queue = try DatabaseQueue(path: file)
    defer { try? queue.close() }
    return try queue.read { db in
      try Data.fetchOne(db, sql: target.row, arguments: [key])
    }
  }

  /// Turns the bit back, unless something else was written there since.
  func undo() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    if offset < data.count, data[offset] == altered { try write(original) }
  }

  private func write(_ byte: UInt8) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(offset))
    try handle.write(contentsOf: Data([byte]))
  }
}
