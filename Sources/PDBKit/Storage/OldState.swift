// The state of version 0.1: rows of its tables and pieces, and what becomes of them.
//
//   pair     key, value, revision
//   history  revision, log_index, term, time, author, request, operation, changes
//   request  log_index, id, fingerprint, time, answer
//   mark     one row: applied_index, applied_term, revision, hash, forgotten, compacted_revision,
//            history_bytes, membership, checksum
//
// Pieces hold rows of the first three, as kinds 1, 2 and 3:
//
//   1  [key value revision]
//   2  [revision index term time author request? operation changes]
//   3  [index id fingerprint time answer]
//
// The history had values before and after: `changes` is a list of (key before?(revision value)
// after?(value)). Now they are the versions of the keys, each once: a pair that the history knows comes
// with the history, and what was before a revision is a version of its own only if no known revision made
// it.

import Foundation
import GRDB
import PDBCoordinator
import PDBModel
import Raft

/// A row of `pair`.
struct OldPair: StateRow {
  static let kind: UInt8 = 1

  let key: Bytes
  let value: Bytes
  let revision: UInt64

  func encode(to writer: inout BinaryWriter) {
    writer.write(key)
    writer.write(value)
    writer.write(revision)
  }
}

extension OldPair {
  init(from reader: inout BinaryReader) throws {
    key = try reader.readBytes()
    value = try reader.readBytes()
    revision = try reader.readUInt64()
  }

  init(_ row: Row) {
    key = (row["key"] as Data).bytes
    value = (row["value"] as Data).bytes
    revision = UInt64(sqlite: row["revision"])
  }
}

/// A row of `history`.
struct OldRevision: StateRow {
  static let kind: UInt8 = 2

  let number: UInt64
  let position: LogPosition
  let stamp: Stamp
  let operation: String
  let changes: Bytes

  func encode(to writer: inout BinaryWriter) {
    writer.write(number)
    writer.write(position.index)
    writer.write(position.term)
    writer.write(stamp.time.milliseconds)
    writer.write(stamp.author)
    writer.write(optional: stamp.request) { $0.write($1.id) }
    writer.write(operation)
    writer.write(changes)
  }
}

extension OldRevision {
  init(from reader: inout BinaryReader) throws {
    number = try reader.readUInt64()
    position = LogPosition(index: try reader.readUInt64(), term: try reader.readUInt64())
    stamp = Stamp(
      time: Timestamp(milliseconds: try reader.readInt64()), author: try reader.readString(),
      request: try reader.readOptional { RequestID(stored: try $0.readString()) })
    operation = try reader.readString()
    changes = try reader.readBytes()
  }

  init(_ row: Row) {
    number = UInt64(sqlite: row["revision"])
    position = LogPosition(
      index: UInt64(sqlite: row["log_index"]), term: UInt64(sqlite: row["term"]))
    stamp = Stamp(
      time: Timestamp(milliseconds: row["time"]), author: row["author"],
      request: (row["request"] as String?).map(RequestID.init(stored:)))
    operation = row["operation"]
    changes = (row["changes"] as Data).bytes
  }

  /// A revision as version 0.1 would have it.
  init(_ record: RevisionRecord, _ changes: [KeyChange]) {
    number = record.number
    position = LogPosition(index: record.index, term: record.term)
    stamp = record.stamp
    operation = record.operation
    var writer = BinaryWriter(capacity: 256)
    writer.write(list: changes) { writer, change in
      writer.write(change.key)
      writer.write(optional: change.before) { writer, before in
        writer.write(before.revision)
        writer.write(before.value)
      }
      writer.write(optional: change.after) { $0.write($1) }
    }
    self.changes = writer.take()
  }

  /// - Throws: `BinaryReader.Malformed`.
  func keyChanges() throws -> [KeyChange] {
    var reader = BinaryReader(changes)
    let changes = try reader.readList { reader in
      KeyChange(
        key: try reader.readBytes(),
        before: try reader.readOptional { reader in
          let revision = try reader.readUInt64()
          return StoredValue(value: try reader.readBytes(), revision: revision)
        },
        after: try reader.readOptional { try $0.readBytes() })
    }
    try reader.finish()
    return changes
  }
}

/// A row of `request`.
struct OldRequest: StateRow {
  static let kind: UInt8 = 3

  let request: RememberedRequest

  init(_ request: RememberedRequest) { self.request = request }

  func encode(to writer: inout BinaryWriter) {
    writer.write(request.index)
    writer.write(request.id)
    writer.write(request.fingerprint)
    writer.write(request.time.milliseconds)
    writer.write(request.answer)
  }
}

extension OldRequest {
  init(from reader: inout BinaryReader) throws {
    self.init(
      index: try reader.readUInt64(), id: try reader.readString(),
      fingerprint: try reader.readUInt64(), time: try reader.readInt64(),
      answer: try reader.readBytes())
  }

  init(_ row: Row) {
    self.init(
      index: UInt64(sqlite: row["log_index"]), id: row["id"],
      fingerprint: UInt64(sqlite: row["fingerprint"]), time: row["time"],
      answer: (row["answer"] as Data).bytes)
  }

  private init(index: UInt64, id: String, fingerprint: UInt64, time: Int64, answer: Bytes) {
    request = RememberedRequest(
      index: index, id: id, fingerprint: fingerprint, time: Timestamp(milliseconds: time),
      revision: RememberedRequest.revision(inAnswer: answer), answer: answer)
  }
}

extension StateTables {
  /// - Parameter compacted: revisions up to this one are not in the history.
  func add(_ pair: OldPair, compacted: UInt64) throws {
    if SystemKeys.hasNoHistory(pair.key) {
      try putAside(pair.key, StoredValue(value: pair.value, revision: pair.revision))
    } else if pair.revision <= compacted {
      try addVersion(of: pair.key, pair.value, at: pair.revision)
    }
  }

  /// - Parameter compacted: revisions up to this one are not in the history.
  func add(_ revision: OldRevision, compacted: UInt64) throws {
    let changes = try revision.keyChanges()
    for change in changes {
      guard let before = change.before, before.revision <= compacted else { continue }
      try addVersion(of: change.key, before.value, at: before.revision)
    }
    let record = RevisionRecord(
      number: revision.number, at: revision.position, stamp: revision.stamp,
      operation: revision.operation, of: changes)
    try append(RecordedRevision(record, changes))
  }
}
