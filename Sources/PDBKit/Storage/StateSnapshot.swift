// A state on its way to another node: read in pieces here, put together by StateStaging.swift.

import Foundation
import GRDB
package import PDBCoordinator
package import PDBModel
package import Raft

/// A consistent view of a whole state that stays as it is while the state moves on.
package final class StateSnapshot: Sendable {
  package let mark: StateMark
  private let snapshot: DatabaseSnapshot
  private let values: ValueView?
  private let whenDamaged: @Sendable (any Error) -> any Error

  /// - Parameter whenDamaged: is told of damage that was met, and says what is thrown.
  init(
    _ snapshot: DatabaseSnapshot, _ values: ValueView?,
    whenDamaged: @escaping @Sendable (any Error) -> any Error
  ) throws {
    self.snapshot = snapshot
    self.values = values
    self.whenDamaged = whenDamaged
    mark = try snapshot.read { db in
      try db.execute(sql: "PRAGMA cache_size = -\(Self.cacheBytes >> 10)")
      return try StateTables(db: db).mark()
    }
  }

  /// What SQLite may keep of the file: it is read once, from its beginning to its end.
  private static let cacheBytes = 512 << 10

  /// Which pieces: those of now, or those that version 0.1 understands.
  package enum Format: Sendable {
    case current
    case old
  }

  /// Where the next piece begins.
  package enum Position: Sendable {
    case versions(after: Int64)
    case revisions(after: UInt64)
    case aside(after: Bytes)
    case requests(after: Index)
    case oldPairs(after: Bytes)
    case oldAside(after: Bytes)
    case oldHistory(after: UInt64)
    case oldRequests(after: Index)
    case end

    package static func beginning(_ format: Format) -> Position {
      switch format {
      case .current: .versions(after: 0)
      case .old: .oldPairs(after: [])
      }
    }
  }

  /// Runs `body` on the view.
  package func read<T: Sendable>(
    _ body: @escaping @Sendable (any StateView) throws -> T
  ) async throws -> T {
    try await look { try body($0) }
  }

  private func look<T: Sendable>(
    _ body: @escaping @Sendable (StateTables) throws -> T
  ) async throws -> T {
    do {
      return try await snapshot.read { [values] in
        try body(StateTables(db: $0, values: values))
      }
    } catch  where SQLite.isDamage(error) {
      throw whenDamaged(error)
    }
  }

  /// The piece at `position`, and where the next begins.
  package func piece(at position: Position) async throws -> (bytes: Bytes, next: Position) {
    try await look { tables in
      switch position {
      case .versions(let last): try Self.versions(after: last, tables)
      case .revisions(let last): try Self.revisions(after: last, tables)
      case .aside(let last): try Self.aside(after: last, tables)
      case .requests(let last): try Self.requests(after: last, tables)
      case .oldPairs(let last): try Self.oldPairs(after: last, tables)
      case .oldAside(let last): try Self.oldAside(after: last, tables)
      case .oldHistory(let last): try Self.oldHistory(after: last, tables)
      case .oldRequests(let last): try Self.oldRequests(after: last, tables)
      case .end: preconditionFailure("there is nothing after the end")
      }
    }
  }

  private static func versions(after last: Int64, _ tables: StateTables) throws -> (Bytes, Position)
  {
    try piece(then: .revisions(after: 0)) { add in
      try tables.scanVersions(after: last) { add($0) ? .versions(after: $0.id!) : nil }
    }
  }

  private static func revisions(
    after last: UInt64, _ tables: StateTables
  ) throws -> (Bytes, Position) {
    try piece(then: .aside(after: [])) { add in
      try tables.scanRevisions(after: last) { add($0) ? .revisions(after: $0.record.number) : nil }
    }
  }

  private static func aside(after last: Bytes, _ tables: StateTables) throws -> (Bytes, Position) {
    try piece(then: .requests(after: 0)) { add in
      try tables.scanAside(after: last) { key, stored in
        add(AsideRow(key: key, stored: stored)) ? .aside(after: key) : nil
      }
    }
  }

  private static func requests(after last: Index, _ tables: StateTables) throws -> (Bytes, Position)
  {
    try piece(then: .end) { add in
      try tables.scanRequests(after: last) { add($0) ? .requests(after: $0.index) : nil }
    }
  }

  private static func oldPairs(after last: Bytes, _ tables: StateTables) throws -> (Bytes, Position)
  {
    try piece(then: .oldAside(after: [])) { add in
      try tables.first(from: last + [0]) { key, stored in
        let row = OldPair(key: key, value: stored.value, revision: stored.revision)
        return add(row) ? .oldPairs(after: key) : nil
      }
    }
  }

  private static func oldAside(
    after last: Bytes, _ tables: StateTables
  ) throws -> (Bytes, Position) {
    try piece(then: .oldHistory(after: 0)) { add in
      try tables.scanAside(after: last) { key, stored in
        let row = OldPair(key: key, value: stored.value, revision: stored.revision)
        return add(row) ? .oldAside(after: key) : nil
      }
    }
  }

  private static func oldHistory(
    after last: UInt64, _ tables: StateTables
  ) throws -> (Bytes, Position) {
    try piece(then: .oldRequests(after: 0)) { add in
      try tables.scanRevisions(after: last) { row in
        let row = OldRevision(row.record, try tables.changes(of: row.record))
        return add(row) ? .oldHistory(after: row.number) : nil
      }
    }
  }

  private static func oldRequests(
    after last: Index, _ tables: StateTables
  ) throws -> (Bytes, Position) {
    try piece(then: .end) { add in
      try tables.scanRequests(after: last) {
        add(OldRequest($0)) ? .oldRequests(after: $0.index) : nil
      }
    }
  }

  /// A piece of the rows that `scan` adds, and where the next begins.
  ///
  /// - Parameters:
  ///   - next: where it begins when there are no more rows.
  ///   - scan: adds rows until that returns that the piece is full; returns the place after the last.
  private static func piece<Element: StateRow>(
    then next: Position, _ scan: ((Element) -> Bool) throws -> Position?
  ) throws -> (Bytes, Position) {
    var piece = StatePiece.Encoder<Element>()
    let position = try scan { piece.add($0) }
    return (piece.bytes, position ?? next)
  }
}
