// What a file of SQLite may do to the program that opens it.

import Foundation
import GRDB
import Testing

@testable import PDBStorage

@Suite struct SQLiteTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path + "/file" }

  init() throws { directory = try TemporaryDirectory() }

  @Test(arguments: [true, false]) func `connections trust no schema`(hasJournal: Bool) throws {
    let queue = try DatabaseQueue(
      path: path, configuration: SQLite.configuration(hasJournal: hasJournal))
    try queue.writeWithoutTransaction { db in
      func setting(_ name: String) throws -> String? {
        try String.fetchOne(db, sql: "PRAGMA \(name)")
      }
      #expect(try setting("trusted_schema") == "0")
      #expect(try setting("cell_size_check") == "1")
      #expect(try setting("journal_mode") == (hasJournal ? "wal" : "off"))
      // Defensive: what only SQLite writes cannot be written to.
      try db.execute(sql: "PRAGMA writable_schema = ON")
      #expect(throws: DatabaseError.self) {
        try db.execute(sql: "UPDATE sqlite_schema SET name = name")
      }
    }
  }

  @Test func `triggers and views that somebody put into a file do nothing`() throws {
    let stranger = try DatabaseQueue(path: path)
    try stranger.write { db in
      try db.execute(
        sql: """
          CREATE TABLE a(x); CREATE TABLE b(x);
          CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (new.x); END;
          CREATE VIEW v AS SELECT x FROM a;
          """)
    }
    try stranger.close()
    let queue = try SQLite.plainQueue(path)
    try queue.write { try $0.execute(sql: "INSERT INTO a VALUES (1)") }
    #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM a") } == 1)
    #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM b") } == 0)
    #expect(throws: DatabaseError.self) {
      try queue.read { try Int.fetchOne($0, sql: "SELECT x FROM v") }
    }
  }
}
