// The log on disk: what was made durable comes back, and damage is noticed.

import Foundation
import GRDB
import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBModel
@testable import PDBStorage
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
    indices.map { Entry(index: $0, term: term, payload: .operation([UInt8($0 % 256), 7])) }
  }

  /// What a node would hand to storage for these steps.
  private func append(
    _ store: LogStore, _ entries: [Entry], _ hardState: HardState? = nil
  ) async throws {
    var batch = Persist(number: 1)
    batch.hardState = hardState
    batch.entries = entries
    try store.append([batch])
  }

  /// What another process finds in the file after this one has gone.
  private func reload(_ store: LogStore) throws -> LogStore.Contents? {
    try store.close()
    let other = try LogStore(path: path)
    defer { try? other.close() }
    return try other.load()
  }

  @Test func `a transaction of the log is on the disk when it returns`() throws {
    let queue = try DatabaseQueue(path: path, configuration: SQLite.configuration())
    try SQLite.setDurability(.full, of: queue)
    // 2 is FULL (sqlite.org/pragma.html#pragma_synchronous).
    #expect(try queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
    #expect(try queue.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    try queue.close()
    #expect(try LogStore(path: path).durabilityLevel() == 2)
  }

  @Test func `a new log is empty, and then knows who it belongs to`() throws {
    let store = try LogStore(path: path)
    #expect(try store.load() == nil)
    try store.bootstrap(identity, .beginning(membership))
    let contents = try #require(try reload(store))
    #expect(contents.identity == identity)
    #expect(contents.mark == .beginning(membership))
    #expect(contents.hardState == HardState())
    #expect(contents.entries.isEmpty)
  }

  @Test func `entries and hard state come back`() async throws {
    let store = try LogStore(path: path)
    try store.bootstrap(identity, .beginning(membership))
    try await append(store, entries(1...3, term: 1), HardState(term: 1, vote: .max))
    let member = Entry(index: 4, term: 1, payload: .membership(membership))
    try await append(store, [member])
    let contents = try #require(try reload(store))
    #expect(contents.entries == entries(1...3, term: 1) + [member])
    #expect(contents.hardState == HardState(term: 1, vote: .max))
  }

  @Test func `appending replaces everything from the first entry on`() async throws {
    let store = try LogStore(path: path)
    try store.bootstrap(identity, .beginning(membership))
    try await append(store, entries(1...5, term: 1), HardState(term: 2))
    try await append(store, entries(3...3, term: 2))
    #expect(
      try store.load()?.entries == entries(1...2, term: 1) + entries(3...3, term: 2))
  }

  @Test func `compaction moves the beginning and keeps the rest`() async throws {
    let store = try LogStore(path: path)
    try store.bootstrap(identity, .beginning(membership))
    try await append(store, entries(1...5, term: 1), HardState(term: 1))
    var batch = Persist(number: 2)
    batch.compaction = SnapshotMark(index: 3, term: 1, membership: membership)
    try store.append([batch])
    let contents = try #require(try reload(store))
    #expect(contents.mark == batch.compaction)
    #expect(contents.entries == entries(4...5, term: 1))
  }

  @Test func `what is compacted is deleted bit by bit, and is no part of the log meanwhile`()
    async throws
  {
    var store = try LogStore(path: path)
    try store.bootstrap(identity, .beginning(membership))
    try await append(store, entries(1...1000, term: 1), HardState(term: 1))
    var batch = Persist(number: 2)
    batch.compaction = SnapshotMark(index: 990, term: 1, membership: membership)
    try store.append([batch])
    try await append(store, entries(1001...1001, term: 1))
    #expect(try reload(store)?.entries == entries(991...1001, term: 1))
    #expect((12..<1001).contains(try rowCount()))
    // A node that comes back goes on with it.
    store = try LogStore(path: path)
    _ = try store.load()
    for index in Index(1002)...1010 {
      try await append(store, entries(index...index, term: 1))
    }
    #expect(try reload(store)?.entries == entries(991...1010, term: 1))
    #expect(try rowCount() == 20)
  }

  private func rowCount() throws -> Int {
    try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM entry")! }
  }

  @Test func `a received state replaces the whole log, and entries follow it`() async throws {
    let store = try LogStore(path: path)
    try store.bootstrap(identity, .beginning(membership))
    try await append(store, entries(1...5, term: 1), HardState(term: 2))
    var install = Persist(number: 2)
    install.snapshot = SnapshotMark(index: 9, term: 2, membership: membership)
    var more = Persist(number: 3)
    more.entries = entries(10...11, term: 2)
    try store.append([install, more])
    let contents = try #require(try reload(store))
    #expect(contents.mark == install.snapshot)
    #expect(contents.entries == entries(10...11, term: 2))
  }

  @Test func `whom a node has met it never forgets, and never takes for another`() async throws {
    let store = try LogStore(path: path)
    try await store.remember(7, incarnation: 1)
    try await store.remember(7, incarnation: 2)
    #expect(try store.incarnations() == [7: 1])
  }

  @Test(arguments: [
    "UPDATE entry SET payload = X'0207' WHERE position = 2 AND payload <> X'0207'",
    "UPDATE entry SET payload = X'0307' WHERE position = 2",
    "UPDATE entry SET term = 0 WHERE position = 2", "UPDATE entry SET kind = 0 WHERE position = 2",
    "DELETE FROM entry WHERE position = 2", "DELETE FROM hard_state",
    "UPDATE hard_state SET term = 0", "UPDATE hard_state SET term = 9",
    "UPDATE hard_state SET vote = 5", "UPDATE mark SET position = 1", "DELETE FROM mark",
    "UPDATE mark SET membership = X'01'", "UPDATE identity SET node = 5",
  ])
  func `damage is noticed`(sql: String) async throws {
    let store = try LogStore(path: path)
    try store.bootstrap(identity, .beginning(membership))
    try await append(store, entries(1...3, term: 1), HardState(term: 1))
    try store.close()
    let queue = try DatabaseQueue(path: path)
    let changed = try await queue.write { db in
      try db.execute(sql: sql)
      return db.changesCount
    }
    try queue.close()
    let damaged = try LogStore(path: path)
    if changed == 0 {
      #expect(try damaged.load()?.entries.count == 3)
    } else {
      #expect(PDBError.code { _ = try damaged.load() } == .corrupt)
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
