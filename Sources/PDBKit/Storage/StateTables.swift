// The tables of the state, and how rows become values.
//
//   pair     key, value, revision           the keys as they are; revision that changed them
//   history  revision, log_index, term, time, author, request, operation, changes
//   request  log_index, id, fingerprint, time, answer     for exactly-once
//   mark     one row: applied_index, applied_term, revision, hash, forgotten,
//            compacted_revision, history_bytes, membership, checksum
//
// `pair` has row ids on purpose: without them values would live in the tree of the keys, and
// every search that passes a large one would read all of it.
//
// `changes` is written as Revision.swift says. `hash` is the sum of the checksums of all pairs, so two nodes that applied the
// same log have the same hash, and a scan of `pair` can verify it.

import Foundation
package import GRDB
import PDBCoordinator
import PDBModel
import Raft

/// The state within one SQLite transaction.
struct StateTables: StateStorage {
  let db: Database

  static func create(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE IF NOT EXISTS pair(
          key BLOB PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL);
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
          forgotten INTEGER NOT NULL, compacted_revision INTEGER NOT NULL,
          history_bytes INTEGER NOT NULL, membership BLOB NOT NULL, checksum INTEGER NOT NULL);
        """)
  }

  // MARK: Pairs

  func get(_ key: Bytes) throws -> StoredValue? {
    var find = try QuickStatement(db, "SELECT value, revision FROM pair WHERE key = ?")
    find.bind(key)
    guard try find.step() else { return nil }
    return StoredValue(value: find.bytes(0), revision: UInt64(sqlite: find.integer(1)))
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

  func put(_ key: Bytes, _ stored: StoredValue) throws {
    var put = try QuickStatement(
      db,
      """
      INSERT INTO pair VALUES (?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision
      """)
    put.bind(key)
    put.bind(stored.value)
    put.bind(stored.revision)
    try put.run()
  }

  func remove(_ key: Bytes) throws {
    var remove = try QuickStatement(db, "DELETE FROM pair WHERE key = ?")
    remove.bind(key)
    try remove.run()
  }

  // MARK: History

  func append(_ revision: RevisionRecord) throws {
    var insert = try QuickStatement(db, "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    insert.bind(revision.number)
    insert.bind(revision.index)
    insert.bind(revision.term)
    insert.bind(revision.stamp.time.milliseconds)
    insert.bind(revision.stamp.author)
    insert.bind(revision.stamp.request?.id)
    insert.bind(revision.operation)
    insert.bind(revision.changes)
    try insert.run()
  }

  func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT revision, log_index, term, time, author, request, operation, changes FROM history
        WHERE revision BETWEEN ? AND ? ORDER BY revision\(reversed ? " DESC" : "")
        """,
      arguments: [
        min(first, UInt64(Int64.max)).sqlite, min(last, UInt64(Int64.max)).sqlite,
      ])
    while let row = try rows.next() {
      guard try body(RevisionRecord(row)) else { return }
    }
  }

  func removeRevision(_ number: UInt64) throws -> UInt64 {
    var remove = try QuickStatement(
      db, "DELETE FROM history WHERE revision = ? RETURNING length(changes)")
    remove.bind(number)
    return try remove.step() ? UInt64(sqlite: remove.integer(0)) : 0
  }

  // MARK: Requests

  func request(_ id: String) throws -> RememberedRequest? {
    var find = try QuickStatement(
      db, "SELECT log_index, fingerprint, time, answer FROM request WHERE id = ?")
    find.bind(id)
    guard try find.step() else { return nil }
    return RememberedRequest(
      index: Index(sqlite: find.integer(0)), id: id,
      fingerprint: UInt64(sqlite: find.integer(1)),
      time: Timestamp(milliseconds: find.integer(2)), answer: find.bytes(3))
  }

  func remember(_ request: RememberedRequest) throws {
    var insert = try QuickStatement(db, "INSERT INTO request VALUES (?, ?, ?, ?, ?)")
    insert.bind(request.index)
    insert.bind(request.id)
    insert.bind(request.fingerprint)
    insert.bind(request.time.milliseconds)
    insert.bind(request.answer)
    try insert.run()
  }

  func removeRequests(through index: Index) throws -> Timestamp? {
    var newest: Int64?
    var remove = try QuickStatement(db, "DELETE FROM request WHERE log_index <= ? RETURNING time")
    remove.bind(index)
    while try remove.step() { newest = max(newest ?? .min, remove.integer(0)) }
    return newest.map(Timestamp.init(milliseconds:))
  }

  // MARK: The mark

  func mark() throws -> StateMark {
    let statement = try db.cachedStatement(
      sql: """
        SELECT applied_index, applied_term, revision, hash, forgotten, compacted_revision,
          history_bytes, membership, checksum FROM mark
        """)
    guard let row = try Row.fetchOne(statement) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the mark is missing")
    }
    guard let membership = try? Membership(decoding: (row[7] as Data).bytes) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the members are unreadable")
    }
    let mark = StateMark(
      numbers: (0..<7).map { UInt64(sqlite: row[$0]) }, membership: membership)
    guard mark.checksum == UInt64(sqlite: row[8]) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the mark was altered")
    }
    return mark
  }

  package func write(_ mark: StateMark) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO mark VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    let numbers = mark.numbers.map(\.sqlite)
    try statement.execute(
      arguments: StatementArguments(numbers)
        + [Data(mark.membership.encoded()), mark.checksum.sqlite])
  }

  // MARK: Verification

  /// The sum of the checksums of all pairs, from the pairs themselves.
  ///
  /// - Complexity: O(bytes of all pairs).
  func contentHash() throws -> UInt64 {
    var hash: UInt64 = 0
    let rows = try Row.fetchCursor(db, sql: "SELECT key, value, revision FROM pair")
    while let row = try rows.next() {
      // Without copies: this reads everything there is.
      try row.withUnsafeData(atIndex: 0) { key in
        try row.withUnsafeData(atIndex: 1) { value in
          hash &+= StoredValue.checksum(
            of: value ?? Data(), revision: UInt64(sqlite: row[2]), under: key ?? Data())
        }
      }
    }
    return hash
  }
}

extension RevisionRecord {
  /// A row of `history`, its columns in their order.
  package init(_ row: Row) {
    self.init(
      number: UInt64(sqlite: row[0]), index: Index(sqlite: row[1]), term: Term(sqlite: row[2]),
      stamp: Stamp(
        time: Timestamp(milliseconds: row[3]), author: row[4],
        request: (row[5] as String?).map { RequestID(id: $0, fingerprint: 0, firstSent: nil) }),
      operation: row[6], changes: (row[7] as Data).bytes)
  }
}

extension Pair {
  /// A row of `pair`, its columns in their order.
  init(_ row: Row) {
    self.init(
      key: (row[0] as Data).bytes, value: (row[1] as Data).bytes,
      revision: UInt64(sqlite: row[2]))
  }
}

extension RememberedRequest {
  /// A row of `request`, its columns in their order.
  init(_ row: Row) {
    self.init(
      index: UInt64(sqlite: row[0]), id: row[1], fingerprint: UInt64(sqlite: row[2]),
      time: Timestamp(milliseconds: row[3]), answer: (row[4] as Data).bytes)
  }
}

extension StateMark {
  fileprivate var checksum: UInt64 {
    var checksum = Checksum()
    for number in numbers { checksum.update(number) }
    checksum.update(membership.encoded())
    return checksum.value
  }
}
