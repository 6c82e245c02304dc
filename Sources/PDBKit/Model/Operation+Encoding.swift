// How a stamped operation is written into a log entry.
//
//   version (1)  time  author  request?{id fingerprint firstSent?}  kind  fields...
//
// Kinds are numbered for ever: a number is never given a second meaning.

import Raft

extension StampedOperation {
  private static let version: UInt8 = 1

  package func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: 256)
    writer.write(byte: Self.version)
    writer.write(stamp.time.milliseconds)
    writer.write(stamp.author)
    writer.write(optional: stamp.request) { writer, request in
      writer.write(request.id)
      writer.write(request.fingerprint)
      writer.write(optional: request.firstSent) { $0.write($1.milliseconds) }
    }
    operation.encode(to: &writer)
    return writer.bytes
  }

  package init(decoding bytes: Bytes) throws {
    var reader = BinaryReader(bytes)
    stamp = try Self.readStamp(from: &reader)
    operation = try Operation(from: &reader)
    try reader.finish()
  }

  private static func readStamp(from reader: inout BinaryReader) throws -> Stamp {
    guard try reader.readByte() == version else { throw BinaryReader.Malformed() }
    let time = Timestamp(milliseconds: try reader.readInt64())
    let author = try reader.readString()
    let request = try reader.readOptional { reader in
      RequestID(
        id: try reader.readString(), fingerprint: try reader.readUInt64(),
        firstSent: try reader.readOptional {
          Timestamp(milliseconds: try $0.readInt64())
        })
    }
    return Stamp(time: time, author: author, request: request)
  }

  /// Whether applying what is encoded here may take long: it can change any number of keys, or
  /// has to search for what it changes.
  static func mayTakeLong(_ bytes: Bytes) -> Bool {
    var reader = BinaryReader(bytes)
    guard (try? readStamp(from: &reader)) != nil, let kind = try? reader.readByte() else {
      return false
    }
    return [.removeCompletedTasks, .undo, .commitImport, .discardImport].contains(
      Operation.Kind(rawValue: kind))
  }
}

extension Entry {
  package var mayTakeLong: Bool {
    if case .operation(let bytes) = payload { StampedOperation.mayTakeLong(bytes) } else { false }
  }
}

extension Operation {
  fileprivate enum Kind: UInt8 {
    case addTasks = 1
    case editTask = 2
    case removeTask = 3
    case removeCompletedTasks = 4
    case set = 5
    case delete = 6
    case increment = 7
    case append = 8
    case undo = 9
    case stageImport = 10
    case commitImport = 11
    case discardImport = 12
    case setMany = 13
  }

  fileprivate func encode(to writer: inout BinaryWriter) {
    switch self {
    case .addTasks(let tasks):
      writer.write(byte: Kind.addTasks.rawValue)
      writer.write(list: tasks) { writer, task in
        writer.write(task.id)
        writer.write(task.title)
      }
    case .editTask(let reference, let edit, let condition):
      writer.write(byte: Kind.editTask.rawValue)
      writer.write(reference.encoded)
      writer.write(optional: edit.title) { $0.write($1) }
      writer.write(optional: edit.completed) { $0.write($1) }
      condition.encode(to: &writer)
    case .removeTask(let reference, let condition):
      writer.write(byte: Kind.removeTask.rawValue)
      writer.write(reference.encoded)
      condition.encode(to: &writer)
    case .removeCompletedTasks:
      writer.write(byte: Kind.removeCompletedTasks.rawValue)
    case .set(let key, let value, let condition):
      writer.write(byte: Kind.set.rawValue)
      writer.write(key)
      writer.write(value)
      condition.encode(to: &writer)
    case .setMany(let pairs):
      writer.write(byte: Kind.setMany.rawValue)
      writer.write(list: pairs) { writer, pair in
        writer.write(pair.key)
        writer.write(pair.value)
      }
    case .delete(let keys, let condition):
      writer.write(byte: Kind.delete.rawValue)
      writer.write(list: keys) { $0.write($1) }
      condition.encode(to: &writer)
    case .increment(let key, let amount):
      writer.write(byte: Kind.increment.rawValue)
      writer.write(key)
      writer.write(amount)
    case .append(let key, let values):
      writer.write(byte: Kind.append.rawValue)
      writer.write(key)
      writer.write(list: values) { $0.write($1) }
    case .undo(let revision):
      writer.write(byte: Kind.undo.rawValue)
      writer.write(optional: revision) { $0.write($1) }
    case .stageImport(let part):
      writer.write(byte: Kind.stageImport.rawValue)
      part.encode(to: &writer)
    case .commitImport(let id, let parts, let existing):
      writer.write(byte: Kind.commitImport.rawValue)
      writer.write(id)
      writer.write(parts)
      writer.write(byte: existing.code)
    case .discardImport(let id):
      writer.write(byte: Kind.discardImport.rawValue)
      writer.write(id)
    }
  }

  fileprivate init(from reader: inout BinaryReader) throws {
    guard let kind = Kind(rawValue: try reader.readByte()) else { throw BinaryReader.Malformed() }
    switch kind {
    case .addTasks:
      self = .addTasks(
        try reader.readList {
          NewTask(id: try $0.readString(), title: try $0.readString())
        })
    case .editTask:
      self = .editTask(
        TaskReference(decoding: try reader.readString()),
        TaskEdit(
          title: try reader.readOptional { try $0.readString() },
          completed: try reader.readOptional { try $0.readBool() }),
        try Condition(from: &reader))
    case .removeTask:
      self = .removeTask(
        TaskReference(decoding: try reader.readString()), try Condition(from: &reader))
    case .removeCompletedTasks:
      self = .removeCompletedTasks
    case .set:
      self = .set(
        key: try reader.readBytes(), value: try reader.readBytes(),
        try Condition(from: &reader))
    case .setMany:
      self = .setMany(
        try reader.readList {
          NewPair(key: try $0.readBytes(), value: try $0.readBytes())
        })
    case .delete:
      self = .delete(
        keys: try reader.readList { try $0.readBytes() }, try Condition(from: &reader))
    case .increment:
      self = .increment(key: try reader.readBytes(), by: try reader.readInt64())
    case .append:
      self = .append(
        key: try reader.readBytes(), values: try reader.readList { try $0.readBytes() })
    case .undo:
      self = .undo(try reader.readOptional { try $0.readUInt64() })
    case .stageImport:
      self = .stageImport(try ImportPart(from: &reader))
    case .commitImport:
      let (id, parts) = (try reader.readString(), try reader.readUInt64())
      guard let existing = ExistingKeys(code: try reader.readByte()) else {
        throw BinaryReader.Malformed()
      }
      self = .commitImport(id: id, parts: parts, existing)
    case .discardImport:
      self = .discardImport(id: try reader.readString())
    }
  }
}

extension Condition {
  fileprivate func encode(to writer: inout BinaryWriter) {
    switch self {
    case .none: writer.write(byte: 0)
    case .absent: writer.write(byte: 1)
    case .revision(let revision):
      writer.write(byte: 2)
      writer.write(revision)
    }
  }

  fileprivate init(from reader: inout BinaryReader) throws {
    switch try reader.readByte() {
    case 0: self = .none
    case 1: self = .absent
    case 2: self = .revision(try reader.readUInt64())
    default: throw BinaryReader.Malformed()
    }
  }
}
