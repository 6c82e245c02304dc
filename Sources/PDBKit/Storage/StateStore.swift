// The state: `node_4000.db`. Current keys, history, remembered requests.
//
// An SQLite database (WAL, synchronous=NORMAL: after a power cut it may lag the log, which
// then replays); StateTables.swift specifies its tables. A state that was received whole
// waits beside it as `node_4000.db.received-INDEX` until the log has made room for it.

import Foundation
import GRDB
import NIOConcurrencyHelpers
import Raft

/// The state machine of one node, on disk. One writer, many readers.
final class StateStore: Sendable {
  let path: String
  private let pool: NIOLockedValueBox<DatabasePool>

  /// - Parameter membership: the members of a new cluster; a state that exists knows its own.
  init(path: String, membership: Membership = Membership([])) throws {
    self.path = path
    pool = NIOLockedValueBox(try Self.open(path, membership))
  }

  private static func open(_ path: String, _ membership: Membership) throws -> DatabasePool {
    try SQLite.open(path) {
      let pool = try DatabasePool(path: path, configuration: SQLite.configuration())
      try SQLite.setDurability(.normal, of: pool)
      try pool.write { db in
        try StateTables.create(db)
        if try Int.fetchOne(db, sql: "SELECT count(*) FROM mark") == 0 {
          var mark = StateMark()
          mark.membership = membership
          try StateTables(db: db).write(mark)
        }
      }
      return pool
    }
  }

  private var current: DatabasePool { pool.withLockedValue { $0 } }

  func mark() throws -> StateMark { try current.read { try StateTables(db: $0).mark() } }

  /// Compares every pair with the sum that was kept while they were written.
  ///
  /// - Throws: `corrupt` if anything was altered.
  func verify() throws {
    try SQLite.open(path) { try current.read { try Self.verify($0, path) } }
  }

  /// The same while the node runs; readers and the writer go on meanwhile.
  func scrub() async throws {
    let (pool, path) = (current, path)
    do {
      try await pool.read { try Self.verify($0, path) }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
      throw SQLite.damaged(path, error.message ?? "unreadable")
    } catch let error as DatabaseError where error.resultCode == .SQLITE_MISUSE {
      // The state was replaced meanwhile, and verified on that occasion.
    }
  }

  private static func verify(_ db: Database, _ path: String) throws {
    let tables = StateTables(db: db)
    if let damage = try SQLite.structuralDamage(db) { throw SQLite.damaged(path, damage) }
    guard try tables.contentHash() == tables.mark().hash else {
      throw SQLite.damaged(path, "a key or a value was altered")
    }
  }

  /// Runs `body` on one consistent view of the state.
  func read<T: Sendable>(
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> T
  ) async throws -> T {
    let pool = current
    do {
      return try await pool.read { db in
        let tables = StateTables(db: db)
        return try body(tables, try tables.mark())
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_MISUSE {
      // The state was replaced by a received one just now.
      guard current !== pool else { throw error }
      return try await read(body)
    }
  }

  /// Applies committed entries in order, all in one transaction together with the mark.
  func apply(_ entries: [Entry]) async throws -> (applied: [Applied], mark: StateMark) {
    try await current.write { db in
      let tables = StateTables(db: db)
      var machine = StateMachine(storage: tables, mark: try tables.mark())
      let applied = try entries.compactMap { try machine.apply($0) }
      try tables.write(machine.mark)
      return (applied, machine.mark)
    }
  }

  /// Makes everything applied so far survive a power cut, and tells how far that is.
  func makeDurable() async throws -> Index {
    let pool = current
    return try await pool.writeWithoutTransaction { db in
      // A transaction that syncs makes all before it in the same WAL durable.
      try db.execute(sql: "PRAGMA synchronous = FULL")
      defer { try? db.execute(sql: "PRAGMA synchronous = NORMAL") }
      var mark = StateMark()
      try db.inTransaction(.immediate) {
        let tables = StateTables(db: db)
        mark = try tables.mark()
        try tables.write(mark)
        return .commit
      }
      return mark.appliedIndex
    }
  }

  // MARK: Sending and receiving

  /// A view of the state as it is now, to be sent to a peer piece by piece.
  func snapshot() throws -> StateSnapshot { try StateSnapshot(try current.makeSnapshot()) }

  /// Puts the state that was received up to `index` in the place of this one. The log must
  /// begin after that entry already.
  func install(_ index: Index) throws {
    try pool.withLockedValue { pool in
      try pool.close()
      try StateStaging.install(index, at: path)
      pool = try Self.open(path, Membership([]))
    }
  }

  /// Completes what a crash may have interrupted, before the state is opened: when the log
  /// begins beyond the state, the state that was received meanwhile takes its place.
  static func recover(_ path: String, logBegin mark: SnapshotMark) throws {
    if StateStaging.isReceived(mark.index, beside: path) {
      try StateStaging.install(mark.index, at: path)
    }
    try StateStaging.discardLeftovers(beside: path)
  }
}
