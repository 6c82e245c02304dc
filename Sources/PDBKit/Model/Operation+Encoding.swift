// How a stamped operation is written into a log entry.
//
//   1  time  author  request?{id fingerprint firstSent?}  kind  fields...
//   2  time  author  principal?  request?{id fingerprint knownRevision?}  kind  fields...
//
// The first number is the version of what stands before the kind. Nodes of version 0.1 know only 1.
// Kinds are numbered for ever: a number is never given a second meaning.

extension StampedOperation {
  /// - Parameter version: what all members understand.
  package func encoded(for version: ClusterVersion = .newest) -> Bytes {
    var writer = BinaryWriter(capacity: operation.sizeEstimate)
    if version < .checksums { writer.writeOld(stamp) } else { writer.write(stamp) }
    operation.encode(to: &writer)
    return writer.take()
  }

  package init(decoding bytes: Bytes) throws {
    var reader = BinaryReader(bytes)
    stamp = try reader.readStamp()
    operation = try Operation(from: &reader)
    try reader.finish()
  }

  /// Whether applying what is encoded here may take long: it can change any number of keys, or
  /// has to search for what it changes.
  package static func mayTakeLong(_ bytes: Bytes) -> Bool {
    switch kind(of: bytes) {
    case .removeCompletedTasks, .undo, .redo, .restore, .tag, .removeTag, .commitImport,
      .discardImport:
      true
    default: false
    }
  }

  /// The entry that what is encoded here decides to skip; `nil` if it is another operation.
  package static func skippedEntry(_ bytes: Bytes) -> LogPosition? {
    guard kind(of: bytes) == .skipEntry,
      case .skipEntry(let entry)? = try? StampedOperation(decoding: bytes).operation
    else { return nil }
    return entry
  }

  private static func kind(of bytes: Bytes) -> Operation.Kind? {
    var reader = BinaryReader(bytes)
    guard (try? reader.readStamp()) != nil, let kind = try? reader.readByte() else { return nil }
    return Operation.Kind(rawValue: kind)
  }
}

// MARK: Stamps

extension BinaryWriter {
  fileprivate mutating func write(_ stamp: Stamp) {
    write(byte: 2)
    write(stamp.time.milliseconds)
    write(stamp.author)
    write(optional: stamp.principal) { $0.write($1) }
    write(optional: stamp.request) { writer, request in
      writer.write(request.id)
      writer.write(request.fingerprint)
      writer.write(optional: request.knownRevision) { $0.write($1) }
    }
  }

  /// As version 0.1 reads it.
  fileprivate mutating func writeOld(_ stamp: Stamp) {
    write(byte: 1)
    write(stamp.time.milliseconds)
    write(stamp.author)
    write(optional: stamp.request) { writer, request in
      writer.write(request.id)
      writer.write(request.fingerprint)
      writer.write(optional: request.firstSent) { $0.write($1.milliseconds) }
    }
  }
}

extension BinaryReader {
  fileprivate mutating func readStamp() throws -> Stamp {
    let version = try readByte()
    guard version == 1 || version == 2 else { throw Malformed() }
    let time = Timestamp(milliseconds: try readInt64())
    let author = try readString()
    let principal = version == 1 ? nil : try readOptional { try $0.readString() }
    let request = try readOptional { reader in
      let (id, fingerprint) = (try reader.readString(), try reader.readUInt64())
      if version == 1 {
        let firstSent = try reader.readOptional { try $0.readInt64() }
        return RequestID(
          id: id, fingerprint: fingerprint, firstSent: firstSent.map(Timestamp.init(milliseconds:)))
      }
      return RequestID(
        id: id, fingerprint: fingerprint, firstSent: nil,
        knownRevision: try reader.readOptional { try $0.readUInt64() })
    }
    return Stamp(time: time, author: author, principal: principal, request: request)
  }
}

