// What applying an operation answers; remembered with the request id.

/// What the state says to an operation: decided by the state alone, and so the same on every node.
package typealias Decision = Result<Answer, PDBError>

/// What a change did.
public enum Answer: Equatable, Sendable {
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
  /// A revision has a name.
  case tagged(Tag)
  /// What a step of a transaction found.
  case found(Pair?)
  /// The answers of the steps of a transaction.
  indirect case transaction([Answer])
}

/// A revision that was taken back.
public struct Undone: Equatable, Sendable {
  /// Which one.
  public let revision: UInt64
  /// What it had done, as in ``Revision/operation``.
  public let operation: String
  /// How many keys that users can see are as before.
  public let count: Int

  /// The answer to an undo.
  public init(revision: UInt64, operation: String, count: Int) {
    self.revision = revision
    self.operation = operation
    self.count = count
  }
}

/// A task and the revision that last changed it.
public struct VersionedTask: Equatable, Sendable {
  /// The task.
  public let task: TaskItem
  /// The revision that last changed it.
  public let revision: UInt64

  /// A task as of a revision.
  public init(task: TaskItem, revision: UInt64) {
    self.task = task
    self.revision = revision
  }
}

/// A key, its value and the revision that last changed it.
public struct Pair: Equatable, Sendable {
  /// The key, which need not be text.
  public let key: Bytes
  /// JSON, or bytes that are not text.
  public let value: Bytes
  /// The revision that last changed it.
  public let revision: UInt64
  /// Whether the change that answers with the pair made the key. Not encoded: see
  /// ``RememberedAnswer``.
  public var isNew: Bool
  /// How long it will live at least; `nil` for ever, or where it was not asked for alone. Not encoded.
  public var remaining: Duration?

  /// A pair as of a revision.
  public init(key: Bytes, value: Bytes, revision: UInt64, isNew: Bool = false) {
    self.key = key
    self.value = value
    self.revision = revision
    self.isNew = isNew
  }
}

// MARK: Encoding

//   kind  fields...      kinds are numbered for ever, like those of operations

extension Decision {
  package func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: 128)
    switch self {
    case .success(let answer): answer.encode(to: &writer)
    case .failure(let error):
      writer.write(byte: 4)
      writer.write(error.json.serialized())
    }
    return writer.bytes
  }

  init(decoding bytes: Bytes) throws {
    var reader = BinaryReader(bytes)
    if reader.nextByte == 4 {
      _ = try reader.readByte()
      guard let error = PDBError(json: try JSON(parsing: try reader.readBytes())) else {
        throw BinaryReader.Malformed()
      }
      self = .failure(error)
    } else {
      self = .success(try Answer(from: &reader))
    }
    try reader.finish()
  }
}

extension Answer {
  fileprivate func encode(to writer: inout BinaryWriter) {
    switch self {
    case .tasks(let tasks):
      writer.write(byte: 1)
      writer.write(list: tasks) { writer, versioned in
        writer.write(versioned.task.json.serialized())
        writer.write(versioned.revision)
      }
    case .pair(let pair):
      writer.write(byte: 2)
      writer.write(pair)
    case .removed(let count):
      writer.write(byte: 3)
      writer.write(UInt64(count))
    case .changed(let count):
      writer.write(byte: 5)
      writer.write(UInt64(count))
    case .undone(let undone):
      writer.write(byte: 6)
      writer.write(undone.revision)
      writer.write(undone.operation)
      writer.write(UInt64(undone.count))
    case .tagged(let tag):
      writer.write(byte: 8)
      writer.write(tag.name.text)
      writer.write(tag.revision)
    case .found(let pair):
      writer.write(byte: 9)
      writer.write(optional: pair) { $0.write($1) }
    case .transaction(let answers):
      writer.write(byte: 10)
      writer.write(list: answers) { $1.encode(to: &$0) }
    }
  }

