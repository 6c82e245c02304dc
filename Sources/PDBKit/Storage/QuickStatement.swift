// Prepared statements for what every change does. GRDB makes an object of every value on its way in
// and out; this binds bytes as they are.

import Foundation
import GRDB
import GRDBSQLite
import PDBModel

/// One use of a statement that the connection keeps prepared. Values are bound in their order.
struct QuickStatement: ~Copyable {
  private let statement: OpaquePointer
  /// Keeps one that is not the connection's.
  private let owned: Statement?
  private var position: Int32 = 0

  init(_ db: Database, _ sql: String) throws {
    statement = try db.cachedStatement(sql: sql).sqliteStatement
    owned = nil
  }

  /// A statement that may run inside another use of the same.
  init(uncached db: Database, _ sql: String) throws {
    let made = try db.makeStatement(sql: sql)
    statement = made.sqliteStatement
    owned = made
  }

  /// Runs a statement without values.
  static func run(_ db: Database, _ sql: String) throws {
    let statement = try QuickStatement(db, sql)
    try statement.run()
  }

  deinit {
    sqlite3_reset(statement)
    sqlite3_clear_bindings(statement)
  }

  mutating func bind(_ value: Int64) {
    position += 1
    sqlite3_bind_int64(statement, position, value)
  }

  mutating func bind(_ value: UInt64) { bind(Int64(bitPattern: value)) }

  mutating func bind(_ bytes: Bytes) {
    position += 1
    bytes.withUnsafeBytes { buffer in
      // An empty array may have no address, which would mean NULL.
      guard let start = buffer.baseAddress, !buffer.isEmpty else {
        _ = sqlite3_bind_zeroblob(statement, position, 0)
        return
      }
      _ = sqlite3_bind_blob64(statement, position, start, UInt64(buffer.count), Self.transient)
    }
  }

  mutating func bind(_ text: String?) {
    position += 1
    guard let text else { return _ = sqlite3_bind_null(statement, position) }
    let count = Int32(text.utf8.count)
    text.withCString { _ = sqlite3_bind_text(statement, position, $0, count, Self.transient) }
  }

  mutating func bind(_ value: Int64?) {
    if let value { bind(value) } else { bindNull() }
  }

  mutating func bind(_ bytes: Bytes?) {
    if let bytes { bind(bytes) } else { bindNull() }
  }

  private mutating func bindNull() {
    position += 1
    sqlite3_bind_null(statement, position)
  }

  /// SQLite makes its own copy.
  private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  /// Goes to the next row; false when there is none.
  func step() throws -> Bool {
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default:
      let connection = sqlite3_db_handle(statement)
      throw DatabaseError(
        resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
        message: String(cString: sqlite3_errmsg(connection)))
    }
  }

  /// Runs a statement that returns nothing.
  func run() throws { _ = try step() }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

  func bytes(_ column: Int32) -> Bytes {
    let count = Int(sqlite3_column_bytes(statement, column))
    guard count > 0, let start = sqlite3_column_blob(statement, column) else { return [] }
    return Bytes(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// `nil` for a column without a value.
  func optionalBytes(_ column: Int32) -> Bytes? {
    sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : bytes(column)
  }

  /// `nil` for a column without a value.
  func optionalInteger(_ column: Int32) -> Int64? {
    sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : integer(column)
  }

  /// `nil` for a column without a value.
  func text(_ column: Int32) -> String? {
    sqlite3_column_text(statement, column).map { text in
      let bytes = UnsafeRawBufferPointer(
        start: text, count: Int(sqlite3_column_bytes(statement, column)))
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Whether a column has exactly these bytes.
  func isEqual(_ column: Int32, _ bytes: Bytes) -> Bool {
    guard Int(sqlite3_column_bytes(statement, column)) == bytes.count else { return false }
    guard let start = sqlite3_column_blob(statement, column) else { return bytes.isEmpty }
    return bytes.withUnsafeBytes { memcmp($0.baseAddress!, start, bytes.count) == 0 }
  }
}