// MARK: Operations

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
    case raiseVersion = 14
    case setSetting = 15
    case skipEntry = 16
    case redo = 17
    case restore = 18
    case tag = 19
    case removeTag = 20
    case transaction = 21
    case get = 22
    case setExpiring = 23
    case touch = 24
    case expire = 25
    /// The same as the kinds without fields, with them.
    case addTasksWithFields = 26
    case editTaskWithFields = 27
  }

  private var kind: Kind {
    switch self {
    case .addTasks: version < .taskFields ? .addTasks : .addTasksWithFields
    case .editTask: version < .taskFields ? .editTask : .editTaskWithFields
    case .removeTask: .removeTask
    case .removeCompletedTasks: .removeCompletedTasks
    case .set: .set
    case .setMany: .setMany
    case .delete: .delete
    case .increment: .increment
    case .append: .append
    case .undo: .undo
    case .stageImport: .stageImport
    case .commitImport: .commitImport
    case .discardImport: .discardImport
    case .raiseVersion: .raiseVersion
    case .setSetting: .setSetting
    case .skipEntry: .skipEntry
    case .redo: .redo
    case .restore: .restore
    case .tag: .tag
    case .removeTag: .removeTag
    case .transaction: .transaction
    case .get: .get
    case .setExpiring: .setExpiring
    case .touch: .touch
    case .expire: .expire
    }
  }

  /// So that what is long is not copied while it grows.
  fileprivate var sizeEstimate: Int {
    switch self {
    case .set(let key, let value, _), .setExpiring(let key, let value, _, _):
      256 + key.count + value.count
    case .stageImport(let part): part.pairs.reduce(256) { $0 + $1.key.count + $1.value.count + 8 }
    case .setMany(let pairs): pairs.reduce(256) { $0 + $1.key.count + $1.value.count + 8 }
    case .transaction(let steps): steps.reduce(256) { $0 + $1.sizeEstimate }
    default: 256
    }
  }

  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(byte: kind.rawValue)
    switch self {
    case .addTasks(let tasks):
      let hasFields = kind == .addTasksWithFields
      writer.write(list: tasks) { writer, task in
        task.encode(to: &writer)
        if hasFields { writer.write(task.fields) }
      }
    case .editTask(let task, let edit, let condition):
      writer.writeEdit(task, edit, condition)
      if kind == .editTaskWithFields { writer.write(edit.fields) }
    case .removeTask(let task, let condition): writer.writeRemoval(task, condition)
    case .removeCompletedTasks: break
    case .set(let key, let value, let condition): writer.writeSetting(key, value, condition)
    case .setMany(let pairs): writer.write(pairs)
    case .delete(let keys, let condition): writer.writeDeletion(keys, condition)
    case .increment(let key, let amount): writer.writeIncrement(key, amount)
    case .append(let key, let values): writer.writeAppending(key, values)
    case .undo(let revision): writer.write(optional: revision) { $0.write($1) }
    case .stageImport(let part): part.encode(to: &writer)
    case .commitImport(let id, let parts, let existing): writer.writeCommit(id, parts, existing)
    case .discardImport(let id): writer.write(id)
    case .raiseVersion(let version): writer.write(version.number)
    case .setSetting(let setting, let value): writer.writeSettingOfCluster(setting, value)
    case .skipEntry(let entry): writer.write(entry)
    case .redo: break
    case .restore(let name, let prefix):
      writer.write(name.description)
      writer.write(prefix)
    case .tag(let tag, let name, let replace):
      writer.write(tag.text)
      writer.write(name.description)
      writer.write(replace)
    case .removeTag(let tag): writer.write(tag.text)
    case .transaction(let steps): writer.write(list: steps) { $1.encode(to: &$0) }
    case .get(let key, let condition):
      writer.write(key)
      condition.encode(to: &writer)
    case .setExpiring(let key, let value, let condition, let lease):
      writer.writeSetting(key, value, condition)
      writer.write(lease)
    case .touch(let key, let condition, let lease):
      writer.write(key)
      condition.encode(to: &writer)
      writer.write(optional: lease) { $0.write($1) }
    case .expire(let now): writer.write(now)
    }
  }

  fileprivate init(from reader: inout BinaryReader) throws {
    guard let kind = Kind(rawValue: try reader.readByte()) else { throw BinaryReader.Malformed() }
    switch kind {
    case .addTasks: self = .addTasks(try reader.readList { try NewTask(from: &$0) })
    case .addTasksWithFields:
      self = .addTasks(
        try reader.readList { reader in
          let task = try NewTask(from: &reader)
          return NewTask(id: task.id, title: task.title, fields: try reader.readFields())
        })
    case .editTask: self = try reader.readEdit()
    case .editTaskWithFields:
      guard case .editTask(let task, var edit, let condition) = try reader.readEdit() else {
        throw BinaryReader.Malformed()
      }
      edit.fields = try reader.readFields()
      self = .editTask(task, edit, condition)
    case .removeTask: self = try reader.readRemoval()
    case .removeCompletedTasks: self = .removeCompletedTasks
    case .set: self = try reader.readSetting()
    case .setMany: self = .setMany(try reader.readNewPairs())
    case .delete: self = try reader.readDeletion()
    case .increment: self = try reader.readIncrement()
    case .append: self = try reader.readAppending()
    case .undo: self = .undo(try reader.readOptional { try $0.readUInt64() })
    case .stageImport: self = .stageImport(try ImportPart(from: &reader))
    case .commitImport: self = try reader.readCommit()
    case .discardImport: self = .discardImport(id: try reader.readString())
    case .raiseVersion: self = .raiseVersion(ClusterVersion(number: try reader.readUInt64()))
    case .setSetting: self = try reader.readSettingOfCluster()
    case .skipEntry: self = .skipEntry(try reader.readPosition())
    case .redo: self = .redo
    case .restore: self = .restore(try reader.readRevision(), prefix: try reader.readBytes())
    case .tag:
      self = .tag(
        try reader.readTag(), try reader.readRevision(), replace: try reader.readBool())
    case .removeTag: self = .removeTag(try reader.readTag())
    case .transaction: self = .transaction(try reader.readList { try Operation(step: &$0) })
    case .get: self = .get(key: try reader.readBytes(), try Condition(from: &reader))
    case .setExpiring:
      self = .setExpiring(
        key: try reader.readBytes(), value: try reader.readBytes(), try Condition(from: &reader),
        try reader.readLease())
    case .touch:
      self = .touch(
        key: try reader.readBytes(), try Condition(from: &reader),
        try reader.readOptional { try $0.readLease() })
    case .expire: self = .expire(at: try reader.readCounter())
    }
  }
}

