// The state: `node_4000.db`. Current keys, history, remembered requests.
//
// It is an SQLite database (WAL, synchronous=NORMAL: after a power cut it may lag the log,
// which then replays) with four tables:
//
//   pair     key, value, revision           the keys as they are; revision that changed them
//   history  revision, log_index, term, time, author, request, operation, changes
//   request  log_index, id, fingerprint, time, answer     for exactly-once
//   mark     one row: applied_index, applied_term, revision, hash, forgotten
//
// `changes` is a list of (key, before?(revision value), after?(value)) in BinaryWriter's
// notation. `hash` is the sum of the checksums of all pairs, so two nodes that applied the
// same log have the same hash, and a scan of `pair` can verify it.

import Foundation
import GRDB
import Raft

/// How far the state has come.
struct StateMark: Equatable, Sendable {
  var appliedIndex: Index = 0
  var appliedTerm: Term = 0
  /// Grows by one with every change; the same on every node.
  var revision: UInt64 = 0
  /// Of all pairs; equal on all nodes at equal `appliedIndex`.
  var hash: UInt64 = 0
  /// Requests first sent at or before this time may have been forgotten.
  var forgotten = Timestamp(milliseconds: .min)
}

/// An entry that was applied.
struct Applied: Sendable {
  let index: Index
  let term: Term
  /// `nil` for entries that carry no operation.
  let answer: Answer?
  /// The state's revision after the entry.
  let revision: UInt64
}

/// The state machine of one node, on disk. One writer, many readers.
final class StateStore: Sendable {
  private let pool: DatabasePool

  init(path: String) throws {
    pool = try SQLite.open(path) {
      let pool = try DatabasePool(path: path, configuration: SQLite.configuration())
      try SQLite.setDurability(.normal, of: pool)
      try pool.write(Self.createTables)
      return pool
    }
  }

  private static func createTables(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE IF NOT EXISTS pair(
          key BLOB PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS history(
          revision INTEGER PRIMARY KEY, log_index INTEGER NOT NULL, term INTEGER NOT NULL,
          time INTEGER NOT NULL, author TEXT NOT NULL, request TEXT, operation TEXT NOT NULL,
          changes BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS request(
          log_index INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, fingerprint INTEGER NOT NULL,
          time INTEGER NOT NULL, answer BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS mark(
          only INTEGER PRIMARY KEY CHECK (only = 0), applied_index INTEGER NOT NULL,
          applied_term INTEGER NOT NULL, revision INTEGER NOT NULL, hash INTEGER NOT NULL,
          forgotten INTEGER NOT NULL);
        """)
    try StateMark().insert(into: db)
  }

  func mark() throws -> StateMark { try pool.read(StateMark.init(from:)) }

  /// Runs `body` on one consistent view of the state.
  func read<T: Sendable>(
    _ body: @escaping @Sendable (any KeyValueView, StateMark) throws -> T
  ) async throws -> T {
    try await pool.read { db in try body(DatabaseView(db: db), try StateMark(from: db)) }
  }

  /// Applies committed entries in order, all in one transaction together with the mark.
  func apply(_ entries: [Entry]) async throws -> (applied: [Applied], mark: StateMark) {
    try await pool.write { db in
      var transaction = ApplyTransaction(db: db, mark: try StateMark(from: db))
      let applied = try entries.map { try transaction.apply($0) }
      try transaction.mark.update(in: db)
      return (applied, transaction.mark)
    }
  }
}

// MARK: The mark

extension StateMark {
  init(from db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "SELECT applied_index, applied_term, revision, hash, forgotten FROM mark")
    guard let row = try Row.fetchOne(statement) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the mark is missing")
    }
    self.init(
      appliedIndex: Index(sqlite: row[0]), appliedTerm: Term(sqlite: row[1]),
      revision: UInt64(sqlite: row[2]), hash: UInt64(sqlite: row[3]),
      forgotten: Timestamp(milliseconds: row[4]))
  }

  private var arguments: StatementArguments {
    [
      appliedIndex.sqlite, appliedTerm.sqlite, revision.sqlite, hash.sqlite,
      forgotten.milliseconds,
    ]
  }

  fileprivate func insert(into db: Database) throws {
    try db.execute(
      sql: "INSERT OR IGNORE INTO mark VALUES (0, ?, ?, ?, ?, ?)", arguments: arguments)
  }

  fileprivate func update(in db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        UPDATE mark SET applied_index = ?, applied_term = ?, revision = ?, hash = ?,
          forgotten = ?
        """)
    try statement.execute(arguments: arguments)
  }
}

// MARK: The view

/// The current pairs as operations and readers see them.
struct DatabaseView: KeyValueView {
  let db: Database

  func get(_ key: Bytes) throws -> StoredValue? {
    let statement = try db.cachedStatement(sql: "SELECT value, revision FROM pair WHERE key = ?")
    return try Row.fetchOne(statement, arguments: [Data(key)]).map { row in
      StoredValue(value: (row[0] as Data).bytes, revision: UInt64(sqlite: row[1]))
    }
  }

  func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    // Not a cached statement: a scan may run inside another.
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT key, value, revision FROM pair
        WHERE key >= ?\(upper == nil ? "" : " AND key < ?")
        ORDER BY key\(reversed ? " DESC" : "")
        """,
      arguments: StatementArguments([Data(lower)] + (upper.map { [Data($0)] } ?? [])))
    while let row = try rows.next() {
      let stored = StoredValue(
        value: (row[1] as Data).bytes, revision: UInt64(sqlite: row[2]))
      guard try body((row[0] as Data).bytes, stored) else { return }
    }
  }
}
