// Pages that decay in SQLite's journal: the connection that wrote them neither reads them as good nor
// gives them a checksum that is.

import Foundation
import GRDB
import Testing

@testable import PDBStorage

@Suite struct PageSealTests {
  private let directory: TemporaryDirectory
  private let path: String
  private let writer: DatabaseQueue

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/node_1.db"
    writer = try DatabaseQueue(path: path, configuration: SQLite.configuration())
    try writer.write { db in
      try db.execute(sql: "CREATE TABLE word(id INTEGER PRIMARY KEY, text BLOB NOT NULL)")
      try insert(1...400, into: db)
    }
  }

  private func insert(_ ids: ClosedRange<Int>, into db: Database) throws {
    for id in ids {
      try db.execute(
        sql: "INSERT INTO word VALUES (?, ?)",
        arguments: [id, Data(repeating: UInt8(id & 0xFF), count: 500)])
    }
  }

  private func expectAll(_ count: Int, plus added: Int, in db: Database) throws {
    let rows = try Row.fetchAll(db, sql: "SELECT id, text FROM word ORDER BY id")
    #expect(rows.count == count)
    for row in rows {
      let id: Int = row["id"]
      #expect(row["text"] as Data == Data(repeating: UInt8((id + added) & 0xFF), count: 500))
    }
  }

  /// Flips a bit in every page of the journal.
  private func flip() throws {
    let file = try #require(FileHandle(forUpdatingAtPath: path + "-wal"))
    defer { try? file.close() }
    let (header, frame, page) = (32, 24, 4096)
    let frames = (Int(try file.seekToEnd()) - header) / (frame + page)
    try #require(frames > 40)
    for number in 0..<frames {
      let offset = UInt64(header + number * (frame + page) + frame + 2000)
      try file.seek(toOffset: offset)
      let byte = try #require(try file.read(upToCount: 1)?.first)
      try file.seek(toOffset: offset)
      try file.write(contentsOf: [byte ^ 0x10])
    }
  }

  @Test func `what decays in the journal does not get into the database`() throws {
    try flip()
    #expect {
      try writer.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
    } throws: {
      SQLite.isDamage($0)
    }
  }

  @Test func `the connection that wrote the journal does not read what decays there`() throws {
    try flip()
    writer.releaseMemory()
    #expect {
      try writer.read { _ = try Row.fetchAll($0, sql: "SELECT text FROM word") }
    } throws: {
      SQLite.isDamage($0)
    }
  }

  @Test func `a transaction reads what it has written into the journal itself`() throws {
    try writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA cache_size = 10") }
    for round in 1...3 {
      try writer.write { db in
        // Pages come and go, and are written over before the transaction ends.
        for _ in 0..<4 {
          for id in 1...400 {
            try db.execute(
              sql: "UPDATE word SET text = ? WHERE id = ?",
              arguments: [Data(repeating: UInt8((id + round) & 0xFF), count: 500), id])
          }
          try expectAll(400, plus: round, in: db)
        }
      }
      writer.releaseMemory()
      try writer.read { try expectAll(400, plus: round, in: $0) }
    }
    // What was taken back leaves nothing behind.
    struct Refused: Error {}
    #expect(throws: Refused.self) {
      try writer.write { db in
        try insert(401...800, into: db)
        try db.execute(sql: "DELETE FROM word WHERE id <= 200")
        throw Refused()
      }
    }
    writer.releaseMemory()
    try writer.read { try expectAll(400, plus: 3, in: $0) }
    try writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    try writer.write { try $0.execute(sql: "DELETE FROM word WHERE id > 300") }
    writer.releaseMemory()
    try writer.read { try expectAll(300, plus: 3, in: $0) }
  }
}
