// A state on its way to another node: read in pieces here, put together by StateStaging.swift.

import Foundation
import GRDB
package import PDBCoordinator
package import PDBModel
import Raft

/// A consistent view of a whole state that stays as it is while the state moves on.
package final class StateSnapshot: Sendable {
  package let mark: StateMark
  private let snapshot: DatabaseSnapshot

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
    let rows = try Row.fetchCursor(
      db, sql: "SELECT key, value, revision FROM pair WHERE key > ? ORDER BY key",
      arguments: [Data(last)])
    let (bytes, next) = try piece(rows, Pair.init) { Position.pairs(after: $0.key) }
    return (bytes, next ?? .history(after: 0))
  }

  private static func history(after last: UInt64, _ db: Database) throws -> (Bytes, Position) {
    let rows = try Row.fetchCursor(
      db, sql: "SELECT * FROM history WHERE revision > ? ORDER BY revision",
      arguments: [last.sqlite])
    let (bytes, next) = try piece(rows, RevisionRecord.init) {
      Position.history(after: $0.number)
    }
    return (bytes, next ?? .requests(after: 0))
  }

  private static func requests(after last: UInt64, _ db: Database) throws -> (Bytes, Position) {
    let rows = try Row.fetchCursor(
      db, sql: "SELECT * FROM request WHERE log_index > ? ORDER BY log_index",
      arguments: [last.sqlite])
    let (bytes, next) = try piece(rows, RememberedRequest.init) {
      Position.requests(after: $0.index)
    }
    return (bytes, next ?? .end)
  }

  /// A piece of the rows that come.
  ///
  /// - Returns: `nil` instead of a position after the last row.
  private static func piece<Element: StateRow>(
    _ rows: RowCursor, _ element: (Row) -> Element, _ position: (Element) -> Position
  ) throws -> (bytes: Bytes, next: Position?) {
    var piece = StatePiece.Encoder<Element>()
    while let row = try rows.next() {
      let element = element(row)
      if piece.add(element) { return (piece.bytes, position(element)) }
    }
    return (piece.bytes, nil)
  }
}
