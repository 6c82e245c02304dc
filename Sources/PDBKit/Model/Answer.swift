// What applying an operation answers; remembered with the request id.

/// The result of an operation, decided by the state and so the same on every node.
package enum Answer: Sendable {
  /// The tasks added or edited, each with the revision that last changed it.
  case tasks([VersionedTask])
  /// The pair as it is now.
  case pair(Pair)
  /// How many tasks or keys were removed.
  case removed(Int)
  /// How many keys that users can see were changed.
  case changed(Int)
  /// A revision was taken back.
  case undone(Undone)
  /// The operation changed nothing, and why.
  case refused(PDBError)
}

/// A revision that was taken back.
package struct Undone: Equatable, Sendable {
  package let revision: UInt64
  /// What it had done.
  package let operation: String
  /// How many keys that users can see are as before.
  package let count: Int
}

/// A task and the revision that last changed it.
package struct VersionedTask: Sendable {
  package let task: TaskItem
  package let revision: UInt64
}

/// A key, its value and the revision that last changed it.
package struct Pair: Equatable, Sendable {
  package let key: Bytes
  package let value: Bytes
  package let revision: UInt64
  /// Whether setting it made the key. Not encoded: see ``RememberedAnswer``.
  package var isNew = false
}

// MARK: Encoding

//   kind  fields...      kinds are numbered for ever, like those of operations

extension Answer {
  package func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: 128)
    switch self {
    case .tasks(let tasks):
      writer.write(byte: 1)
      writer.write(list: tasks) { writer, versioned in
        writer.write(versioned.task.json.serialized())
        writer.write(versioned.revision)
      }
    case .pair(let pair):
      writer.write(byte: 2)
      writer.write(pair.key)
      writer.write(pair.value)
      writer.write(pair.revision)
    case .removed(let count):
      writer.write(byte: 3)
      writer.write(UInt64(count))
    case .refused(let error):
      writer.write(byte: 4)
      writer.write(error.json.serialized())
    case .changed(let count):
      writer.write(byte: 5)
      writer.write(UInt64(count))
    case .undone(let undone):
      writer.write(byte: 6)
      writer.write(undone.revision)
      writer.write(undone.operation)
      writer.write(UInt64(undone.count))
    }
    return writer.bytes
  }

  package init(decoding bytes: Bytes) throws {
    var reader = BinaryReader(bytes)
    switch try reader.readByte() {
    case 1:
      self = .tasks(
        try reader.readList { reader in
          guard let task = TaskItem(json: try JSON(parsing: try reader.readBytes())) else {
            throw BinaryReader.Malformed()
          }
          return VersionedTask(task: task, revision: try reader.readUInt64())
        })
    case 2:
      self = .pair(
        Pair(
          key: try reader.readBytes(), value: try reader.readBytes(),
          revision: try reader.readUInt64()))
    case 3: self = .removed(Int(try reader.readUInt64()))
    case 4:
      guard let error = PDBError(json: try JSON(parsing: try reader.readBytes())) else {
        throw BinaryReader.Malformed()
      }
      self = .refused(error)
    case 5: self = .changed(Int(try reader.readUInt64()))
    case 6:
      self = .undone(
        Undone(
          revision: try reader.readUInt64(), operation: try reader.readString(),
          count: Int(try reader.readUInt64())))
    default: throw BinaryReader.Malformed()
    }
    try reader.finish()
  }
}

// MARK: Remembering

/// What is remembered of a request: its answer, and the revision of the state after it.
struct RememberedAnswer {
  let answer: Answer
  /// `nil` if it was written before revisions were remembered.
  let revision: UInt64?

  /// Where an answer's kind would stand.
  private static let kind: UInt8 = 7

  func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: 64)
    writer.write(byte: Self.kind)
    writer.write(revision ?? 0)
    writer.write(answer.encoded())
    return writer.bytes
  }

  init(answer: Answer, revision: UInt64) {
    self.answer = answer
    self.revision = revision
  }

  init(decoding bytes: Bytes) throws {
    guard bytes.first == Self.kind else {
      answer = try Answer(decoding: bytes)
      revision = nil
      return
    }
    var reader = BinaryReader(Bytes(bytes.dropFirst()))
    revision = try reader.readUInt64()
    answer = try Answer(decoding: reader.readBytes())
    try reader.finish()
  }
}

// MARK: Taking apart

extension Answer {
  /// An operation answered with something its endpoint does not know.
  package struct Unexpected: Error {}

  package func tasks() throws -> [VersionedTask] {
    guard case .tasks(let tasks) = self, !tasks.isEmpty else { throw Unexpected() }
    return tasks
  }

  package func pair() throws -> Pair {
    guard case .pair(let pair) = self else { throw Unexpected() }
    return pair
  }

  package func changed() throws -> Int {
    guard case .changed(let count) = self else { throw Unexpected() }
    return count
  }

  package func undone() throws -> Undone {
    guard case .undone(let undone) = self else { throw Unexpected() }
    return undone
  }

  package func removed() throws -> Int {
    guard case .removed(let count) = self else { throw Unexpected() }
    return count
  }
}
