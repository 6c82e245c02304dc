// A state on its way to another node: read in pieces here, put together there.
//
// A piece is a list of rows of one table:
//
//   1  pairs     [key value revision]
//   2  history   [revision index term time author request? operation changes]
//   3  requests  [index id fingerprint time answer]
//
// The mark goes before all pieces, so the receiver knows what the pieces must add up to.

import Foundation
import GRDB
package import PDBCoordinator
package import PDBModel
import Raft

/// A consistent view of a whole state that stays as it is while the state moves on.
package final class StateSnapshot: Sendable {
  package let mark: StateMark
  private let snapshot: DatabaseSnapshot

  /// A piece is sent when it has as many bytes.
  static let pieceBytes = 256 << 10

  init(_ snapshot: DatabaseSnapshot) throws {
    self.snapshot = snapshot
    mark = try snapshot.read { try StateTables(db: $0).mark() }
  }

  /// Where the next piece begins.
  package enum Position: Sendable {
    case pairs(after: Bytes)
    case history(after: UInt64)
    case requests(after: UInt64)
    case end

    package static let beginning = Position.pairs(after: [])
  }

  /// Runs `body` on the view.
  package func read<T: Sendable>(
    _ body: @escaping @Sendable (any StateView) throws -> T
  ) async throws -> T {
    try await snapshot.read { try body(StateTables(db: $0)) }
  }

  /// The piece at `position`, and where the next begins.
  package func piece(at position: Position) async throws -> (bytes: Bytes, next: Position) {
    try await snapshot.read { db in
      switch position {
      case .pairs(let last): try Self.pairs(after: last, db)
      case .history(let last): try Self.history(after: last, db)
      case .requests(let last): try Self.requests(after: last, db)
      case .end: preconditionFailure("there is nothing after the end")
      }
    }
  }

  private static func pairs(after last: Bytes, _ db: Database) throws -> (Bytes, Position) {
    var rows = Rows(kind: 1)
    let cursor = try Row.fetchCursor(
      db, sql: "SELECT key, value, revision FROM pair WHERE key > ? ORDER BY key",
      arguments: [Data(last)])
    while let row = try cursor.next() {
      let key = (row[0] as Data).bytes
      let isFull = rows.add { writer in
        writer.write(key)
        writer.write((row[1] as Data).bytes)
        writer.write(UInt64(sqlite: row[2]))
      }
      if isFull { return (rows.bytes, .pairs(after: key)) }
    }
    return (rows.bytes, .history(after: 0))
  }

  /// The pairs of a piece; none if it holds something else.
  static func pairs(in piece: Bytes) throws -> [Pair] {
    var reader = BinaryReader(piece)
    guard try reader.readByte() == 1 else { return [] }
    return try reader.readList { reader in
      Pair(
        key: try reader.readBytes(), value: try reader.readBytes(),
        revision: try reader.readUInt64())
    }
  }

  private static func history(after last: UInt64, _ db: Database) throws -> (Bytes, Position) {
    var rows = Rows(kind: 2)
    let cursor = try Row.fetchCursor(
      db, sql: "SELECT * FROM history WHERE revision > ? ORDER BY revision",
      arguments: [last.sqlite])
    while let row = try cursor.next() {
      let revision = UInt64(sqlite: row[0])
      let isFull = rows.add { writer in
        writer.write(revision)
        writer.write(UInt64(sqlite: row[1]))
        writer.write(UInt64(sqlite: row[2]))
        writer.write(row[3] as Int64)
        writer.write(row[4] as String)
        writer.write(optional: row[5] as String?) { $0.write($1) }
        writer.write(row[6] as String)
        writer.write((row[7] as Data).bytes)
      }
      if isFull { return (rows.bytes, .history(after: revision)) }
    }
    return (rows.bytes, .requests(after: 0))
  }

  private static func requests(after last: UInt64, _ db: Database) throws -> (Bytes, Position) {
    var rows = Rows(kind: 3)
    let cursor = try Row.fetchCursor(
      db, sql: "SELECT * FROM request WHERE log_index > ? ORDER BY log_index",
      arguments: [last.sqlite])
    while let row = try cursor.next() {
      let index = UInt64(sqlite: row[0])
      let isFull = rows.add { writer in
        writer.write(index)
        writer.write(row[1] as String)
        writer.write(UInt64(sqlite: row[2]))
        writer.write(row[3] as Int64)
        writer.write((row[4] as Data).bytes)
      }
      if isFull { return (rows.bytes, .requests(after: index)) }
    }
    return (rows.bytes, .end)
  }

  /// The rows of one piece.
  private struct Rows {
    private let kind: UInt8
    private var count: UInt64 = 0
    private var writer = BinaryWriter(capacity: StateSnapshot.pieceBytes + 4096)

    init(kind: UInt8) { self.kind = kind }

    /// Adds a row and tells whether the piece is full.
    mutating func add(_ write: (inout BinaryWriter) -> Void) -> Bool {
      write(&writer)
      count += 1
      return writer.bytes.count >= StateSnapshot.pieceBytes
    }

    var bytes: Bytes {
      var head = BinaryWriter(capacity: writer.bytes.count + 16)
      head.write(byte: kind)
      head.write(count)
      return head.bytes + writer.bytes
    }
  }
}
