// The tables of the state, and how rows become values.
//
//   version   id, key, revision, value, deadline, checksum, segment, start, length
//   revision  number, log_index, term, time, author, principal, request, operation, first_version,
//             versions, visible, bytes, checksum
//   aside     key, value, revision, checksum                   keys that have no history
//   request   log_index, id, fingerprint, time, revision, answer, checksum     for exactly-once
//   mark      one row: content, checksum
//
// `version` has one row for each key and revision. A key is what its newest version says. A large value
// stands in a segment of the log (ValueFiles.swift); a row that has neither a value nor the place of one
// is a tombstone. The versions of one
// revision have consecutive ids, from `first_version` on; the index `version_of_key` finds those of one
// key. It ascends, so that the versions of a key that changes often fill its pages. Of versions that a forgotten revision replaced nothing is left. `version` has
// row ids on purpose: without them values would live in the tree of the keys, and every search that
// passes a large one would read all of it.
//
// `bytes` is what a revision counts against the limit of the history. `principal` and `deadline` are not
// used yet. `content` is the StateMark in BinaryWriter's notation. A checksum covers all other columns of
// its row but ids, and is verified whenever the row is read.

import Foundation
package import GRDB
import PDBCoordinator
import PDBModel
import Raft

/// The state within one SQLite transaction.
struct StateTables: StateStorage {
  let db: Database
  /// Where values stand that are not in their rows; `nil` where all are.
  var values: ValueView?
  /// The newest revision that is looked at; `nil`: all of them.
  private var horizon: UInt64?
  /// The log, and the entry that is being applied: a large value that stands there need not be stored
  /// once more.
  var source: (log: LogStore, entry: Entry)?

  init(db: Database, values: ValueView? = nil) {
    self.db = db
    self.values = values
  }

  /// What the files say of their format (sqlite.org/pragma.html#pragma_user_version).
  static let format = 2

  /// Whether the tables are there already.
  static func isMade(_ db: Database) throws -> Bool {
    try Int.fetchOne(db, sql: "PRAGMA user_version") == format
  }

