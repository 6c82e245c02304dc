// Applying one committed entry to the state, inside the transaction of its batch.

import Foundation
import GRDB
import Raft

/// The entries of one transaction as they are applied one after the other.
struct ApplyTransaction {
  let db: Database
  var mark: StateMark

  init(db: Database, mark: StateMark) {
    self.db = db
    self.mark = mark
  }

  mutating func apply(_ entry: Entry) throws -> Applied {
    precondition(entry.index == mark.appliedIndex + 1, "entries are applied in order, once")
    mark.appliedIndex = entry.index
    mark.appliedTerm = entry.term
    if entry.index % Self.forgetInterval == 0 { try forgetRequests(at: entry.index) }
    guard case .operation(let bytes) = entry.payload else {
      return Applied(index: entry.index, term: entry.term, answer: nil, revision: mark.revision)
    }
    // An entry that cannot be read must stop the node: skipping it would split the states.
    let stamped = try StampedOperation(decoding: bytes)
    let answer = try answer(stamped, in: entry)
    return Applied(index: entry.index, term: entry.term, answer: answer, revision: mark.revision)
  }

  /// Answers a request once: a repetition gets the first answer, and changes nothing.
  private mutating func answer(_ stamped: StampedOperation, in entry: Entry) throws -> Answer {
    guard let request = stamped.stamp.request else { return try run(stamped, in: entry) }
    let known = try db.cachedStatement(
      sql: "SELECT fingerprint, answer FROM request WHERE id = ?")
    if let row = try Row.fetchOne(known, arguments: [request.id]) {
      guard UInt64(sqlite: row[0]) == request.fingerprint else {
        return .refused(
          PDBError(
            .requestMismatch, "request id '\(request.id)' was used for another request",
            hint: "use a new Idempotency-Key for every new request"))
      }
      return try Answer(decoding: (row[1] as Data).bytes)
    }
    if let firstSent = request.firstSent, firstSent <= mark.forgotten {
      return .refused(
        PDBError(
          .requestExpired, "the request is too old to tell whether it was applied",
          outcome: .unknown, hint: "look at the data, then send it again with a new id"))
    }
    let answer = try run(stamped, in: entry)
    let insert = try db.cachedStatement(sql: "INSERT INTO request VALUES (?, ?, ?, ?, ?)")
    try insert.execute(arguments: [
      entry.index.sqlite, request.id, request.fingerprint.sqlite,
      stamped.stamp.time.milliseconds, Data(answer.encoded()),
    ])
    return answer
  }

  private mutating func run(_ stamped: StampedOperation, in entry: Entry) throws -> Answer {
    var draft = Draft(on: DatabaseView(db: db), revision: mark.revision + 1)
    do {
      let answer = try stamped.operation.apply(to: &draft, stamp: stamped.stamp)
      if !draft.changes.isEmpty { try write(draft, stamped, in: entry) }
      return answer
    } catch let error as PDBError {
      return .refused(error)
    }
  }

  private mutating func write(
    _ draft: Draft<DatabaseView>, _ stamped: StampedOperation, in entry: Entry
  ) throws {
    mark.revision = draft.revision
    let upsert = try db.cachedStatement(
      sql: """
        INSERT INTO pair VALUES (?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision
        """)
    let delete = try db.cachedStatement(sql: "DELETE FROM pair WHERE key = ?")
    for change in draft.changes {
      if let before = change.before { mark.hash &-= Self.hash(change.key, before) }
      if let after = change.after {
        try upsert.execute(arguments: [Data(change.key), Data(after), draft.revision.sqlite])
        let stored = StoredValue(value: after, revision: draft.revision)
        mark.hash &+= Self.hash(change.key, stored)
      } else {
        try delete.execute(arguments: [Data(change.key)])
      }
    }
    let insert = try db.cachedStatement(
      sql: "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
    try insert.execute(arguments: [
      draft.revision.sqlite, entry.index.sqlite, entry.term.sqlite,
      stamped.stamp.time.milliseconds, stamped.stamp.author, stamped.stamp.request?.id,
      stamped.operation.name, Data(Self.encode(draft.changes)),
    ])
  }

  private static func encode(_ changes: [Draft<DatabaseView>.Change]) -> Bytes {
    var writer = BinaryWriter(capacity: 256)
    writer.write(list: changes) { writer, change in
      writer.write(change.key)
      writer.write(optional: change.before) { writer, before in
        writer.write(before.revision)
        writer.write(before.value)
      }
      writer.write(optional: change.after) { $0.write($1) }
    }
    return writer.bytes
  }

  static func hash(_ key: Bytes, _ stored: StoredValue) -> UInt64 {
    var checksum = Checksum()
    checksum.update(UInt64(key.count))
    checksum.update(key)
    checksum.update(stored.revision)
    checksum.update(stored.value)
    return checksum.value
  }

  // MARK: Forgetting requests

  /// Requests are forgotten at fixed places of the log, not by clock or batch, so every node
  /// forgets the same ones at the same entry.
  private static let forgetInterval: Index = 1024

  private mutating func forgetRequests(at index: Index) throws {
    guard index > Limits.rememberedRequests else { return }
    let last = (index - Limits.rememberedRequests).sqlite
    let newest = try Int64.fetchOne(
      db, sql: "SELECT max(time) FROM request WHERE log_index <= ?", arguments: [last])
    guard let newest else { return }
    mark.forgotten = max(mark.forgotten, Timestamp(milliseconds: newest))
    try db.execute(sql: "DELETE FROM request WHERE log_index <= ?", arguments: [last])
  }
}
