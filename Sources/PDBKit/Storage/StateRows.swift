// The rows of the state's tables, and what seals them.

import PDBCoordinator
import PDBModel
import Raft

/// A row of `version`.
struct VersionRow {
  /// `nil` for one that is to be added behind all others.
  let id: Int64?
  let key: Bytes
  let revision: UInt64
  /// `nil` for a tombstone.
  let value: Bytes?
  /// Where the value stands, if not in the row.
  var place: ValuePlace?
  /// When the value ceases to be; not used yet.
  var deadline: Int64?

  /// What ``init(_:key:_:)`` reads.
  static let columns = "id, revision, value, deadline, checksum, segment, start, length"

  var stored: StoredValue? { value.map { StoredValue(value: $0, revision: revision) } }

  var checksum: UInt64 {
    var checksum = Checksum(seed: revision)
    checksum.update(key)
    checksum.update(optional: deadline?.bits)
    checksum.update(value == nil ? 0 : 1)
    if let value { checksum.update(value) }
    return checksum.value
  }

  init(id: Int64?, key: Bytes, revision: UInt64, value: Bytes?, deadline: Int64? = nil) {
    self.id = id
    self.key = key
    self.revision = revision
    self.value = value
    self.deadline = deadline
  }

  /// - Parameters:
  ///   - row: of ``columns``.
  ///   - values: where values stand that are not in their rows.
  /// - Throws: if the row, or its value, was altered.
  init(_ row: borrowing QuickStatement, key: Bytes, _ values: ValueView?) throws {
    let place = row.optionalInteger(5).map {
      ValuePlace(
        segment: UInt64(sqlite: $0), offset: Int(row.integer(6)), length: Int(row.integer(7)))
    }
    let revision = UInt64(sqlite: row.integer(1))
    let value = try place.map { place in
      guard let value = try values?.value(at: place) else {
        throw StateTables.damage("version", "the value of '\(key.shown)' at revision \(revision)")
      }
      return value
    }
    self.init(
      id: row.integer(0), key: key, revision: revision,
      value: value ?? row.optionalBytes(2), deadline: row.optionalInteger(3))
    self.place = place
    guard UInt64(sqlite: row.integer(4)) == checksum else {
      throw StateTables.damage("version", "the key '\(key.shown)' at revision \(revision)")
    }
  }
}

/// A row of `revision`.
struct RevisionRow {
  let record: RevisionRecord
  /// The id of the first of its versions.
  let firstVersion: Int64

  init(record: RevisionRecord, firstVersion: Int64) {
    self.record = record
    self.firstVersion = firstVersion
  }

  /// - Parameter row: of all columns.
  /// - Throws: if the row was altered.
  init(_ row: borrowing QuickStatement) throws {
    record = RevisionRecord(
      number: UInt64(sqlite: row.integer(0)), index: Index(sqlite: row.integer(1)),
      term: Term(sqlite: row.integer(2)),
      stamp: Stamp(
        time: Timestamp(milliseconds: row.integer(3)), author: row.text(4) ?? "",
        principal: row.text(5), request: row.text(6).map(RequestID.init(stored:))),
      operation: row.text(7) ?? "", count: Int(row.integer(9)), visibleCount: Int(row.integer(10)),
      byteCount: UInt64(sqlite: row.integer(11)))
    firstVersion = row.integer(8)
    guard UInt64(sqlite: row.integer(12)) == checksum else {
      throw StateTables.damage("revision", "number \(record.number)")
    }
  }

  var checksum: UInt64 {
    var checksum = Checksum(seed: record.number)
    for value in [
      record.index, record.term, record.stamp.time.milliseconds.bits, firstVersion.bits,
      UInt64(record.count), UInt64(record.visibleCount), record.byteCount,
    ] { checksum.update(value) }
    for text in [
      record.stamp.author, record.stamp.principal, record.stamp.request?.id, record.operation,
    ] {
      checksum.update(text == nil ? 0 : 1)
      checksum.update(Bytes(utf8: text ?? ""))
    }
    return checksum.value
  }
}

extension RememberedRequest {
  /// What ``init(_:)`` reads.
  static let columns = "log_index, id, fingerprint, time, revision, answer, checksum"

  /// - Parameter row: of ``columns``.
  /// - Throws: if the row was altered.
  init(_ row: borrowing QuickStatement) throws {
    self.init(
      index: UInt64(sqlite: row.integer(0)), id: row.text(1) ?? "",
      fingerprint: UInt64(sqlite: row.integer(2)),
      time: Timestamp(milliseconds: row.integer(3)), revision: UInt64(sqlite: row.integer(4)),
      answer: row.bytes(5))
    guard UInt64(sqlite: row.integer(6)) == checksum else {
      throw StateTables.damage("request", "'\(id)'")
    }
  }

  var checksum: UInt64 {
    var checksum = Checksum(seed: index)
    checksum.update(Bytes(utf8: id))
    checksum.update(fingerprint)
    checksum.update(time.milliseconds.bits)
    checksum.update(revision)
    checksum.update(answer)
    return checksum.value
  }
}

extension Checksum {
  fileprivate mutating func update(optional number: UInt64?) {
    update(number == nil ? 0 : 1)
    if let number { update(number) }
  }
}

extension Int64 {
  fileprivate var bits: UInt64 { UInt64(bitPattern: self) }
}
