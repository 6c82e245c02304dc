// Takes a copy of a node's state and reads its history.

import Foundation
import GRDB

enum StoredHistory {
  /// The revisions of a node after a given one, in order.
  ///
  /// The node's file and its write-ahead log are copied and the copy is read: the node may run,
  /// but must not be changing anything.
  static func read(_ place: NodePlace, after revision: UInt64, in directory: String) throws
    -> [StoredRevision]
  {
    let copy = "\(directory)/state-of-\(place.index).db"
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: copy + suffix)
    }
    try FileManager.default.copyItem(atPath: place.stateFile, toPath: copy)
    // The index of the write-ahead log (`-shm`) is made anew from the log itself.
    if FileManager.default.fileExists(atPath: place.stateFile + "-wal") {
      try FileManager.default.copyItem(atPath: place.stateFile + "-wal", toPath: copy + "-wal")
    }
    let queue = try DatabaseQueue(path: copy)
    defer { try? queue.close() }
    return try queue.read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT number, log_index, term, request, operation, first_version, versions
          FROM revision WHERE number > ? ORDER BY number
          """,
        arguments: [Int64(bitPattern: revision)])
      return try rows.map { row in
        StoredRevision(
          revision: UInt64(bitPattern: row[0]), logIndex: UInt64(bitPattern: row[1]),
          term: UInt64(bitPattern: row[2]), request: row[3], operation: row[4],
          changes: try changes(of: row[0], from: row[5], count: row[6], db))
      }
    }
  }

  /// What a revision gave its keys, and what each of them had before.
  private static func changes(
    of revision: Int64, from first: Int64, count: Int, _ db: Database
  ) throws -> [StoredRevision.Change] {
    let versions = try Row.fetchAll(
      db, sql: "SELECT key, value FROM version WHERE revision = ? AND id >= ? ORDER BY id LIMIT ?",
      arguments: [revision, first, count])
    return try versions.map { version in
      let key = version[0] as Data
      let before = try Row.fetchOne(
        db,
        sql: """
          SELECT revision, value FROM version WHERE key = ? AND revision < ?
          ORDER BY revision DESC LIMIT 1
          """,
        arguments: [key, revision])
      return StoredRevision.Change(
        key: Array(key),
        before: before.flatMap { row in
          (row[1] as Data?).map { value in
            StoredRevision.Change.Before(
              revision: UInt64(bitPattern: row[0]), value: Array(value))
          }
        },
        after: (version[1] as Data?).map { Array($0) })
    }
  }
}
