// SQLite's files in memory behave as files do, and lose what files lose.

import Foundation
import GRDB
import MemoryFiles
import Testing

@testable import PDBStorage

@Suite struct MemoryDatabaseTests {
  private let database = MemoryDatabase()

  private func pool(_ database: MemoryDatabase? = nil) throws -> DatabasePool {
    let pool = try DatabasePool(
      path: (database ?? self.database).path, configuration: SQLite.configuration())
    try SQLite.setDurability(.normal, of: pool)
    return pool
  }

  private func begin() throws -> DatabasePool {
    let pool = try pool()
    try pool.write { try $0.execute(sql: "CREATE TABLE number(value INTEGER)") }
    return pool
  }

  private func add(_ numbers: ClosedRange<Int>, to pool: DatabasePool) throws {
    for number in numbers {
      try pool.write { try $0.execute(sql: "INSERT INTO number VALUES (?)", arguments: [number]) }
    }
  }

  /// The numbers that another process finds in these files.
  private func numbers(in database: MemoryDatabase) throws -> [Int] {
    let pool = try pool(database)
    defer { database.remove() }
    return try pool.read { try Int.fetchAll($0, sql: "SELECT value FROM number ORDER BY value") }
  }

  @Test func `a database with a journal lives in memory`() throws {
    let pool = try begin()
    try add(1...3, to: pool)
    #expect(try pool.read { try Int.fetchOne($0, sql: "SELECT sum(value) FROM number") } == 6)
    #expect(database.byteCount(of: database.journal) > 0)
    #expect(!FileManager.default.fileExists(atPath: database.path))
    #expect(try numbers(in: database.afterKill()) == [1, 2, 3])
  }

  @Test func `other paths are the system's`() throws {
    let directory = try TemporaryDirectory()
    let queue = try DatabaseQueue(path: directory.path + "/a.db")
    try queue.write { try $0.execute(sql: "CREATE TABLE a(b)") }
    #expect(FileManager.default.fileExists(atPath: directory.path + "/a.db"))
  }

  @Test func `a reader has its view while another connection writes`() throws {
    let pool = try begin()
    try add(1...1, to: pool)
    let snapshot = try pool.makeSnapshot()
    try add(2...2, to: pool)
    let count = { try Int.fetchOne($0, sql: "SELECT count(*) FROM number") }
    #expect(try snapshot.read(count) == 1)
    #expect(try pool.read(count) == 2)
  }

  @Test func `two connections do not write at once`() throws {
    let pool = try begin()
    let other = try DatabaseQueue(path: database.path)
    try pool.writeWithoutTransaction { db in
      try db.beginTransaction(.immediate)
      let error = #expect(throws: DatabaseError.self) {
        try other.write { try $0.execute(sql: "INSERT INTO number VALUES (9)") }
      }
      #expect(error?.resultCode == .SQLITE_BUSY)
      try db.commit()
    }
    try other.write { try $0.execute(sql: "INSERT INTO number VALUES (9)") }
  }

  @Test func `a power cut takes what was not synced, and nothing else`() throws {
    let pool = try begin()
    try add(1...2, to: pool)
    database.syncJournal()
    #expect(database.unsyncedSectors(of: database.journal) == 0)
    try add(3...4, to: pool)
    #expect(database.unsyncedSectors(of: database.journal) > 0)
    #expect(try numbers(in: database.afterPowerCut(survival: 0, seed: 1)) == [1, 2])
    #expect(try numbers(in: database.afterPowerCut(survival: 1000, seed: 1)) == [1, 2, 3, 4])
  }

  @Test func `of a torn journal the transactions before the tear are left`() throws {
    let pool = try begin()
    try add(1...2, to: pool)
    database.syncJournal()
    try add(3...12, to: pool)
    var outcomes: Set<Int> = []
    for seed in 0..<40 as Range<UInt64> {
      let left = try numbers(in: database.afterPowerCut(survival: 900, seed: seed))
      #expect(left.count >= 2 && left == Array(1...left.count))
      outcomes.insert(left.count)
    }
    #expect(outcomes.count > 2, "\(outcomes)")
  }

  @Test func `the same seed loses the same`() throws {
    let pool = try begin()
    try add(1...9, to: pool)
    let left = try (0..<2).map { _ in
      try numbers(in: database.afterPowerCut(survival: 950, seed: 7))
    }
    #expect(left[0] == left[1])
  }

  @Test func `a checkpoint makes durable what it moves`() throws {
    let pool = try begin()
    try add(1...5, to: pool)
    #expect(database.checkpoint())
    #expect(try numbers(in: database.afterPowerCut(survival: 0, seed: 1)) == [1, 2, 3, 4, 5])
  }

  @Test func `a sync that lies makes nothing durable`() throws {
    let pool = try begin()
    database.sync()
    database.lie()
    try add(1...5, to: pool)
    database.syncJournal()
    #expect(try numbers(in: database.afterPowerCut(survival: 0, seed: 1)) == [])
    #expect(try numbers(in: database.afterKill()) == [1, 2, 3, 4, 5])
  }

  @Test func `files that cannot grow are a full disk, and go on when there is room`() throws {
    let pool = try begin()
    database.fill(true)
    let error = #expect(throws: DatabaseError.self) { try add(1...1, to: pool) }
    #expect(error.map { SQLite.isFull($0) } == true)
    database.fill(false)
    try add(2...2, to: pool)
    #expect(try numbers(in: database.afterKill()) == [2])
  }

  @Test func `a bit that turned over is noticed when its page is read`() throws {
    let pool = try begin()
    try add(1...5, to: pool)
    #expect(database.checkpoint())
    // The journal would hide it.
    let plain = MemoryDatabase()
    try pool.backup(to: SQLite.plainQueue(plain.path))
    plain.flip(plain.path, byte: plain.byteCount(of: plain.path) - 100, bit: 3)
    let error = #expect(throws: DatabaseError.self) { try numbers(in: plain) }
    #expect(error.map { SQLite.isDamage($0) } == true)
  }

  @Test func `a file that is removed stays with those who have it open`() throws {
    let pool = try begin()
    try add(1...2, to: pool)
    let count = { try Int.fetchOne($0, sql: "SELECT count(*) FROM number") }
    #expect(try pool.read(count) == 2)
    database.remove()
    #expect(database.byteCount(of: database.path) < 0)
    #expect(try pool.read(count) == 2)
  }
}