extension Operation {
  /// A step of a transaction: not every operation can be one, and none holds others.
  fileprivate init(step reader: inout BinaryReader) throws {
    guard reader.nextByte != Kind.transaction.rawValue else { throw BinaryReader.Malformed() }
    try self.init(from: &reader)
    guard mayBeStep else { throw BinaryReader.Malformed() }
  }
}

// MARK: Tasks

extension NewTask {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(id)
    writer.write(title)
  }

  fileprivate init(from reader: inout BinaryReader) throws {
    self.init(id: try reader.readString(), title: try reader.readString())
  }
}

extension BinaryWriter {
  fileprivate mutating func write(_ fields: TaskFields) {
    write(JSON.object(fields.members).serialized())
  }
}

extension BinaryReader {
  fileprivate mutating func readFields() throws -> TaskFields {
    guard let json = JSON(objectIn: try readBytes()) else { throw Malformed() }
    return TaskFields(membersOf: json)
  }
}

extension BinaryWriter {
  fileprivate mutating func writeEdit(
    _ task: TaskReference, _ edit: TaskEdit, _ condition: Condition
  ) {
    write(task.encoded)
    write(optional: edit.title) { $0.write($1) }
    write(optional: edit.completed) { $0.write($1) }
    condition.encode(to: &self)
  }
}

extension BinaryReader {
  fileprivate mutating func readEdit() throws -> Operation {
    .editTask(
      TaskReference(decoding: try readString()),
      TaskEdit(
        title: try readOptional { try $0.readString() },
        completed: try readOptional { try $0.readBool() }),
      try Condition(from: &self))
  }
}

