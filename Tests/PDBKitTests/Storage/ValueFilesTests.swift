// Large values: stored once, in the log; found there as long as they are needed, and no longer.

import Foundation
import GRDB
import NIOPosix
import Testing

@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBStorage
@testable import Raft

@Suite struct ValueFilesTests {
  private let directory: TemporaryDirectory
  private let log: LogStore
  private let state: StateStore
  private let membership = Membership([Member(id: 1, address: "127.0.0.1:1", rank: 1)])

  init() throws {
    directory = try TemporaryDirectory()
    (log, state) = try Self.open(directory.path)
    try log.bootstrap(
      Identity(cluster: "c", node: 1, address: NodeAddress(host: "127.0.0.1", port: 1)),
      .beginning(membership))
  }

  private static func open(_ path: String) throws -> (LogStore, StateStore) {
    let log = LogStore(FolderDisk(path: path), name: "node_1.log", segmentBytes: 64 << 10)
    return (log, try StateStore(path: path + "/node_1.db", log: log))
  }

  @Test func `a place where no value can stand holds none`() throws {
    try set([(1, Self.value(1))], at: 1)
    for (offset, length) in [(-1, 10), (0, -1), (0, .max), (.max, 10)] {
      let place = ValuePlace(segment: 1, offset: offset, length: length)
      #expect(try log.values().value(at: place) == nil)
    }
  }

  private static func key(_ number: Int) -> Bytes { Bytes(utf8: "key-\(number)") }

  /// JSON text of some length that tells its number.
  private static func value(_ number: Int, bytes: Int = 10_000) -> Bytes {
    Bytes(utf8: "\"\(number) " + String(repeating: "x", count: bytes) + "\"")
  }

  /// Appends an entry to the log and applies it, as a node does.
  private func set(_ pairs: [(key: Int, value: Bytes)], at index: Index) throws {
    let operation: PDBModel.Operation =
      pairs.count == 1
      ? .set(key: Self.key(pairs[0].key), value: pairs[0].value, .none)
      : .setMany(pairs.map { NewPair(key: Self.key($0.key), value: $0.value) })
    let stamp = Stamp(time: Timestamp(milliseconds: 0), author: "an", request: nil)
    let entry = Entry(
      index: index, term: 1,
      payload: .operation(StampedOperation(stamp: stamp, operation: operation).encoded()))
    var batch = Persist(number: index)
    batch.hardState = HardState(term: 1)
    batch.entries = [entry]
    try log.append([batch])
    _ = try state.apply([entry])
  }

  /// Sets this many keys, one entry each, and gives up the log up to the last of them.
  private func fill(_ indices: ClosedRange<Index>, keys: Int) throws {
    for index in indices {
      try set([(Int(index) % keys, Self.value(Int(index)))], at: index)
    }
  }

  private func compact(through index: Index) throws {
    var batch = Persist(number: 1000 + index)
    batch.compaction = SnapshotMark(index: index, term: 1, membership: membership)
    try log.append([batch])
  }

  private func forget(through number: UInt64) throws {
    _ = try state.withTables { tables in
      for number in 1...number { _ = try tables.forget(Forgetting(number, keepingFrom: number)) }
    }
  }

