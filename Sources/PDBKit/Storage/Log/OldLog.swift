// The log of version 0.1: `node_4000.raft`. It is read once, and moved into the files of LogStore.swift.
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
// Entries are contiguous from the mark's position + 1; what stands before that is not part of the log.
// A checksum covers all other columns of its row; `membership` is written as Membership+Encoding.swift
// says.

import Foundation
import GRDB
import PDBCoordinator
import PDBModel
import Raft

/// The log and the hard state of a node of version 0.1.
struct OldLog {
  private static let format: Int64 = 2
  /// What is left of a log that was moved: enough for a program of version 0.1 to say that another
  /// version wrote the node's files.
  private static let movedFormat: Int64 = 3

  private let path: String
  private let queue: DatabaseQueue

  /// - Returns: `nil` if there is no such log, or none that still counts.
  init?(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    self.path = path
    if try JournalInspection.isDamaged(path) {
      throw SQLite.damaged(path, "its journal was altered after it was confirmed")
    }
    queue = try SQLite.open(path) { try Self.open(path) }
    let format = try SQLite.open(path) { [queue] in
      try queue.read { try Int64.fetchOne($0, sql: "SELECT format FROM identity") }
    }
    if format == Self.movedFormat { return nil }
  }

  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = SQLite.configuration()
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
    }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try SQLite.setDurability(.full, of: queue)
    return queue
  }

  /// The log is in other files now.
  func setMoved() throws {
    try queue.write { db in
      try db.execute(
        sql: "UPDATE identity SET format = ?; DELETE FROM entry", arguments: [Self.movedFormat])
    }
    try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
    try queue.close()
  }

  /// Reads and checks everything; `nil` if it was never begun.
  ///
  /// - Throws: `corrupt` if anything is missing or altered.
  func load() throws -> LogContents? {
    try SQLite.open(path) {
      try queue.read { db in
        if let damage = try SQLite.structuralDamage(db) { throw SQLite.damaged(path, damage) }
        guard let identity = try loadIdentity(db) else { return nil }
        let hardState = try loadHardState(db)
        let mark = try loadMark(db)
        let entries = try loadEntries(after: mark, db)
        guard entries.last?.term ?? mark.term <= hardState.term else {
          throw SQLite.damaged(path, "the hard state is older than the log")
        }
        var head = LogHead(identity, mark)
        head.hardState = hardState
        head.incarnations = try incarnations(db)
        return LogContents(head: head, entries: entries)
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

  private func incarnations(_ db: Database) throws -> [NodeID: UInt64] {
    let rows = try Row.fetchAll(db, sql: "SELECT node, incarnation FROM peer")
    return Dictionary(
      uniqueKeysWithValues: rows.map { (NodeID(sqlite: $0[0]), UInt64(sqlite: $0[1])) })
  }
}

// MARK: Checksums

extension Entry {
  fileprivate var checksum: UInt64 {
    var checksum = FNVChecksum()
    checksum.update(index)
    checksum.update(term)
    checksum.update(UInt64(payload.kind.rawValue))
    checksum.update(payload.content)
    return checksum.value
  }
}

extension HardState {
  fileprivate var checksum: UInt64 {
    var checksum = FNVChecksum()
    checksum.update(term)
    checksum.update(vote == nil ? 0 : 1)
    checksum.update(vote ?? 0)
    return checksum.value
  }
}

extension SnapshotMark {
  fileprivate var checksum: UInt64 {
    var checksum = FNVChecksum()
    checksum.update(index)
    checksum.update(term)
    checksum.update(membership.encoded())
    return checksum.value
  }
}

extension Identity {
  fileprivate var checksum: UInt64 {
    var checksum = FNVChecksum()
    checksum.update(Bytes(utf8: "\(cluster) \(address)"))
    checksum.update(node)
    checksum.update(incarnation)
    return checksum.value
  }
}