  fileprivate init(from reader: inout BinaryReader) throws {
    switch try reader.readByte() {
    case 1:
      self = .tasks(
        try reader.readList { reader in
          guard let task = TaskItem(json: try JSON(parsing: try reader.readBytes())) else {
            throw BinaryReader.Malformed()
          }
          return VersionedTask(task: task, revision: try reader.readUInt64())
        })
    case 2: self = .pair(try reader.readPair())
    case 3: self = .removed(Int(try reader.readUInt64()))
    case 5: self = .changed(Int(try reader.readUInt64()))
    case 6:
      self = .undone(
        Undone(
          revision: try reader.readUInt64(), operation: try reader.readString(),
          count: Int(try reader.readUInt64())))
    case 8:
      guard let name = try? TagName(try reader.readString()) else { throw BinaryReader.Malformed() }
      self = .tagged(Tag(name, revision: try reader.readUInt64()))
    case 9: self = .found(try reader.readOptional { try $0.readPair() })
    case 10:
      self = .transaction(
        try reader.readList { reader in
          // A transaction has no transactions among its steps.
          guard reader.nextByte != 10 else { throw BinaryReader.Malformed() }
          return try Answer(from: &reader)
        })
    default: throw BinaryReader.Malformed()
    }
  }
}

extension BinaryWriter {
  fileprivate mutating func write(_ pair: Pair) {
    write(pair.key)
    write(pair.value)
    write(pair.revision)
  }
}

extension BinaryReader {
  fileprivate mutating func readPair() throws -> Pair {
    Pair(key: try readBytes(), value: try readBytes(), revision: try readUInt64())
  }
}

// MARK: Remembering

/// What is remembered of a request: its answer, and the revision of the state after it.
struct RememberedAnswer {
  let decision: Decision
  /// `nil` if it was written before revisions were remembered.
  let revision: UInt64?

  /// Where an answer's kind would stand.
  private static let kind: UInt8 = 7

  func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: 64)
    writer.write(byte: Self.kind)
    writer.write(revision ?? 0)
    writer.write(decision.encoded())
    return writer.bytes
  }

  init(_ decision: Decision, revision: UInt64) {
    self.decision = decision
    self.revision = revision
  }

  init(decoding bytes: Bytes) throws {
    guard bytes.first == Self.kind else {
      decision = try Decision(decoding: bytes)
      revision = nil
      return
    }
    var reader = BinaryReader(Bytes(bytes.dropFirst()))
    revision = try reader.readUInt64()
    decision = try Decision(decoding: reader.readBytes())
    try reader.finish()
  }
}

extension RememberedRequest {
  /// The state's revision after a request, as the answer to it tells; zero if it does not.
  package static func revision(inAnswer answer: Bytes) -> UInt64 {
    (try? RememberedAnswer(decoding: answer))?.revision ?? 0
  }
}

// MARK: Taking apart

extension Answer {
  /// The tasks that were added or edited; none if the change was about something else.
  public var tasks: [VersionedTask] { if case .tasks(let tasks) = self { tasks } else { [] } }

  /// The pair that was set, increased or appended to.
  public var pair: Pair? { if case .pair(let pair) = self { pair } else { nil } }

  /// What was taken back.
  public var undone: Undone? { if case .undone(let undone) = self { undone } else { nil } }

  /// The tag that was set.
  public var tag: Tag? { if case .tagged(let tag) = self { tag } else { nil } }

  /// The answers of the steps; none if the change was no transaction.
  public var steps: [Answer] { if case .transaction(let answers) = self { answers } else { [] } }

  /// How many tasks or keys the change was about.
  public var count: Int {
    switch self {
    case .tasks(let tasks): tasks.count
    case .pair: 1
    case .removed(let count), .changed(let count): count
    case .undone(let undone): undone.count
    case .tagged, .found: 1
    case .transaction(let answers): answers.reduce(0) { $0 + $1.count }
    }
  }
}
