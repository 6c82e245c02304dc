// The durable log: `node_4000.raft`. What is written here survives a power cut.
//
// It is an SQLite database (WAL, synchronous=FULL) with four tables:
//
//   identity    one row: format, cluster, node, address
//   member      id, address, rank, role: the members the log starts with
//   hard_state  one row: term, vote
//   entry       position (the index), term, kind (0 noop, 1 operation), payload, checksum
//
// Entries are contiguous from 1. The checksum covers all other columns of its row.

import Foundation
import GRDB
import Raft

/// The log and the hard state of one node, on disk.
final class LogStore: Sendable {
  /// Everything a node needs to come back to life.
  struct Contents {
    let identity: Identity
    let membership: Membership
    let hardState: HardState
    let entries: [Entry]
  }

  private static let format = 1
  private let path: String
  private let queue: DatabaseQueue

  init(path: String) throws {
    self.path = path
    queue = try SQLite.open(path) {
      let queue = try DatabaseQueue(path: path, configuration: SQLite.configuration())
      try SQLite.setDurability(.full, of: queue)
      try queue.write(Self.createTables)
      return queue
    }
  }

  private static func createTables(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE IF NOT EXISTS identity(
          only INTEGER PRIMARY KEY CHECK (only = 0), format INTEGER NOT NULL,
          cluster TEXT NOT NULL, node INTEGER NOT NULL, address TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS member(
          id INTEGER PRIMARY KEY, address TEXT NOT NULL, rank INTEGER NOT NULL,
          role INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS hard_state(
          only INTEGER PRIMARY KEY CHECK (only = 0), term INTEGER NOT NULL, vote INTEGER);
        CREATE TABLE IF NOT EXISTS entry(
          position INTEGER PRIMARY KEY, term INTEGER NOT NULL, kind INTEGER NOT NULL,
          payload BLOB NOT NULL, checksum INTEGER NOT NULL);
        """)
  }

  /// What SQLite says of itself; 2 is FULL (sqlite.org/pragma.html#pragma_synchronous).
  func durabilityLevel() throws -> Int? {
    try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
  }

  /// Gives a new node its identity and its first members.
  func bootstrap(_ identity: Identity, _ membership: Membership) throws {
    try queue.write { db in
      try db.execute(
        sql: "INSERT INTO identity VALUES (0, ?, ?, ?, ?)",
        arguments: [
          Self.format, identity.cluster, identity.node.sqlite, identity.address.description,
        ])
      for member in membership.members {
        try db.execute(
          sql: "INSERT INTO member VALUES (?, ?, ?, ?)",
          arguments: [
            member.id.sqlite, member.address, Int64(member.rank), Int64(member.role.rawValue),
          ])
      }
      try db.execute(sql: "INSERT INTO hard_state VALUES (0, 0, NULL)")
    }
  }

  /// Reads and checks everything; `nil` if the node is new.
  ///
  /// - Throws: `corrupt` if anything is missing or altered.
  func load() throws -> Contents? {
    try SQLite.open(path) {
      try queue.read { db in
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM identity") else { return nil }
        guard row["format"] == Self.format else {
          throw PDBError(
            .corrupt, "'\(path)' was written by another version of pdb",
            hint: "use the version that wrote it")
        }
        let identity = Identity(
          cluster: row["cluster"], node: NodeID(sqlite: row["node"]),
          address: try NodeAddress(parsing: row["address"]))
        guard let state = try Row.fetchOne(db, sql: "SELECT * FROM hard_state") else {
          throw SQLite.damaged(path, "the hard state is missing")
        }
        let hardState = HardState(
          term: Term(sqlite: state["term"]),
          vote: (state["vote"] as Int64?).map(NodeID.init(sqlite:)))
        let entries = try loadEntries(db)
        guard entries.last.map(\.term) ?? 0 <= hardState.term else {
          throw SQLite.damaged(path, "the hard state is older than the log")
        }
        return Contents(
          identity: identity, membership: try loadMembership(db), hardState: hardState,
          entries: entries)
      }
    }
  }

  private func loadMembership(_ db: Database) throws -> Membership {
    let members = try Row.fetchAll(db, sql: "SELECT * FROM member").map { row in
      guard let role = Member.Role(rawValue: row["role"]) else {
        throw SQLite.damaged(path, "a member has an unknown role")
      }
      return Member(
        id: NodeID(sqlite: row["id"]), address: row["address"], rank: row["rank"], role: role)
    }
    return Membership(members)
  }

  private func loadEntries(_ db: Database) throws -> [Entry] {
    var entries: [Entry] = []
    let rows = try Row.fetchCursor(
      db, sql: "SELECT position, term, kind, payload, checksum FROM entry ORDER BY position")
    while let row = try rows.next() {
      let payload: Data = row[3]
      let kind: Int64 = row[2]
      let entry = Entry(
        index: Index(sqlite: row[0]), term: Term(sqlite: row[1]),
        payload: kind == 0 ? .noop : .operation(payload.bytes))
      guard entry.index == (entries.last?.index ?? 0) + 1,
        entry.term >= entries.last?.term ?? 0, kind == 0 || kind == 1,
        Self.checksum(entry) == UInt64(sqlite: row[4])
      else {
        throw SQLite.damaged(path, "the log is broken at entry \(entry.index)")
      }
      entries.append(entry)
    }
    return entries
  }

  /// Makes batches durable, in order, in one transaction with one sync. Blocks until the
  /// disk has them.
  func append(_ batches: [Persist]) async throws {
    try await queue.write { db in
      for batch in batches {
        if let state = batch.hardState {
          try db.execute(
            sql: "UPDATE hard_state SET term = ?, vote = ?",
            arguments: [state.term.sqlite, state.vote?.sqlite])
        }
        guard let first = batch.entries.first else { continue }
        let remove = try db.cachedStatement(sql: "DELETE FROM entry WHERE position >= ?")
        try remove.execute(arguments: [first.index.sqlite])
        let insert = try db.cachedStatement(sql: "INSERT INTO entry VALUES (?, ?, ?, ?, ?)")
        for entry in batch.entries {
          let payload: Data
          let kind: Int64
          switch entry.payload {
          case .noop: (payload, kind) = (Data(), 0)
          case .operation(let bytes): (payload, kind) = (Data(bytes), 1)
          }
          try insert.execute(arguments: [
            entry.index.sqlite, entry.term.sqlite, kind, payload, Self.checksum(entry).sqlite,
          ])
        }
      }
    }
  }

  private static func checksum(_ entry: Entry) -> UInt64 {
    var checksum = Checksum()
    checksum.update(entry.index)
    checksum.update(entry.term)
    switch entry.payload {
    case .noop: checksum.update(0)
    case .operation(let bytes):
      checksum.update(1)
      checksum.update(bytes)
    }
    return checksum.value
  }
}