extension BinaryWriter {
  fileprivate mutating func writeRemoval(_ task: TaskReference, _ condition: Condition) {
    write(task.encoded)
    condition.encode(to: &self)
  }
}

extension BinaryReader {
  fileprivate mutating func readRemoval() throws -> Operation {
    .removeTask(TaskReference(decoding: try readString()), try Condition(from: &self))
  }
}

// MARK: Pairs

extension BinaryWriter {
  fileprivate mutating func writeSetting(_ key: Bytes, _ value: Bytes, _ condition: Condition) {
    write(key)
    write(value)
    condition.encode(to: &self)
  }
}

extension BinaryReader {
  fileprivate mutating func readSetting() throws -> Operation {
    .set(key: try readBytes(), value: try readBytes(), try Condition(from: &self))
  }
}

extension BinaryWriter {
  fileprivate mutating func writeDeletion(_ keys: [Bytes], _ condition: Condition) {
    write(list: keys) { $0.write($1) }
    condition.encode(to: &self)
  }
}

extension BinaryReader {
  fileprivate mutating func readDeletion() throws -> Operation {
    .delete(keys: try readList { try $0.readBytes() }, try Condition(from: &self))
  }
}

extension BinaryWriter {
  fileprivate mutating func writeIncrement(_ key: Bytes, _ amount: Int64) {
    write(key)
    write(amount)
  }
}

extension BinaryReader {
  fileprivate mutating func readIncrement() throws -> Operation {
    .increment(key: try readBytes(), by: try readInt64())
  }
}

extension BinaryWriter {
  fileprivate mutating func writeAppending(_ key: Bytes, _ values: [Bytes]) {
    write(key)
    write(list: values) { $0.write($1) }
  }
}

extension BinaryReader {
  fileprivate mutating func readAppending() throws -> Operation {
    .append(key: try readBytes(), values: try readList { try $0.readBytes() })
  }
}

// MARK: Revisions

extension BinaryReader {
  fileprivate mutating func readRevision() throws -> RevisionName {
    guard let name = try? RevisionName(parsing: try readString()) else { throw Malformed() }
    return name
  }

  fileprivate mutating func readTag() throws -> TagName {
    guard let tag = try? TagName(try readString()) else { throw Malformed() }
    return tag
  }
}

// MARK: Leases

extension BinaryWriter {
  fileprivate mutating func write(_ lease: Lease) {
    write(lease.milliseconds)
    write(lease.now)
  }
}

extension BinaryReader {
  fileprivate mutating func readLease() throws -> Lease {
    Lease(milliseconds: try readCounter(), now: try readCounter())
  }
}

// MARK: Imports

extension BinaryWriter {
  fileprivate mutating func writeCommit(
    _ id: String, _ parts: UInt64, _ existing: ExistingKeys
  ) {
    write(id)
    write(parts)
    write(byte: existing.code)
  }
}

extension BinaryReader {
  fileprivate mutating func readCommit() throws -> Operation {
    let (id, parts) = (try readString(), try readUInt64())
    guard let existing = ExistingKeys(code: try readByte()) else { throw Malformed() }
    return .commitImport(id: id, parts: parts, existing)
  }
}

// MARK: Settings

extension BinaryWriter {
  fileprivate mutating func writeSettingOfCluster(_ setting: Setting, _ value: String?) {
    write(setting.name)
    write(optional: value) { $0.write($1) }
  }
}

extension BinaryReader {
  fileprivate mutating func readSettingOfCluster() throws -> Operation {
    guard let setting = Setting(rawValue: try readString()) else { throw Malformed() }
    return .setSetting(setting, value: try readOptional { try $0.readString() })
  }
}

// MARK: Entries

extension BinaryWriter {
  fileprivate mutating func write(_ entry: LogPosition) {
    write(entry.index)
    write(entry.term)
  }
}

extension BinaryReader {
  fileprivate mutating func readPosition() throws -> LogPosition {
    LogPosition(index: try readCounter(), term: try readCounter())
  }
}

// MARK: Conditions

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