  static func create(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE IF NOT EXISTS version(
          id INTEGER PRIMARY KEY, key BLOB NOT NULL, revision INTEGER NOT NULL, value BLOB,
          deadline INTEGER, checksum INTEGER NOT NULL, segment INTEGER, start INTEGER,
          length INTEGER);
        CREATE INDEX IF NOT EXISTS version_of_segment ON version(segment, length)
          WHERE segment IS NOT NULL;
        CREATE UNIQUE INDEX IF NOT EXISTS version_of_key ON version(key, revision);
        CREATE TABLE IF NOT EXISTS revision(
          number INTEGER PRIMARY KEY, log_index INTEGER NOT NULL, term INTEGER NOT NULL,
          time INTEGER NOT NULL, author TEXT NOT NULL, principal TEXT, request TEXT,
          operation TEXT NOT NULL, first_version INTEGER NOT NULL, versions INTEGER NOT NULL,
          visible INTEGER NOT NULL, bytes INTEGER NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS aside(
          key BLOB PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL,
          checksum INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS request(
          log_index INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, fingerprint INTEGER NOT NULL,
          time INTEGER NOT NULL, revision INTEGER NOT NULL, answer BLOB NOT NULL,
          checksum INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS mark(
          only INTEGER PRIMARY KEY CHECK (only = 0), content BLOB NOT NULL,
          checksum INTEGER NOT NULL);
        PRAGMA user_version = \(format);
        """)
  }

  /// A row is not what was written.
  static func damage(_ table: String, _ row: String) -> DatabaseError {
    DatabaseError(
      resultCode: .SQLITE_CORRUPT, message: "\(row) in the table '\(table)' was altered")
  }

  // MARK: Pairs

  // Put together once: they are needed for every change.
  private static let findNewest = """
    SELECT \(VersionRow.columns) FROM version WHERE key = ? ORDER BY revision DESC LIMIT 1
    """
  private static let findBefore = """
    SELECT \(VersionRow.columns) FROM version WHERE key = ? AND revision < ?
    ORDER BY revision DESC LIMIT 1
    """
  private static let findByID = "SELECT \(VersionRow.columns) FROM version WHERE id = ?"

  func get(_ key: Bytes) throws -> StoredValue? {
    if SystemKeys.hasNoHistory(key) { return try getAside(key) }
    if let horizon { return try get(key, before: horizon + 1) }
    var find = try QuickStatement(db, Self.findNewest)
    find.bind(key)
    return try find.step() ? try VersionRow(find, key: key, values).stored : nil
  }

  /// The value of `key` before a revision.
  private func get(_ key: Bytes, before revision: UInt64) throws -> StoredValue? {
    var find = try QuickStatement(db, Self.findBefore)
    find.bind(key)
    find.bind(revision)
    return try find.step() ? try VersionRow(find, key: key, values).stored : nil
  }

  private func get(_ key: Bytes, version id: Int64) throws -> StoredValue? {
    var find = try QuickStatement(db, Self.findByID)
    find.bind(id)
    guard try find.step() else { throw Self.damage("version", "the key '\(key.shown)'") }
    return try VersionRow(find, key: key, values).stored
  }

  func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    if SystemKeys.hasNoHistory(lower) {
      return try scanAside(from: lower, to: upper, reversed: reversed, body)
    }
    // Older versions of a key are passed over in the index, without a look at their values.
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT key, id FROM version WHERE key >= ?\(upper == nil ? "" : " AND key < ?")
      \(horizon == nil ? "" : " AND revision <= ?")
      ORDER BY \(reversed ? "key DESC, revision DESC" : "key, revision")
      """)
    rows.bind(lower)
    if let upper { rows.bind(upper) }
    if let horizon { rows.bind(horizon) }
    var last: (key: Bytes, id: Int64)?
    /// Returns whether to go on.
    func visit(_ key: Bytes, _ id: Int64) throws -> Bool {
      guard let stored = try get(key, version: id) else { return true }
      return try body(key, stored)
    }
    while try rows.step() {
      let id = rows.integer(1)
      if let known = last?.key, rows.isEqual(0, known) {
        // Forwards, the newest version of a key comes last.
        if !reversed { last!.id = id }
        continue
      }
      if !reversed, let last, try !visit(last.key, last.id) { return }
      last = (rows.bytes(0), id)
      if reversed, try !visit(last!.key, id) { return }
    }
    if !reversed, let last { _ = try visit(last.key, last.id) }
  }

  // MARK: Keys without history

  private func getAside(_ key: Bytes) throws -> StoredValue? {
    var find = try QuickStatement(db, "SELECT value, revision, checksum FROM aside WHERE key = ?")
    find.bind(key)
    return try find.step() ? try Self.aside(in: find, of: key) : nil
  }

  /// The value in a row of value, revision, checksum.
  ///
  /// - Throws: if the row was altered.
  private static func aside(
    in row: borrowing QuickStatement, of key: Bytes
  ) throws -> StoredValue {
    let stored = StoredValue(value: row.bytes(0), revision: UInt64(sqlite: row.integer(1)))
    guard UInt64(sqlite: row.integer(2)) == stored.checksum(under: key) else {
      throw damage("aside", "the key '\(key.shown)'")
    }
    return stored
  }

  private func scanAside(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT value, revision, checksum, key FROM aside
      WHERE key >= ?\(upper == nil ? "" : " AND key < ?") ORDER BY key\(reversed ? " DESC" : "")
      """)
    rows.bind(lower)
    if let upper { rows.bind(upper) }
    while try rows.step() {
      let key = rows.bytes(3)
      guard try body(key, try Self.aside(in: rows, of: key)) else { return }
    }
  }

  func putAside(_ key: Bytes, _ stored: StoredValue?) throws {
    guard let stored else {
      var remove = try QuickStatement(db, "DELETE FROM aside WHERE key = ?")
      remove.bind(key)
      return try remove.run()
    }
    var put = try QuickStatement(db, "INSERT OR REPLACE INTO aside VALUES (?, ?, ?, ?)")
    put.bind(key)
    put.bind(stored.value)
    put.bind(stored.revision)
    put.bind(stored.checksum(under: key))
    try put.run()
  }

  // MARK: History

  func append(_ revision: RecordedRevision) throws {
    let record = revision.record
    var first: Int64 = 0
    for (position, change) in revision.changes.enumerated() {
      let id = try addVersion(of: change.key, change.after, at: record.number)
      if position == 0 { first = id }
    }
    try add(RevisionRow(record: record, firstVersion: first))
  }

  /// Adds a version behind all others and returns its id.
  @discardableResult
  func addVersion(of key: Bytes, _ value: Bytes?, at revision: UInt64) throws -> Int64 {
    var row = VersionRow(id: nil, key: key, revision: revision, value: value)
    if let value, let source { row.place = source.log.place(of: value, in: source.entry) }
    try add(row)
    return db.lastInsertedRowID
  }

  func add(_ row: VersionRow) throws {
    var insert = try QuickStatement(db, "INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    insert.bind(row.id)
    insert.bind(row.key)
    insert.bind(row.revision)
    insert.bind(row.place == nil ? row.value : nil)
    insert.bind(row.deadline)
    insert.bind(row.checksum)
    insert.bind((row.place?.segment).map(\.sqlite))
    insert.bind((row.place?.offset).map(Int64.init))
    insert.bind((row.place?.length).map(Int64.init))
    try insert.run()
  }

  func add(_ row: RevisionRow) throws {
    let record = row.record
    var insert = try QuickStatement(
      db, "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    insert.bind(record.number)
    insert.bind(record.index)
    insert.bind(record.term)
    insert.bind(record.stamp.time.milliseconds)
    insert.bind(record.stamp.author)
    insert.bind(record.stamp.principal)
    insert.bind(record.stamp.request?.id)
    insert.bind(record.operation)
    insert.bind(row.firstVersion)
    insert.bind(UInt64(record.count))
    insert.bind(UInt64(record.visibleCount))
    insert.bind(record.byteCount)
    insert.bind(row.checksum)
    try insert.run()
  }

  func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws {
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT * FROM revision
      WHERE number BETWEEN ? AND ? ORDER BY number\(reversed ? " DESC" : "")
      """)
    rows.bind(min(first, UInt64(Int64.max)))
    rows.bind(min(last, horizon ?? .max, UInt64(Int64.max)))
    while try rows.step() {
      guard try body(try RevisionRow(rows).record) else { return }
    }
  }

  func changes(of record: RevisionRecord, limit: Int) throws -> [KeyChange] {
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT \(VersionRow.columns), key FROM version
      WHERE id >= (SELECT first_version FROM revision WHERE number = ?) ORDER BY id LIMIT ?
      """)
    rows.bind(record.number)
    rows.bind(UInt64(min(record.count, limit)))
    var changes: [KeyChange] = []
    changes.reserveCapacity(min(record.count, limit))
    while try rows.step() {
      let row = try VersionRow(rows, key: rows.bytes(8), values)
      guard row.revision == record.number else { break }
      changes.append(
        KeyChange(
          key: row.key, before: try get(row.key, before: record.number), after: row.value))
    }
    guard changes.count == min(record.count, limit) else {
      throw Self.damage("version", "what revision \(record.number) changed")
    }
    return changes
  }

  // MARK: Looking back

  func past(_ revision: UInt64) -> any StateView {
    var past = self
    past.horizon = min(revision, horizon ?? .max)
    return past
  }

  func firstRevision(stampedAfter time: Timestamp) throws -> UInt64? {
    var find = try QuickStatement(
      db, "SELECT number FROM revision WHERE time > ? AND number <= ? ORDER BY number LIMIT 1")
    find.bind(time.milliseconds)
    find.bind(min(horizon ?? .max, UInt64(Int64.max)))
    return try find.step() ? UInt64(sqlite: find.integer(0)) : nil
  }

  func lastChange(of key: Bytes, before limit: UInt64) throws -> UInt64? {
    var find = try QuickStatement(
      db,
      """
      SELECT revision FROM version WHERE key = ? AND revision < ? AND revision <= ?
      ORDER BY revision DESC LIMIT 1
      """)
    find.bind(key)
    find.bind(min(limit, UInt64(Int64.max)))
    find.bind(min(horizon ?? .max, UInt64(Int64.max)))
    return try find.step() ? UInt64(sqlite: find.integer(0)) : nil
  }

  /// The index alone tells.
  func scanKeys(
    from lower: Bytes, to upper: Bytes?, changedAfter first: UInt64, through last: UInt64,
    _ body: (Bytes) throws -> Bool
  ) throws {
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT DISTINCT key FROM version
      WHERE key >= ?\(upper == nil ? "" : " AND key < ?") AND revision > ? AND revision <= ?
      ORDER BY key
      """)
    rows.bind(lower)
    if let upper { rows.bind(upper) }
    rows.bind(min(first, UInt64(Int64.max)))
    rows.bind(min(last, horizon ?? .max, UInt64(Int64.max)))
    while try rows.step() { guard try body(rows.bytes(0)) else { return } }
  }

