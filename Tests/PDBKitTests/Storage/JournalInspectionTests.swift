// A journal of the log of version 0.1 that was altered is told from one that a crash cut short.

import Foundation
import GRDB
import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBStorage

@Suite struct JournalInspectionTests {
  private let directory: TemporaryDirectory
  private let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.path + "/log"
  }

  /// A copy of the files of a database with `count` synced transactions in its journal, as a
  /// killed process leaves them.
  private func leaveBehind(_ count: Int) throws {
    let original = directory.path + "/original"
    let queue = try DatabaseQueue(path: original, configuration: SQLite.configuration())
    try SQLite.setDurability(.full, of: queue)
    try queue.write { try $0.execute(sql: "CREATE TABLE t(x)") }
    for number in 1..<count {
      try queue.write { try $0.execute(sql: "INSERT INTO t VALUES (\(number))") }
    }
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: original + suffix, toPath: path + suffix)
    }
    try queue.close()
  }

  private func journal() throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
  }

  private func write(_ journal: Data) throws {
    try journal.write(to: URL(fileURLWithPath: path + "-wal"))
  }

  @Test func `no journal and a whole journal are fine`() throws {
    #expect(try !JournalInspection.isDamaged(path))
    try leaveBehind(20)
    #expect(try journal().count > 20 * 4096)
    #expect(try !JournalInspection.isDamaged(path))
  }

  @Test func `wherever the journal is cut, it is a crash`() throws {
    try leaveBehind(6)
    let whole = try journal()
    for length in stride(from: 0, through: whole.count, by: 997) {
      try write(whole.prefix(length))
      #expect(try !JournalInspection.isDamaged(path))
    }
  }

  @Test func `a flipped bit before the last transaction is damage`() throws {
    try leaveBehind(20)
    let whole = try journal()
    let frame = 24 + 4096
    for offset in [32 + 30, 32 + 16, 32 + 3 * frame + 100, 32 + 8 * frame + 4000] {
      var altered = whole
      altered[offset] ^= 4
      try write(altered)
      #expect(try JournalInspection.isDamaged(path), "at \(offset)")
      #expect(PDBError.code { _ = try OldLog(path: path) } == .corrupt)
    }
    // In the last transaction it cannot be told from one that was never confirmed.
    var torn = whole
    torn[whole.count - 100] ^= 4
    try write(torn)
    #expect(try !JournalInspection.isDamaged(path))
  }
}
