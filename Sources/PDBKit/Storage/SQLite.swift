// What both files have in common: how they are opened and how their failures are told.

import CSQLitePages
import Foundation
import GRDB
import GRDBSQLite
package import PDBModel

package enum SQLite {
  /// How much a committed transaction survives.
  enum Durability: String {
    /// The transaction is on the disk when it returns.
    case full = "FULL"
    /// The transaction survives the process, but maybe not a power cut.
    case normal = "NORMAL"

    fileprivate var level: Int { self == .full ? 2 : 1 }
  }

  /// What a writer of SQLite keeps in memory at most.
  private static let writerCacheBytes = 32 << 20
  /// How large SQLite's journals stay when they are not needed.
  private static let journalBytes = 16 << 20

  /// Done once, before the first database is opened.
  private static let isSealing = pdb_seal_sqlite_pages() == SQLITE_OK

  /// Every page of a database that is made from now on has a checksum; see CSQLitePages.
  static func sealPages(of db: Database) {
    var count = PDB_PAGE_SEAL_BYTES
    sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_RESERVE_BYTES, &count)
  }

  /// What a file may do to the program that opens it: as little as SQLite allows
  /// (https://sqlite.org/security.html, "Untrusted SQLite Database Files").
  private static func defend(_ db: Database) throws {
    try check(pdb_defend_sqlite(db.sqliteConnection), "SQLite cannot be made defensive")
    // A page whose cells lie is found before they are followed.
    try db.execute(sql: "PRAGMA cell_size_check = ON")
  }

  private static func check(_ result: Int32, _ message: String) throws {
    guard result == SQLITE_OK else {
      throw DatabaseError(resultCode: ResultCode(rawValue: result), message: message)
    }
  }

  /// - Parameters:
  ///   - hasJournal: whether what is written can be taken back; for a file that does not count before it
  ///     is complete it need not be.
  ///   - keepsJournal: whether the journal stays when the last connection is closed.
  /// - Precondition: SQLite lets pdb in between itself and the files.
  static func configuration(
    hasJournal: Bool = true, keepsJournal: Bool = false
  ) -> GRDB.Configuration {
    precondition(isSealing, "SQLite does not take the layer that seals pages")
    var configuration = GRDB.Configuration()
    configuration.journalMode = hasJournal ? .wal : .default
    configuration.prepareDatabase { db in
      sealPages(of: db)
      // Before `defend`, after which it is refused.
      if !hasJournal { try db.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF") }
      try defend(db)
      if keepsJournal {
        try check(pdb_keep_sqlite_journal(db.sqliteConnection), "SQLite cannot keep its journal")
      }
      // A WAL that once grew, because somebody read for long, need not stay large.
      try db.execute(sql: "PRAGMA journal_size_limit = \(journalBytes)")
      // Whoever writes has to change many pages in one transaction now and then.
      if !db.configuration.readonly {
        try db.execute(sql: "PRAGMA cache_size = -\(writerCacheBytes >> 10)")
      }
      #if canImport(Darwin)
        // fsync alone does not reach the platter there.
        try db.execute(sql: "PRAGMA fullfsync = ON")
      #endif
    }
    return configuration
  }

  /// Opens a file for one connection that leaves it in the mode that it has.
  static func plainQueue(_ path: String) throws -> DatabaseQueue {
    var configuration = configuration()
    configuration.journalMode = .default
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Sets how durable transactions are, and makes sure that it is so: GRDB relaxes it to
  /// NORMAL when it turns WAL mode on, after everything that a configuration can say.
  static func setDurability(_ durability: Durability, of writer: some DatabaseWriter) throws {
    try writer.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
      let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
      precondition(level == durability.level, "SQLite does not sync as it was told to")
    }
  }

  /// Runs `body` in a transaction, which takes back what it did when it fails. GRDB's own way there
  /// compiles three statements every time.
  static func transaction<T>(_ db: Database, _ body: () throws -> T) throws -> T {
    try QuickStatement.run(db, "BEGIN IMMEDIATE")
    do {
      let result = try body()
      try QuickStatement.run(db, "COMMIT")
      return result
    } catch {
      // A full disk has taken it back already.
      if db.isInsideTransaction { try QuickStatement.run(db, "ROLLBACK") }
      throw error
    }
  }

  /// Runs `body` and turns a damaged file into an error that names it.
  static func open<T>(_ path: String, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as DatabaseError
      where isDamage(error)
    {
      throw damaged(path, damage(error))
    } catch let error as DatabaseError {
      throw PDBError(
        .dataDirectory, "cannot open '\(path)': \(error.message ?? error.description)",
        hint: "choose another directory with --data-dir, or change its owner or permissions")
    }
  }

  /// What SQLite finds wrong with the structure of a database, if anything.
  ///
  /// - Complexity: O(size of the file).
  static func structuralDamage(_ db: Database) throws -> String? {
    let findings = try String.fetchAll(db, sql: "PRAGMA quick_check(1)")
    return findings == ["ok"] ? nil : findings.first ?? "unreadable"
  }

  /// Whether a failure means that the disk is full: nothing was written, and the same write
  /// will succeed when there is space again.
  package static func isFull(_ error: any Error) -> Bool {
    guard let error = error as? DatabaseError else { return false }
    return error.resultCode == .SQLITE_FULL
      || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE
  }

  /// Whether a failure means that what is in the file is not what was written.
  package static func isDamage(_ error: any Error) -> Bool {
    guard let error = error as? DatabaseError else { return false }
    return [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
      || error.extendedResultCode == ResultCode(rawValue: SQLITE_IOERR | 32 << 8)
  }

  /// What is wrong with a file, as a failure that ``isDamage(_:)`` tells it.
  package static func damage(_ error: any Error) -> String {
    guard let error = error as? DatabaseError else { return "\(error)" }
    return error.resultCode == .SQLITE_IOERR
      ? "a page was altered" : error.message ?? "not a database"
  }

  /// Whether a failure says nothing about the file: another connection has it locked, or the process has
  /// no descriptor left to open it with.
  static func isPassing(_ error: any Error) -> Bool {
    guard let error = error as? DatabaseError else { return false }
    return [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_CANTOPEN].contains(error.resultCode)
  }

  package static func damaged(_ path: String, _ reason: String) -> PDBError {
    PDBError(
      .corrupt, "'\(path)' is damaged: \(reason)",
      hint: "the node does not start, so that it cannot spread or forget anything; "
        + "if the rest of the cluster is well, remove this node ('pdb cluster remove'), move its "
        + "files away and start it with --join")
  }
}

extension Data {
  var bytes: Bytes { Bytes(self) }
}

extension UInt64 {
  /// SQLite's integers are signed; the bits are kept.
  var sqlite: Int64 { Int64(bitPattern: self) }

  package init(sqlite value: Int64) { self.init(bitPattern: value) }
}
