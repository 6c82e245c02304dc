// Damages a file where it matters: inside something that the node has stored.

import Foundation
import GRDB

/// A bit that was turned over.
struct BitFlip: CustomStringConvertible {
  /// Whether the node can have again what was damaged: a state, but never a log.
  let isMendable: Bool
  private let file: String
  private let what: String
  private let offset: Int
  private let altered: UInt8
  private let original: UInt8

  var description: String {
    "\(what) at byte \(offset) of '\(URL(fileURLWithPath: file).lastPathComponent)'"
  }

  /// Turns one bit over in one of the files of a node that does not run: in a file of its log, or in
  /// a value of its state.
  ///
  /// - Returns: `nil` if there is nothing to damage yet.
  static func make(in place: NodePlace, _ dice: inout Randomness) throws -> BitFlip? {
    if dice.isLucky(percent: 50) { return try value(place.stateFile, &dice) }
    return try log(place, &dice)
  }

  private func write(_ byte: UInt8) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
    defer { try? handle.close() }
    try handle.seek(toOffset: UInt64(offset))
    try handle.write(contentsOf: Data([byte]))
  }

  /// Turns the bit back, unless something else was written there since.
  func undo() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    if offset < data.count, data[offset] == altered { try write(original) }
  }

  // MARK: In the log

  /// Turns one bit over in what the node knows to be durable: what is behind that cannot be told from
  /// what it was writing when it died.
  private static func log(_ place: NodePlace, _ dice: inout Randomness) throws -> BitFlip? {
    guard let end = LogSegment.durableFrame(place.logEndFile) else { return nil }
    for file in place.logFiles.shuffled(using: &dice) {
      let data = try Data(contentsOf: URL(fileURLWithPath: file))
      let ranges = LogSegment.meaningfulBytes(of: data, through: end)
      guard !ranges.isEmpty else { continue }
      // Small ones, which are many, are not to hide the beginning of a file and the large ones.
      let range = dice.pick(ranges)
      let offset = range.lowerBound + dice.below(range.count)
      let flip = BitFlip(
        isMendable: false, file: file, what: "the log", offset: offset,
        altered: data[offset] ^ (1 << UInt8(dice.below(8))), original: data[offset])
      try flip.write(flip.altered)
      return flip
    }
    return nil
  }

  // MARK: In the state

  /// Turns one bit over in a value of the state.
  ///
  /// What is still in the write-ahead log is moved into the file first, as SQLite does by
  /// itself sooner or later; then the bytes of some value are looked for in the file. The same
  /// bytes may also stand in an unused page, so the row is read again to see that it has changed.
  private static func value(_ file: String, _ dice: inout Randomness) throws -> BitFlip? {
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    let rows = try newestValues(in: file).shuffled(using: &dice)
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    for (id, value) in rows {
      let place = dice.below(value.count)
      let bit = UInt8(1) << UInt8(dice.below(8))
      var searched = data.startIndex..<data.endIndex
      while let range = data.range(of: value, in: searched) {
        let offset = range.lowerBound + place
        let flip = BitFlip(
          isMendable: true, file: file, what: "a value", offset: offset,
          altered: data[offset] ^ bit,
          original: data[offset])
        try flip.write(flip.altered)
        if value != (try? self.value(id, in: file)) { return flip }
        try flip.write(flip.original)
        searched = range.upperBound..<data.endIndex
      }
    }
    return nil
  }

  private static func newestValues(in file: String) throws -> [(id: Int64, value: Data)] {
    let queue = try DatabaseQueue(path: file)
    defer { try? queue.close() }
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
    let rows = try queue.read { db in
      try Row.fetchAll(
        db,
        sql: "SELECT id, value FROM version WHERE value IS NOT NULL ORDER BY id DESC LIMIT 100"
      ).map { (id: $0[0] as Int64, value: $0[1] as Data) }
    }
    // Longer ones are split over pages.
    return rows.filter { (8...600).contains($0.value.count) }
  }

  private static func value(_ id: Int64, in file: String) throws -> Data? {
    let queue = try DatabaseQueue(path: file)
    defer { try? queue.close() }
    return try queue.read { db in
      try Data.fetchOne(db, sql: "SELECT value FROM version WHERE id = ?", arguments: [id])
    }
  }
}
