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
          SELECT revision, log_index, term, request, operation, changes FROM history
          WHERE revision > ? ORDER BY revision
          """,
        arguments: [Int64(bitPattern: revision)])
      return try rows.map { row in
        StoredRevision(
          revision: UInt64(bitPattern: row[0]), logIndex: UInt64(bitPattern: row[1]),
          term: UInt64(bitPattern: row[2]), request: row[3], operation: row[4],
          changes: try ChangeReader.read(Array(row[5] as Data)))
      }
    }
  }
}
