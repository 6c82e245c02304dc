// From the state of version 0.1 to the tables of now.
//
// The new file is made beside the old one, from its rows, and synced; then it takes the old one's name.
// A crash before that leaves the old one as it was, and the start after it begins anew.

import Foundation
import GRDB
import PDBCoordinator
package import PDBModel
import Raft

enum StateUpgrade {
  /// Upgrades the state if it is one of version 0.1.
  ///
  /// - Returns: whether it was.
  /// - Throws: `corrupt` if it is damaged; it is left as it is.
  @discardableResult
  static func run(_ path: String) throws -> Bool {
    guard FileManager.default.fileExists(atPath: path) else { return false }
    let staging: StateStaging? = try SQLite.open(path) {
      let old = try SQLite.plainQueue(path)
      guard try old.read({ try isOld($0, path) }) else {
        try old.close()
        return nil
      }
      // Its journal is emptied and goes, so that it cannot be taken for the new file's.
      try old.writeWithoutTransaction { db in
        try db.checkpoint(.truncate)
        try db.execute(sql: "PRAGMA journal_mode = DELETE")
      }
      let staging = try old.read { try copy($0, path) }
      try old.close()
      return staging
    }
    guard let staging else { return false }
    try staging.replaceState()
    return true
  }

  /// Whether the head of the file says that it has the tables of now: it is the same in the journal, for
  /// that never changes (sqlite.org/fileformat.html, section 1.3.14).
  static func isCurrent(_ path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    guard let head = try? file.read(upToCount: 64), head.count == 64 else { return false }
    return head[60..<64].reduce(0) { $0 << 8 | Int($1) } == StateTables.format
  }

  private static func isOld(_ db: Database, _ path: String) throws -> Bool {
    let format = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard format <= StateTables.format else {
      throw PDBError(
        .corrupt, "'\(path)' was written by a newer version of pdb",
        hint: "use the version that wrote it", details: [.init("newer", true)])
    }
    return try format < StateTables.format && db.tableExists("pair")
  }

  private static func copy(_ db: Database, _ path: String) throws -> StateStaging {
    if let damage = try SQLite.structuralDamage(db) { throw SQLite.damaged(path, damage) }
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM mark"),
      let mark = StateMark(old: row)
    else { throw SQLite.damaged(path, "the mark was altered") }
    let staging = try StateStaging(beside: path, mark: mark)
    do {
      try staging.fill { tables in
        let compacted = mark.compactedRevision
        let pairs = try Row.fetchCursor(db, sql: "SELECT * FROM pair ORDER BY key")
        while let row = try pairs.next() { try tables.add(OldPair(row), compacted: compacted) }
        let history = try Row.fetchCursor(db, sql: "SELECT * FROM history ORDER BY revision")
        while let row = try history.next() {
          try tables.add(OldRevision(row), compacted: compacted)
        }
        let requests = try Row.fetchCursor(db, sql: "SELECT * FROM request ORDER BY log_index")
        while let row = try requests.next() { try tables.remember(OldRequest(row).request) }
      }
    } catch {
      staging.abandon()
      if error is BinaryReader.Malformed || error is StateStaging.Incomplete {
        throw SQLite.damaged(path, "a key, a value or the history was altered")
      }
      throw error
    }
    return staging
  }
}

extension StateMark {
  /// The mark in the table of version 0.1; `nil` if it was altered.
  fileprivate init?(old row: Row) {
    guard let membership = try? Membership(decoding: (row["membership"] as Data).bytes) else {
      return nil
    }
    self.init()
    appliedIndex = Index(sqlite: row["applied_index"])
    appliedTerm = Term(sqlite: row["applied_term"])
    self.membership = membership
    data.revision = UInt64(sqlite: row["revision"])
    data.oldHash = UInt64(sqlite: row["hash"])
    data.forgotten = Timestamp(milliseconds: row["forgotten"])
    data.compactedRevision = UInt64(sqlite: row["compacted_revision"])
    data.historyBytes = UInt64(sqlite: row["history_bytes"])
    var checksum = FNVChecksum()
    for number in [
      appliedIndex, appliedTerm, data.revision, data.oldHash,
      UInt64(bitPattern: data.forgotten.milliseconds), data.compactedRevision, data.historyBytes,
    ] { checksum.update(number) }
    checksum.update(membership.encoded())
    guard checksum.value == UInt64(sqlite: row["checksum"]) else { return nil }
  }
}

extension PDBError {
  /// Whether a state was refused because a newer version wrote it: then it is whole, and must not be made
  /// anew.
  package var isOfNewerState: Bool { details.contains { $0.name == "newer" } }
}