  private var valueFiles: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: directory.path)
        .filter { $0.contains(".values-") }
    }
  }

  private func read(_ number: Int) async throws -> Bytes? {
    try await state.read { view, _ in try view.get(Self.key(number))?.value }
  }

  private func rowsWithValues() async throws -> Int {
    try state.commitPending()
    return try await state.current.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM version WHERE value IS NOT NULL") ?? 0
    }
  }

  @Test func `a large value is not stored in the state, a small one is`() async throws {
    try set([(1, Self.value(1))], at: 1)
    try set([(2, Self.value(2)), (3, Self.value(3)), (4, Self.value(4, bytes: 10))], at: 2)
    #expect(try await rowsWithValues() == 1)
    for number in 1...3 { #expect(try await read(number) == Self.value(number)) }
    #expect(try await read(4) == Self.value(4, bytes: 10))
    // What stands otherwise in the log than in the state is stored in the state.
    try set([(5, Bytes(utf8: "[" + String(repeating: "1,", count: 4000) + "1]"))], at: 3)
    #expect(try await rowsWithValues() == 1)
  }

  @Test func `values are found after a restart, from the log and from what is left of it`()
    async throws
  {
    try fill(1...40, keys: 40)
    try compact(through: 30)
    #expect(try valueFiles.count >= 2)
    try state.commitPending()
    try state.closeFiles()
    let (log, state) = try Self.open(directory.path)
    _ = try log.load()
    try state.verify()
    for number in 0..<40 {
      let found = try await state.read { view, _ in try view.get(Self.key(number))?.value }
      #expect(found == Self.value(number == 0 ? 40 : number))
    }
  }

  @Test func `a segment goes when nothing in it is needed any more`() async throws {
    try fill(1...40, keys: 2)
    try compact(through: 40)
    let before = try valueFiles.count
    #expect(before >= 4)
    // The history needs all of them.
    try await state.tidyValues(on: .singleton)
    #expect(try valueFiles.count == before)
    #expect(
      try await state.read { view, _ in try view.revision(3).map { try view.changes(of: $0) } }?[0]
        .after == Self.value(3))
    try forget(through: 40)
    try await state.tidyValues(on: .singleton)
    #expect(try valueFiles.isEmpty)
    #expect(try await read(0) == Self.value(40))
    #expect(try await read(1) == Self.value(39))
  }

  @Test func `what little is still needed of a segment is moved into the state`() async throws {
    try fill(1...6, keys: 100)
    try fill(7...40, keys: 2)
    try compact(through: 40)
    try forget(through: 40)
    try await state.tidyValues(on: .singleton)
    for number in 2...6 { #expect(try await read(number) == Self.value(number)) }
    let rest = try valueFiles.count
    #expect(rest <= 1)
    _ = try state.withTables { try $0.verifyRows(after: 40, through: 40) }
  }

  @Test func `who reads an earlier state goes on reading it`() async throws {
    try fill(1...40, keys: 2)
    try compact(through: 40)
    let snapshot = try state.snapshot()
    try forget(through: 40)
    try await state.tidyValues(on: .singleton)
    let seen = try await snapshot.read { view in
      try view.revision(5).map { try view.changes(of: $0) }
    }
    #expect(seen?[0].after == Self.value(5))
    #expect(try !valueFiles.isEmpty)
    withExtendedLifetime(snapshot) {}
  }

  @Test func `a state that is sent carries its values`() async throws {
    try fill(1...20, keys: 3)
    try compact(through: 15)
    let snapshot = try state.snapshot()
    let staging = try StateStaging(
      beside: directory.path + "/other.db", mark: snapshot.mark)
    var position = StateSnapshot.Position.beginning(.current)
    while true {
      if case .end = position { break }
      let (piece, next) = try await snapshot.piece(at: position)
      try staging.add(piece)
      position = next
    }
    try staging.finish()
    try StateStore.installReceived(20, at: directory.path + "/other.db")
    let other = try StateStore(path: directory.path + "/other.db")
    try other.verify()
    let found = try await other.read { view, _ in try view.get(Self.key(2))?.value }
    #expect(found == Self.value(20))
  }

  @Test(arguments: [true, false])
  func `a value that decays is noticed when it is read`(isRetired: Bool) async throws {
    try fill(1...20, keys: 20)
    if isRetired { try compact(through: 20) }
    let wanted = Self.value(3)
    var flipped = 0
    for file in try FileManager.default.contentsOfDirectory(atPath: directory.path)
    where file.contains(".log-") || file.contains(".values-") {
      let path = directory.path + "/" + file
      var bytes = Bytes(try Data(contentsOf: URL(fileURLWithPath: path)))
      guard let offset = bytes.firstOffset(of: wanted, attempts: .max) else { continue }
      bytes[offset + 5000] ^= 1
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.seek(toOffset: UInt64(offset + 5000))
      try handle.write(contentsOf: [bytes[offset + 5000]])
      try handle.close()
      flipped += 1
    }
    #expect(flipped > 0)
    #expect(try await read(4) == Self.value(4))
    await #expect { try await read(3) } throws: { SQLite.isDamage($0) }
  }
}
