// The log on disk: what was made durable comes back, and damage is noticed.

import Foundation
import GRDB
import Testing

@testable import PDBKit
@testable import Raft

@Suite struct LogStoreTests {
  private let directory: TemporaryDirectory
  private let path: String
  private let identity = Identity(
    cluster: "c", node: .max, address: NodeAddress(host: "127.0.0.1", port: 4000))
  private let membership = Membership([
    Member(id: .max, address: "127.0.0.1:4000", rank: 4000)
  ])

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/node_4000.raft"
  }

  private func entries(_ indices: ClosedRange<Index>, term: Term) -> [Entry] {
    indices.map { Entry(index: $0, term: term, payload: .operation([UInt8($0), 7])) }
  }

  /// What a node would hand to storage for these steps.
  private func append(
    _ store: LogStore, _ entries: [Entry], _ hardState: HardState? = nil
  ) async throws {
    var batch = Persist(number: 1)
    batch.hardState = hardState
    batch.entries = entries
    try await store.append([batch])
  }

  @Test func `a transaction of the log is on the disk when it returns`() throws {
    let queue = try DatabaseQueue(path: path, configuration: SQLite.configuration())
    try SQLite.setDurability(.full, of: queue)
    // 2 is FULL (sqlite.org/pragma.html#pragma_synchronous).
    #expect(try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
    #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    #expect(try LogStore(path: path).durabilityLevel() == 2)
  }

  @Test func `a new log is empty, and then knows who it belongs to`() throws {
    let store = try LogStore(path: path)
    #expect(try store.load() == nil)
    try store.bootstrap(identity, membership)
    let contents = try #require(try LogStore(path: path).load())
    #expect(contents.identity == identity)
    #expect(contents.membership == membership)
    #expect(contents.hardState == HardState())
    #expect(contents.entries.isEmpty)
  }

  @Test func `entries and hard state come back`() async throws {
    let store = try LogStore(path: path)
    try store.bootstrap(identity, membership)
    try await append(store, entries(1...3, term: 1), HardState(term: 1, vote: .max))
    let contents = try #require(try LogStore(path: path).load())
    #expect(contents.entries == entries(1...3, term: 1))
    #expect(contents.hardState == HardState(term: 1, vote: .max))
  }

  @Test func `appending replaces everything from the first entry on`() async throws {
    let store = try LogStore(path: path)
    try store.bootstrap(identity, membership)
    try await append(store, entries(1...5, term: 1), HardState(term: 2))
    try await append(store, entries(3...3, term: 2))
    #expect(
      try store.load()?.entries == entries(1...2, term: 1) + entries(3...3, term: 2))
  }

  @Test(arguments: [
    "UPDATE entry SET payload = X'0207' WHERE position = 2 AND payload <> X'0207'",
    "UPDATE entry SET payload = X'0307' WHERE position = 2",
    "UPDATE entry SET term = 0 WHERE position = 2", "UPDATE entry SET kind = 0 WHERE position = 2",
    "DELETE FROM entry WHERE position = 2", "DELETE FROM hard_state",
    "UPDATE hard_state SET term = 0",
  ])
  func `damage is noticed`(sql: String) async throws {
    let store = try LogStore(path: path)
    try store.bootstrap(identity, membership)
    try await append(store, entries(1...3, term: 1), HardState(term: 1))
    let queue = try DatabaseQueue(path: path)
    let changed = try await queue.write { db in
      try db.execute(sql: sql)
      return db.changesCount
    }
    if changed == 0 {
      #expect(try store.load()?.entries.count == 3)
    } else {
      #expect(PDBError.code { _ = try store.load() } == .corrupt)
    }
  }

  @Test func `a file that is no database is refused and left alone`() throws {
    let garbage = Data(repeating: 0x41, count: 5000)
    try garbage.write(to: URL(fileURLWithPath: path))
    #expect(PDBError.code { _ = try LogStore(path: path) } == .corrupt)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage)
  }

  @Test func `two processes cannot have one node's files`() throws {
    let first = try DataDirectory(path: directory.path, port: 4000)
    #expect(
      PDBError.code { _ = try DataDirectory(path: directory.path, port: 4000) } == .dataInUse)
    // Another node's files in the same folder are another matter.
    let second = try DataDirectory(path: directory.path, port: 4001)
    withExtendedLifetime((first, second)) {}
  }

  @Test func `a data directory that cannot be is refused`() throws {
    #expect(PDBError.code { _ = try DataDirectory(path: "/proc/nope", port: 1) } == .dataDirectory)
    try Data().write(to: URL(fileURLWithPath: path))
    #expect(PDBError.code { _ = try DataDirectory(path: path, port: 1) } == .dataDirectory)
  }
}
