// The durable log: `node_4000.raft`. What is written here survives a power cut.
//
// An SQLite database (WAL, synchronous=FULL) with these tables:
//
//   identity    one row: format, cluster, node, address, incarnation, checksum
//   mark        one row: position, term, membership, checksum: where the log begins
//   hard_state  one row: term, vote, checksum
//   entry       position (the index), term, kind (0 noop, 1 operation, 2 membership), payload,
//               checksum
//   peer        node, incarnation: which data directory each peer was first met with
//
// Entries are contiguous from the mark's position + 1; what stands before that is no longer part of
// the log and is deleted bit by bit, with the entries that come. A checksum covers all other columns of
// its row; `membership` is written as Membership+Encoding.swift says.

import Foundation
import GRDB
import NIOConcurrencyHelpers
package import PDBCoordinator
import PDBModel
package import Raft

/// The log and the hard state of one node, on disk.
package final class LogStore: Sendable {
  /// Everything a node needs to come back to life.
  package struct Contents {
    package let identity: Identity
    package let mark: SnapshotMark
    package let hardState: HardState
    package let entries: [Entry]

    package init(identity: Identity, mark: SnapshotMark, hardState: HardState, entries: [Entry]) {
      self.identity = identity
      self.mark = mark
      self.hardState = hardState
      self.entries = entries
    }

    /// The members as the newest entry about them has it (Raft §6).
    package var membership: Membership {
      entries.reversed().lazy.compactMap { entry in
        if case .membership(let membership) = entry.payload { membership } else { nil }
      }.first ?? mark.membership
    }
  }

  private static let format = 2
  package let path: String
  private let queue: DatabaseQueue
  /// Positions before the log's beginning whose rows may still be there.
  private let leftovers = NIOLockedValueBox<Range<Index>>(0..<0)
  /// The last position that has a row.
  private let last = NIOLockedValueBox<Index>(0)

  package init(path: String) throws {
    self.path = path
    if try JournalInspection.isDamaged(path) {
      throw SQLite.damaged(path, "its journal was altered after it was confirmed")
    }
    queue = try SQLite.open(path) {
      var configuration = SQLite.configuration()
      configuration.prepareDatabase { db in
        // The log has one connection. Without shared memory there is no mapped file that a
        // full disk could pull away.
        try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
      }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
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
          cluster TEXT NOT NULL, node INTEGER NOT NULL, address TEXT NOT NULL,
          incarnation INTEGER NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS mark(
          only INTEGER PRIMARY KEY CHECK (only = 0), position INTEGER NOT NULL,
          term INTEGER NOT NULL, membership BLOB NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS hard_state(
          only INTEGER PRIMARY KEY CHECK (only = 0), term INTEGER NOT NULL, vote INTEGER,
          checksum INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS entry(
          position INTEGER PRIMARY KEY, term INTEGER NOT NULL, kind INTEGER NOT NULL,
          payload BLOB NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS peer(
          node INTEGER PRIMARY KEY, incarnation INTEGER NOT NULL);
        """)
  }

  /// What SQLite says of itself; 2 is FULL (sqlite.org/pragma.html#pragma_synchronous).
  func durabilityLevel() throws -> Int? {
    try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
  }

  /// Gives a new node its identity and where its log begins.
  package func bootstrap(_ identity: Identity, _ mark: SnapshotMark) throws {
    try queue.write { db in
      try db.execute(
        sql: "INSERT INTO identity VALUES (0, ?, ?, ?, ?, ?, ?)",
        arguments: [
          Self.format, identity.cluster, identity.node.sqlite, identity.address.description,
          identity.incarnation.sqlite, identity.checksum.sqlite,
        ])
      try Self.write(mark, db)
      try Self.write(HardState(term: mark.term), db)
    }
    leftovers.withLockedValue { $0 = (mark.index + 1)..<(mark.index + 1) }
    last.withLockedValue { $0 = mark.index }
  }

  /// Lets go of the file; nothing can be written or read any more.
  package func close() throws { try queue.close() }

  // MARK: Loading

  /// Reads and checks everything; `nil` if the node is new.
  ///
  /// - Throws: `corrupt` if anything is missing or altered.
  package func load() throws -> Contents? {
    try SQLite.open(path) {
      try queue.read { db in
        if let damage = try SQLite.structuralDamage(db) { throw SQLite.damaged(path, damage) }
        guard let identity = try loadIdentity(db) else { return nil }
        let hardState = try loadHardState(db)
        let mark = try loadMark(db)
        let entries = try loadEntries(after: mark, db)
        let first = try Int64.fetchOne(db, sql: "SELECT min(position) FROM entry")
        let oldest = min(first.map(Index.init(sqlite:)) ?? mark.index + 1, mark.index + 1)
        leftovers.withLockedValue { $0 = oldest..<(mark.index + 1) }
        last.withLockedValue { $0 = entries.last?.index ?? mark.index }
        guard entries.last?.term ?? mark.term <= hardState.term else {
          throw SQLite.damaged(path, "the hard state is older than the log")
        }
        return Contents(identity: identity, mark: mark, hardState: hardState, entries: entries)
      }
    }
  }

  private func loadIdentity(_ db: Database) throws -> Identity? {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM identity") else { return nil }
    guard row["format"] == Self.format else {
      throw PDBError(
        .corrupt, "'\(path)' was written by another version of pdb",
        hint: "use the version that wrote it")
    }
    let identity = Identity(
      cluster: row["cluster"], node: NodeID(sqlite: row["node"]),
      address: try NodeAddress(parsing: row["address"]),
      incarnation: UInt64(sqlite: row["incarnation"]))
    guard identity.checksum == UInt64(sqlite: row["checksum"]) else {
      throw SQLite.damaged(path, "the node's identity was altered")
    }
    return identity
  }

  private func loadHardState(_ db: Database) throws -> HardState {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM hard_state") else {
      throw SQLite.damaged(path, "the hard state is missing")
    }
    let hardState = HardState(
      term: Term(sqlite: row["term"]), vote: (row["vote"] as Int64?).map(NodeID.init(sqlite:)))
    guard hardState.checksum == UInt64(sqlite: row["checksum"]) else {
      throw SQLite.damaged(path, "the hard state was altered")
    }
    return hardState
  }

  private func loadMark(_ db: Database) throws -> SnapshotMark {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM mark"),
      let membership = try? Membership(decoding: (row["membership"] as Data).bytes)
    else { throw SQLite.damaged(path, "the log's beginning is missing") }
    let mark = SnapshotMark(
      index: Index(sqlite: row["position"]), term: Term(sqlite: row["term"]),
      membership: membership)
    guard mark.checksum == UInt64(sqlite: row["checksum"]) else {
      throw SQLite.damaged(path, "the log's beginning was altered")
    }
    return mark
  }

  private func loadEntries(after mark: SnapshotMark, _ db: Database) throws -> [Entry] {
    var entries: [Entry] = []
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT position, term, kind, payload, checksum FROM entry WHERE position > ?
        ORDER BY position
        """,
      arguments: [mark.index.sqlite])
    while let row = try rows.next() {
      let index = Index(sqlite: row[0])
      guard
        let kind = UInt8(exactly: row[2] as Int64).flatMap(Entry.Payload.Kind.init),
        let payload = try? Entry.Payload(kind, decoding: (row[3] as Data).bytes)
      else { throw SQLite.damaged(path, "the log is broken at entry \(index)") }
      let entry = Entry(index: index, term: Term(sqlite: row[1]), payload: payload)
      guard entry.index == (entries.last?.index ?? mark.index) + 1,
        entry.term >= entries.last?.term ?? mark.term, entry.checksum == UInt64(sqlite: row[4])
      else { throw SQLite.damaged(path, "the log is broken at entry \(index)") }
      entries.append(entry)
    }
    return entries
  }

  // MARK: Writing

  /// Makes batches durable, in order, in one transaction with one sync. Blocks until the
  /// disk has them.
  package func append(_ batches: [Persist]) throws {
    let (leftovers, last) = try queue.writeWithoutTransaction { db in
      try SQLite.transaction(db) { try append(batches, db) }
    }
    self.leftovers.withLockedValue { $0 = leftovers }
    self.last.withLockedValue { $0 = last }
  }

  /// Returns what is left to be deleted, and the last position.
  private func append(
    _ batches: [Persist], _ db: Database
  ) throws -> (leftovers: Range<Index>, last: Index) {
    var leftovers = try sweep(db)
    var last = last.withLockedValue { $0 }
    for batch in batches {
      if let mark = batch.snapshot {
        try db.execute(sql: "DELETE FROM entry")
        try Self.write(mark, db)
        leftovers = (mark.index + 1)..<(mark.index + 1)
        last = mark.index
      }
      if let state = batch.hardState { try Self.write(state, db) }
      if let first = batch.entries.first {
        if first.index <= last { try Self.delete(first.index..<(last + 1), db) }
        for entry in batch.entries { try Self.write(entry, db) }
        last = batch.entries.last!.index
      }
      if let mark = batch.compaction {
        leftovers = min(leftovers.lowerBound, mark.index)..<(mark.index + 1)
        try Self.write(mark, db)
      }
    }
    return (leftovers, last)
  }

  /// Deletes some of the rows that are no longer part of the log, and tells which are left. All of
  /// them at once would hold up for long the requests that wait for their entries.
  private func sweep(_ db: Database) throws -> Range<Index> {
    let leftovers = leftovers.withLockedValue { $0 }
    guard !leftovers.isEmpty else { return leftovers }
    let end = min(leftovers.lowerBound + Self.sweptAtOnce, leftovers.upperBound)
    try Self.delete(leftovers.lowerBound..<end, db)
    return end..<leftovers.upperBound
  }

  private static let sweptAtOnce: Index = 256

  private static func delete(_ positions: Range<Index>, _ db: Database) throws {
    var delete = try QuickStatement(db, "DELETE FROM entry WHERE position >= ? AND position < ?")
    delete.bind(positions.lowerBound)
    delete.bind(positions.upperBound)
    try delete.run()
  }

  private static func write(_ entry: Entry, _ db: Database) throws {
    var insert = try QuickStatement(db, "INSERT INTO entry VALUES (?, ?, ?, ?, ?)")
    insert.bind(entry.index)
    insert.bind(entry.term)
    insert.bind(UInt64(entry.payload.kind.rawValue))
    insert.bind(entry.payload.content)
    insert.bind(entry.checksum)
    try insert.run()
  }

  private static func write(_ state: HardState, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO hard_state VALUES (0, ?, ?, ?)")
    try statement.execute(arguments: [
      state.term.sqlite, state.vote?.sqlite, state.checksum.sqlite,
    ])
  }

  private static func write(_ mark: SnapshotMark, _ db: Database) throws {
    try db.execute(
      sql: "INSERT OR REPLACE INTO mark VALUES (0, ?, ?, ?, ?)",
      arguments: [
        mark.index.sqlite, mark.term.sqlite, Data(mark.membership.encoded()),
        mark.checksum.sqlite,
      ])
  }

  // MARK: Peers

  /// The data directories that peers were first met with.
  package func incarnations() throws -> [NodeID: UInt64] {
    try queue.read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT node, incarnation FROM peer")
      return Dictionary(
        uniqueKeysWithValues: rows.map { (NodeID(sqlite: $0[0]), UInt64(sqlite: $0[1])) })
    }
  }

  /// Remembers for ever which data directory a peer was first met with.
  package func remember(_ peer: NodeID, incarnation: UInt64) async throws {
    try await queue.write { db in
      try db.execute(
        sql: "INSERT OR IGNORE INTO peer VALUES (?, ?)",
        arguments: [peer.sqlite, incarnation.sqlite])
    }
  }
}

// MARK: Checksums

extension Entry {
  fileprivate var checksum: UInt64 {
    var checksum = Checksum()
    checksum.update(index)
    checksum.update(term)
    checksum.update(UInt64(payload.kind.rawValue))
    checksum.update(payload.content)
    return checksum.value
  }
}

extension HardState {
  fileprivate var checksum: UInt64 {
    var checksum = Checksum()
    checksum.update(term)
    checksum.update(vote == nil ? 0 : 1)
    checksum.update(vote ?? 0)
    return checksum.value
  }
}

extension SnapshotMark {
  fileprivate var checksum: UInt64 {
    var checksum = Checksum()
    checksum.update(index)
    checksum.update(term)
    checksum.update(membership.encoded())
    return checksum.value
  }
}

extension Identity {
  fileprivate var checksum: UInt64 {
    var checksum = Checksum()
    checksum.update(Bytes(utf8: "\(cluster) \(address)"))
    checksum.update(node)
    checksum.update(incarnation)
    return checksum.value
  }
}