  // MARK: Forgetting

  func forget(_ revision: Forgetting) throws -> UInt64 {
    guard let forgotten = try self.revision(revision.number) else { return 0 }
    if revision.held.isEmpty {
      try removeReplaced(by: forgotten, keepingFrom: revision.first)
    } else {
      for change in try keys(of: forgotten) { try removeSuperfluous(of: change, revision) }
    }
    var remove = try QuickStatement(db, "DELETE FROM revision WHERE number = ?")
    remove.bind(revision.number)
    try remove.run()
    return forgotten.byteCount
  }

  func release(_ kept: Forgetting) throws {
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT key FROM version WHERE revision <= ? GROUP BY key HAVING count(*) > 1 ORDER BY key
      """)
    rows.bind(kept.number)
    var keys: [Bytes] = []
    while try rows.step() { keys.append(rows.bytes(0)) }
    for key in keys { try removeSuperfluous(of: key, kept) }
  }

  private func keys(of record: RevisionRecord) throws -> [Bytes] {
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT key FROM version
      WHERE id >= (SELECT first_version FROM revision WHERE number = ?) ORDER BY id LIMIT ?
      """)
    rows.bind(record.number)
    rows.bind(UInt64(record.count))
    var keys: [Bytes] = []
    while try rows.step() { keys.append(rows.bytes(0)) }
    return keys
  }

  /// Removes the versions of a key that neither the history nor a tag needs.
  private func removeSuperfluous(of key: Bytes, _ forgetting: Forgetting) throws {
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT revision, value IS NULL AND segment IS NULL FROM version
      WHERE key = ? ORDER BY revision
      """)
    rows.bind(key)
    var versions: [Forgetting.Version] = []
    while try rows.step() {
      versions.append(
        Forgetting.Version(
          revision: UInt64(sqlite: rows.integer(0)), isTombstone: rows.integer(1) == 1))
    }
    for revision in forgetting.superfluous(among: versions) {
      var remove = try QuickStatement(db, "DELETE FROM version WHERE key = ? AND revision = ?")
      remove.bind(key)
      remove.bind(revision)
      try remove.run()
    }
  }

  /// Removes the versions that a revision replaced, and its own tombstones: nothing asks for them any
  /// more.
  private func removeReplaced(by record: RevisionRecord, keepingFrom first: UInt64) throws {
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT key, id, value IS NULL AND segment IS NULL FROM version
      WHERE id >= (SELECT first_version FROM revision WHERE number = ?) ORDER BY id LIMIT ?
      """)
    rows.bind(record.number)
    rows.bind(UInt64(record.count))
    var removed: [(key: Bytes, tombstone: Int64?)] = []
    while try rows.step() {
      removed.append((rows.bytes(0), rows.integer(2) == 1 ? rows.integer(1) : nil))
    }
    for (key, tombstone) in removed {
      var replaced = try QuickStatement(db, "DELETE FROM version WHERE key = ? AND revision < ?")
      replaced.bind(key)
      replaced.bind(first)
      try replaced.run()
      guard let tombstone else { continue }
      var own = try QuickStatement(db, "DELETE FROM version WHERE id = ?")
      own.bind(tombstone)
      try own.run()
    }
  }

  // MARK: Requests

  func request(_ id: String) throws -> RememberedRequest? {
    var find = try QuickStatement(
      db,
      """
      SELECT \(RememberedRequest.columns) FROM request WHERE id = ?
      """)
    find.bind(id)
    return try find.step() ? try RememberedRequest(find) : nil
  }

  func remember(_ request: RememberedRequest) throws {
    var insert = try QuickStatement(db, "INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?)")
    insert.bind(request.index)
    insert.bind(request.id)
    insert.bind(request.fingerprint)
    insert.bind(request.time.milliseconds)
    insert.bind(request.revision)
    insert.bind(request.answer)
    insert.bind(request.checksum)
    try insert.run()
  }

  func removeRequests(through index: Index) throws -> ForgottenRequests? {
    var newest: ForgottenRequests?
    var remove = try QuickStatement(
      db, "DELETE FROM request WHERE log_index <= ? RETURNING time, revision")
    remove.bind(index)
    while try remove.step() {
      let (time, revision) = (remove.integer(0), UInt64(sqlite: remove.integer(1)))
      newest = ForgottenRequests(
        time: max(newest?.time ?? Timestamp(milliseconds: .min), Timestamp(milliseconds: time)),
        revision: max(newest?.revision ?? 0, revision))
    }
    return newest
  }

  func oldestRequest() throws -> RememberedRequest? {
    try scanRequests(after: 0) { $0 }
  }

  // MARK: The mark

  func mark() throws -> StateMark {
    let find = try QuickStatement(db, "SELECT content, checksum FROM mark")
    guard try find.step() else { throw Self.damage("mark", "the only row") }
    let content = find.bytes(0)
    guard UInt64(sqlite: find.integer(1)) == Self.checksum(of: content),
      let mark = try? StateMark(decoding: content)
    else { throw Self.damage("mark", "the only row") }
    return mark
  }

  package func write(_ mark: StateMark) throws {
    var put = try QuickStatement(db, "INSERT OR REPLACE INTO mark VALUES (0, ?, ?)")
    let content = mark.encoded()
    put.bind(content)
    put.bind(Self.checksum(of: content))
    try put.run()
  }

  private static func checksum(of content: Bytes) -> UInt64 {
    var checksum = Checksum()
    checksum.update(content)
    return checksum.value
  }

  // MARK: All rows of a table

  /// Visits versions in the order of their ids, until `body` returns something.
  func scanVersions<T>(after id: Int64, _ body: (VersionRow) throws -> T?) throws -> T? {
    var rows = try QuickStatement(
      uncached: db,
      "SELECT \(VersionRow.columns), key FROM version WHERE id > ? ORDER BY id")
    rows.bind(id)
    while try rows.step() {
      if let result = try body(try VersionRow(rows, key: rows.bytes(8), values)) { return result }
    }
    return nil
  }

  /// Visits revisions in their order, until `body` returns something.
  func scanRevisions<T>(after number: UInt64, _ body: (RevisionRow) throws -> T?) throws -> T? {
    var rows = try QuickStatement(
      uncached: db, "SELECT * FROM revision WHERE number > ? ORDER BY number")
    rows.bind(number)
    while try rows.step() {
      if let result = try body(try RevisionRow(rows)) { return result }
    }
    return nil
  }

  /// Visits remembered requests in the order of the log, until `body` returns something.
  func scanRequests<T>(after index: Index, _ body: (RememberedRequest) throws -> T?) throws -> T? {
    var rows = try QuickStatement(
      uncached: db,
      """
      SELECT \(RememberedRequest.columns) FROM request
      WHERE log_index > ? ORDER BY log_index
      """)
    rows.bind(index)
    while try rows.step() {
      if let result = try body(try RememberedRequest(rows)) { return result }
    }
    return nil
  }

  /// Visits the keys without history in their order, until `body` returns something.
  func scanAside<T>(after key: Bytes, _ body: (Bytes, StoredValue) throws -> T?) throws -> T? {
    try first(from: key.isEmpty ? ImportKeys.prefix : key + [0], body)
  }

  /// Visits keys from `lower` on in their order, until `body` returns something.
  func first<T>(from lower: Bytes, _ body: (Bytes, StoredValue) throws -> T?) throws -> T? {
    var result: T?
    try scan(from: lower, to: nil, reversed: false) { key, stored in
      result = try body(key, stored)
      return result == nil
    }
    return result
  }

  // MARK: Verification

  /// The sums of the checksums of all pairs, from the pairs themselves.
  ///
  /// - Parameter withOld: whether the sum that version 0.1 compares is wanted, too.
  /// - Complexity: O(bytes of all pairs).
  func contentHashes(withOld: Bool) throws -> (current: UInt64, old: UInt64) {
    var hashes: (current: UInt64, old: UInt64) = (0, 0)
    for first in [Bytes(), ImportKeys.prefix] {
      try scan(from: first, to: nil, reversed: false) { key, stored in
        hashes.current &+= stored.checksum(under: key)
        if withOld { hashes.old &+= stored.oldChecksum(under: key) }
        return true
      }
    }
    return hashes
  }

  /// Reads every row of the history and of the remembered requests.
  ///
  /// - Parameters:
  ///   - compacted: the newest revision that was forgotten.
  ///   - newest: the newest revision.
  /// - Throws: for one that was altered, and if revisions, or versions that they made, are missing.
  func verifyRows(after compacted: UInt64, through newest: UInt64) throws {
    let nothing: Void? = nil
    var (revisions, changes, versions) = (UInt64(0), UInt64(0), UInt64(0))
    _ = try scanVersions(after: 0) { row in
      if row.revision > compacted { versions += 1 }
      return nothing
    }
    _ = try scanRevisions(after: 0) { row in
      revisions += 1
      changes += UInt64(row.record.count)
      return nothing
    }
    _ = try scanRequests(after: 0) { _ in nothing }
    guard revisions == newest - compacted else {
      throw Self.damage("revision", "the number of rows")
    }
    guard versions == changes else { throw Self.damage("version", "the number of rows") }
  }
}
