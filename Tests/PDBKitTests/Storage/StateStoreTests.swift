// The state on disk: applied once, in order, with everything it depends on.

import Foundation
import GRDB
import NIOPosix
import Raft
import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBModel
@testable import PDBServer
@testable import PDBStorage
@testable import PDBStore

@Suite struct StateStoreTests {
  private let directory: TemporaryDirectory
  private let path: String
  private let store: StateStore

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/node_4000.db"
    store = try StateStore(path: path)
  }

  private func entry(
    _ index: Index, _ operation: PDBModel.Operation, request: RequestID? = nil, time: Int64 = 0
  ) -> Entry {
    let stamp = Stamp(time: Timestamp(milliseconds: time), author: "an", request: request)
    return Entry(
      index: index, term: 1,
      payload: .operation(StampedOperation(stamp: stamp, operation: operation).encoded()))
  }

  private func request(
    _ id: String, _ fingerprint: UInt64 = 1, knownRevision: UInt64? = nil
  ) -> RequestID {
    RequestID(id: id, fingerprint: fingerprint, firstSent: nil, knownRevision: knownRevision)
  }

  private func increment(_ index: Index, request: RequestID? = nil) -> Entry {
    entry(index, .increment(key: [0x6E], by: 1), request: request)
  }

  private func number() async throws -> String? {
    try await store.read { view, _ in try view.get([0x6E])?.value.utf8String }
  }

  @Test func `applying answers, counts revisions and remembers how far it came`() async throws {
    let (applied, mark) = try store.apply([
      Entry(index: 1, term: 1, payload: .noop), increment(2), increment(3),
      entry(4, .removeCompletedTasks),
    ])
    #expect(applied.map(\.revision) == [0, 1, 2, 2])
    #expect(mark.appliedIndex == 4 && mark.revision == 2)
    try store.commitPending()
    #expect(try StateStore(path: path).mark() == mark)
    #expect(try await number() == "2")
  }

  @Test func `a long journal is moved into the file and begun anew, between changes`() async throws
  {
    func journalBytes() throws -> Int {
      try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int ?? 0
    }
    var index: Index = 0
    var sizes: [Int] = []
    for _ in 0..<6 {
      for _ in 0..<4 {
        let entries = (0..<100).map { number -> Entry in
          index += 1
          return entry(
            index, .set(key: [1, UInt8(number)], value: Bytes(repeating: 7, count: 16_000), .none))
        }
        _ = try store.apply(entries)
        // Every commit grows the journal: none of them moves it.
        let before = try journalBytes()
        try store.commitPending()
        if sizes.isEmpty { #expect(try journalBytes() > before) }
      }
      try await store.checkpoint(on: .singleton)
      sizes.append(try journalBytes())
    }
    #expect(sizes[0] > 4 << 20)
    #expect(sizes.max()! < 2 * sizes[0], "\(sizes)")
    #expect(try StateStore(path: path).mark() == store.mark())
    try store.verify()
  }

  @Test func `a refused operation changes nothing and still counts as applied`() async throws {
    let (applied, mark) = try store.apply([
      entry(1, .removeTask(TaskReference("7"), .none))
    ])
    guard case .failure(let error) = applied[0].decision else {
      Issue.record("removing what is not there must be refused")
      return
    }
    #expect(error.code == .taskNotFound)
    #expect(mark.appliedIndex == 1 && mark.revision == 0)
  }

  @Test func `a repeated request gets the first answer and changes nothing`() async throws {
    let (applied, mark) = try store.apply([
      increment(1, request: request("r")), increment(2), increment(3, request: request("r")),
    ])
    #expect(try applied[2].decision?.get().pair?.value == Bytes(utf8: "1"))
    #expect(try await number() == "2")
    #expect(mark.revision == 2)
  }

  @Test func `a repeated request is told the revision that it made, not a later one`() throws {
    _ = try store.apply([increment(1, request: request("r")), increment(2), increment(3)])
    let (applied, mark) = try store.apply([increment(4, request: request("r"))])
    #expect(applied[0].answeredRevision == 1 && applied[0].revision == 3 && mark.revision == 3)
  }

  @Test func `a repeated refusal stays a refusal, whatever the state is by then`() async throws {
    let removal = PDBModel.Operation.delete(keys: [[0x6E]], .none)
    let (applied, _) = try store.apply([
      entry(1, removal, request: request("r")), increment(2),
      entry(3, removal, request: request("r")),
    ])
    guard case .failure(let error) = applied[2].decision else {
      Issue.record("the answer changed")
      return
    }
    #expect(error.code == .keyNotFound)
    #expect(try await number() == "1")
  }

  @Test func `one id for two requests is refused`() async throws {
    let (applied, _) = try store.apply([
      increment(1, request: request("r", 1)), increment(2, request: request("r", 2)),
    ])
    guard case .failure(let error) = applied[1].decision else {
      Issue.record("the second request must be refused")
      return
    }
    #expect(error.code == .requestMismatch)
    #expect(try await number() == "1")
  }

  @Test func `forgotten requests are told apart from new ones, the same on every node`()
    async throws
  {
    // One request, then so many entries that it is forgotten.
    let last = Limits.rememberedRequests + 2048
    var entries = [
      entry(1, .increment(key: [0x6E], by: 1), request: request("old"), time: 5000)
    ]
    entries += [increment(2)] + (3...last).map { Entry(index: $0, term: 1, payload: .noop) }
    _ = try store.apply(entries)
    let (applied, mark) = try store.apply([
      increment(last + 1, request: request("old", knownRevision: 0)),
      increment(last + 2, request: request("new", knownRevision: 2)),
      increment(last + 3, request: request("other")),
    ])
    guard case .failure(let error) = applied[0].decision else {
      Issue.record("a retry from before the horizon must not be applied again")
      return
    }
    #expect(error.code == .requestExpired && error.outcome == .unknown)
    #expect(try await number() == "4")
    #expect(mark.forgottenRevision == 2)
    // The same log in batches of another size forgets the same.
    let other = try StateStore(path: directory.path + "/other.db")
    for start in stride(from: 0, to: entries.count, by: 50_000) {
      _ = try other.apply(Array(entries[start..<min(start + 50_000, entries.count)]))
    }
    #expect(other.mark().forgottenRevision == mark.forgottenRevision)
  }

  @Test func `the hash is that of the pairs, however they came to be`() async throws {
    let (_, mark) = try store.apply([
      increment(1), entry(2, .set(key: [0x61], value: [0x31], .none)), increment(3),
      entry(4, .delete(keys: [[0x61]], .none)),
      entry(5, .addTasks([NewTask(id: "id-1", title: "a")])),
    ])
    let sum = try await store.read { view, _ in
      var sum: UInt64 = 0
      try view.scan(from: [], to: nil, reversed: false) { key, stored in
        sum &+= stored.checksum(under: key)
        return true
      }
      return sum
    }
    #expect(mark.hash == sum && sum != 0)
  }

  /// How far the state has come for another process that opens the file.
  private func committedIndex() throws -> Index? {
    var configuration = GRDB.Configuration()
    configuration.readonly = true
    return try DatabaseQueue(path: path, configuration: configuration).read {
      try Data.fetchOne($0, sql: "SELECT content FROM mark").map {
        try StateMark(decoding: $0.bytes).appliedIndex
      }
    }
  }

  @Test func `what is applied can be looked at before it is committed`() async throws {
    _ = try store.apply([increment(1)])
    let seen = try store.readOnWriter { view, mark in
      (try view.get([0x6E])?.value.utf8String, mark.appliedIndex)
    }
    #expect(seen?.0 == "1" && seen?.1 == 1)
    #expect(try committedIndex() == 0)
    // A read that looks at much has it committed first.
    #expect(try await number() == "1")
    #expect(try committedIndex() == 1)
  }

  @Test func `what a failure threw out of the transaction is applied once more`() async throws {
    _ = try store.apply([increment(1), increment(2)])
    let bad = Entry(index: 3, term: 1, payload: .operation([9]))
    #expect(throws: PoisonedEntry.self) { _ = try store.apply([bad]) }
    #expect(try store.readOnWriter { view, _ in try view.get([0x6E])?.value.utf8String } == "2")
    let (applied, mark) = try store.apply([increment(3)])
    #expect(applied.count == 1 && mark.appliedIndex == 3 && mark.revision == 3)
    #expect(try await number() == "3")
    try store.verify()
  }

  /// Lets the writer's file grow no further, or freely again.
  private func limitFile(_ isFull: Bool) throws {
    try store.current.writeWithoutTransaction { db in
      let pages = isFull ? try Int.fetchOne(db, sql: "PRAGMA page_count")! : 1 << 30
      try db.execute(sql: "PRAGMA max_page_count = \(pages)")
    }
  }

  @Test func `a full disk loses nothing of what was applied and not committed`() async throws {
    let large = Bytes(repeating: 0x22, count: 100_000)
    _ = try store.apply([increment(1), increment(2)])
    try limitFile(true)
    let set = entry(3, .set(key: [0x6F], value: large, .none))
    #expect { try store.apply([set]) } throws: { SQLite.isFull($0) }
    // Neither committing nor reading ends anything; both go on once there is space.
    try store.commitPending()
    #expect(try await number() == "2")
    #expect { try store.apply([set]) } throws: { SQLite.isFull($0) }
    try limitFile(false)
    let (applied, mark) = try store.apply([set, increment(4)])
    #expect(applied.count == 2 && mark.revision == 4)
    #expect(try await number() == "3")
    try store.verify()
  }

  /// Lets nothing be committed, as a full disk does.
  private final class FullDisk: TransactionObserver, Sendable {
    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseWillCommit() throws { throw DatabaseError(resultCode: .SQLITE_FULL) }
    func databaseDidCommit(_ db: GRDB.Database) {}
    func databaseDidRollback(_ db: GRDB.Database) {}
  }

  private func fill(_ disk: FullDisk) {
    store.current.writeWithoutTransaction {
      $0.add(transactionObserver: disk, extent: .observerLifetime)
    }
  }

  private func empty(_ disk: FullDisk) {
    store.current.writeWithoutTransaction { $0.remove(transactionObserver: disk) }
  }

  @Test func `while the disk is full everything that was applied can be read`() async throws {
    let disk = FullDisk()
    _ = try store.apply([increment(1)])
    try store.commitPending()
    _ = try store.apply([increment(2), increment(3)])
    fill(disk)
    #expect { try store.commitPending() } throws: { SQLite.isFull($0) }
    for _ in 0..<2 {
      #expect(
        try store.readOnWriter { view, mark in try view.get([0x6E])?.value.utf8String } == "3")
      #expect(try await number() == "3")
    }
    let revisions = try await store.read { view, mark in
      #expect(mark.revision == 3)
      return try view.revision(3) != nil
    }
    #expect(revisions)
    #expect(PDBError.code { _ = try store.snapshot() } == .diskFull)
    empty(disk)
    #expect(try store.snapshot().mark.revision == 3)
    try store.verify()
  }

  @Test func `a long change ends committed, and others see the state before it meanwhile`()
    async throws
  {
    _ = try store.apply([increment(1)])
    let (_, mark) = try await store.applyLong([increment(2)], on: .singleton)
    #expect(mark.appliedIndex == 2)
    #expect(try committedIndex() == 2)
    #expect(try await store.makeDurable(on: .singleton) == 2)
  }

  @Test func `an entry that cannot be read stops the state instead of being skipped`() throws {
    let poisoned = #expect(throws: PoisonedEntry.self) {
      _ = try store.apply([increment(1), Entry(index: 2, term: 1, payload: .operation([9]))])
    }
    #expect(poisoned?.index == 2 && poisoned?.term == 1)
    #expect(store.mark() == StateMark())
    // What was applied before it stands, and what comes before it can be applied.
    _ = try store.apply([increment(1)])
    #expect(throws: PoisonedEntry.self) {
      _ = try store.apply([Entry(index: 2, term: 1, payload: .operation([9]))])
    }
    #expect(store.mark().appliedIndex == 1)
    try store.commitPending()
    #expect(try committedIndex() == 1)
  }

  @Test func `what cannot be carried out stops the state, too`() throws {
    let stamp = Stamp(time: Timestamp(milliseconds: 0), author: "", request: nil)
    func entry(_ index: Index, _ operation: PDBModel.Operation) -> Entry {
      Entry(
        index: index, term: 1,
        payload: .operation(StampedOperation(stamp: stamp, operation: operation).encoded()))
    }
    let part = ImportKeys.part(0, of: "i")
    _ = try store.apply([entry(1, .set(key: part, value: [0xFF], .none))])
    let poisoned = #expect(throws: PoisonedEntry.self) {
      _ = try store.apply([entry(2, .commitImport(id: "i", parts: 1, .refuse))])
    }
    #expect(poisoned?.index == 2)
    let newer = ClusterVersion(number: ClusterVersion.newest.number + 1)
    #expect(throws: PoisonedEntry.self) { _ = try store.apply([entry(2, .raiseVersion(newer))]) }
    #expect(store.mark().appliedIndex == 1)
  }

  @Test func `the history holds what every revision did`() async throws {
    _ = try store.apply([increment(1), increment(2, request: request("r"))])
    try store.commitPending()
    let queue = try DatabaseQueue(path: path)
    let rows = try queue.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM revision ORDER BY number")
    }
    #expect(rows.map { $0["number"] as Int64 } == [1, 2])
    #expect(rows.map { $0["operation"] as String } == ["kv incr", "kv incr"])
    #expect(rows[1]["request"] as String? == "r")
    let changes = try await store.read { view, _ in
      try view.revision(2).map { try view.changes(of: $0) }
    }
    #expect(
      changes == [
        KeyChange(
          key: [0x6E], before: StoredValue(value: [0x31], revision: 1), after: [0x32])
      ])
  }

  /// Every column of every table, with a value that it does not have.
  static let alterations = [
    "UPDATE version SET key = X'6F' WHERE revision = 2",
    "UPDATE version SET key = CAST(X'6F'||key AS BLOB)",
    "UPDATE version SET revision = 9 WHERE revision = 2",
    "UPDATE version SET revision = 0 WHERE revision = 1",
    "UPDATE version SET value = X'39' WHERE revision = 2",
    "UPDATE version SET value = NULL WHERE revision = 2",
    "UPDATE version SET value = X'' WHERE value IS NULL",
    "UPDATE version SET value = X'39' WHERE revision = 1",
    "UPDATE version SET deadline = 5 WHERE revision = 2",
    "UPDATE version SET deadline = 0 WHERE revision = 2",
    "UPDATE version SET checksum = checksum + 1 WHERE revision = 1",
    "DELETE FROM version WHERE revision = 2", "DELETE FROM version WHERE value IS NULL",
    "INSERT INTO version VALUES (NULL, X'62', 1, X'63', NULL, 7, NULL, NULL, NULL)",
    "UPDATE revision SET number = 20 WHERE number = 2",
    "UPDATE revision SET log_index = 9 WHERE number = 2",
    "UPDATE revision SET term = 9 WHERE number = 2",
    "UPDATE revision SET time = 9 WHERE number = 2",
    "UPDATE revision SET author = 'ly' WHERE number = 2",
    "UPDATE revision SET author = '' WHERE number = 2",
    "UPDATE revision SET principal = 'ly' WHERE number = 2",
    "UPDATE revision SET principal = '' WHERE number = 2",
    "UPDATE revision SET request = 's' WHERE number = 2",
    "UPDATE revision SET request = NULL WHERE number = 2",
    "UPDATE revision SET operation = 'kv set' WHERE number = 2",
    "UPDATE revision SET first_version = first_version + 1 WHERE number = 2",
    "UPDATE revision SET versions = 2 WHERE number = 2",
    "UPDATE revision SET versions = 0 WHERE number = 2",
    "UPDATE revision SET visible = 0 WHERE number = 2",
    "UPDATE revision SET bytes = 1 WHERE number = 2",
    "UPDATE revision SET checksum = checksum + 1 WHERE number = 2",
    "UPDATE aside SET key = CAST(key||X'01' AS BLOB)", "UPDATE aside SET value = X'39'",
    "UPDATE aside SET revision = 9", "UPDATE aside SET checksum = checksum + 1",
    "DELETE FROM aside", "UPDATE request SET log_index = 99", "UPDATE request SET id = 's'",
    "UPDATE request SET fingerprint = 9", "UPDATE request SET time = 9",
    "UPDATE request SET revision = 9", "UPDATE request SET answer = X'39'",
    "UPDATE request SET checksum = checksum + 1",
    "UPDATE mark SET content = CAST(X'00'||content AS BLOB)",
    "UPDATE mark SET content = CAST(substr(content, 1, length(content) - 1)||X'7F' AS BLOB)",
    "UPDATE mark SET checksum = checksum + 1", "DELETE FROM mark",
    "DELETE FROM revision WHERE number = 2", "DELETE FROM version WHERE revision = 1",
    "DELETE FROM version WHERE revision = 4",
  ]

  /// Two revisions of a key, one that removes another key, a remembered request and a key without
  /// history.
  private func applySome() throws {
    let part = ImportPart(id: "i", number: 0, pairs: [NewPair(key: [0x78], value: [0x31])])
    _ = try store.apply([
      increment(1), increment(2, request: request("r")),
      entry(3, .set(key: [0x61], value: [0x31], .none)), entry(4, .delete(keys: [[0x61]], .none)),
      entry(5, .stageImport(part)),
    ])
    try store.commitPending()
  }

  private func alter(_ sql: String) throws {
    let queue = try DatabaseQueue(path: path)
    let changes = try queue.write { db in
      try db.execute(sql: sql)
      return db.changesCount
    }
    try queue.close()
    try #require(changes > 0, "nothing was altered")
  }

  @Test(arguments: alterations)
  func `an altered state is noticed`(sql: String) async throws {
    try applySome()
    try store.verify()
    try alter(sql)
    #expect(PDBError.code { try store.verify() } == .corrupt)
    await #expect(throws: PDBError.self) { try await store.scrub() }
  }
}
