// A task: what it is made of and how it is written into the state.

/// One task of the list.
public struct TaskItem: Equatable, Sendable {
  /// A UUID in lower case; never reused.
  public let id: String
  /// Small, for people: counts up from 1 and is never reused.
  public let number: UInt64
  /// The title, as ``Title`` accepts it.
  public var title: String
  /// Whether the task is done.
  public var completed: Bool
  /// When it was added, as ``Timestamp/description`` or the program that stored the task wrote it.
  public let createdAt: String
  /// What other programs store with it: the members that pdb does not know, as they were written.
  public internal(set) var extra: [JSON.Member]

  /// A task with these members.
  public init(
    id: String, number: UInt64, title: String, completed: Bool, createdAt: String,
    extra: [JSON.Member] = []
  ) {
    self.id = id
    self.number = number
    self.title = title
    self.completed = completed
    self.createdAt = createdAt
    self.extra = extra
  }

  /// `{"id","number","title","completed","created_at"}` and what other programs store with it: the
  /// form in the state and over HTTP.
  public var json: JSON {
    .object(
      [
        .init("id", .string(id)), .init("number", JSON(number)), .init("title", .string(title)),
        .init("completed", .bool(completed)), .init("created_at", .string(createdAt)),
      ] + extra)
  }

  /// The task of such an object; `nil` if one of the five members is missing.
  public init?(json: JSON) {
    guard let id = json["id"]?.string, let number = json["number"]?.uint64,
      let title = json["title"]?.string, let completed = json["completed"]?.bool,
      let createdAt = json["created_at"]?.string
    else { return nil }
    self.init(
      id: id, number: number, title: title, completed: completed, createdAt: createdAt,
      extra: Self.extra(in: json))
  }

  /// The members of an object that pdb does not know. `revision` is not among them: it is not
  /// stored, but stands in every task that a node answers with.
  static func extra(in json: JSON) -> [JSON.Member] {
    (json.members ?? []).filter { member in
      switch member.name {
      case "id", "number", "title", "completed", "created_at", "revision": false
      default: true
      }
    }
  }
}

// MARK: Tasks that other programs write

extension TaskItem {
  /// Refuses a value that would become a task, but with a part of it lost: an object with a title
  /// under a task's key, where something that pdb knows is not what it should be.
  ///
  /// - Throws: `invalid_value`, or what is wrong with the title.
  package static func check(_ value: Bytes, under key: Bytes) throws(PDBError) {
    guard let json = JSON(objectIn: value), let id = TaskKeys.id(of: key),
      let title = json["title"]
    else { return }
    func refuse(_ name: String, _ wanted: String) -> PDBError {
      PDBError(
        .invalidValue,
        "'\(key.shown)' is the key of a task, but '\(name)' in its value is not \(wanted)",
        hint: "correct the value, or use a key that does not begin with 'task_'")
    }
    guard let title = title.string else { throw refuse("title", "a string") }
    _ = try Title(title)
    if let completed = json["completed"], completed.bool == nil {
      throw refuse("completed", "true or false")
    }
    if let time = json["created_at"], time.string == nil { throw refuse("created_at", "a string") }
    if let own = json["id"], own.string != id { throw refuse("id", "'\(id)', as in the key") }
    for name in ["number", "revision"] {
      if let number = json[name], number.uint64 == nil { throw refuse(name, "a whole number") }
    }
  }
}

extension StoredValue {
  /// Whether it is a task.
  package func isTask(under key: Bytes) -> Bool {
    TaskKeys.isTask(key) && VersionedTask(self) != nil
  }
}

/// Where tasks live among the keys.
package enum TaskKeys {
  /// `task_<id>` holds the task, as in the seed of this project.
  package static let prefix = Bytes(utf8: "task_")

  package static func task(id: String) -> Bytes { prefix + Bytes(utf8: id) }

  /// Whether a task may live there. The same as ``id(of:)`` without making the id.
  package static func isTask(_ key: Bytes) -> Bool {
    guard key.starts(with: prefix), key.count > prefix.count else { return false }
    return key.allSatisfy { $0 < 0x80 } || id(of: key) != nil
  }

  package static func id(of key: Bytes) -> String? {
    guard key.starts(with: prefix), key.count > prefix.count else { return nil }
    return Bytes(key.dropFirst(prefix.count)).utf8String
  }

  /// `NUL number/<8 bytes, big-endian>` holds the id of the task with that number. Keys that
  /// start with NUL belong to pdb; users cannot name them.
  package static let numbers = SystemKeys.prefix + Bytes(utf8: "number/")

  package static func number(_ number: UInt64) -> Bytes {
    numbers + number.bigEndianBytes
  }

  /// The first number whose key is this one or sorts after it; the highest there is if none does.
  package static func number(atOrAfter key: Bytes) -> UInt64 {
    guard numbers.lexicographicallyPrecedes(key) else { return 0 }
    guard key.starts(with: numbers) else { return .max }
    let digits = key.dropFirst(numbers.count)
    let padded = digits.prefix(8) + Bytes(repeating: 0, count: max(0, 8 - digits.count))
    let number = padded.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return digits.count > 8 && number < .max ? number + 1 : number
  }

  /// Holds the highest number ever given, in decimal.
  package static let lastNumber = SystemKeys.prefix + Bytes(utf8: "last-number")
}

/// Keys that are pdb's own.
package enum SystemKeys {
  package static let prefix: Bytes = [0]
  /// The first key that a user can see.
  package static let firstUserKey: Bytes = [1]

  /// Whether a key is no part of the past: its changes make no revision, and only what it holds now is
  /// kept.
  package static func hasNoHistory(_ key: Bytes) -> Bool { key.starts(with: ImportKeys.prefix) }
}

/// How users name a task: its id, its number, or the beginning of its id. What is some task's id
/// means that task, whatever else it looks like.
public struct TaskReference: Equatable, Sendable {
  /// The reference as it was written.
  public let text: String
  /// Whether it can only be an id.
  public let isExact: Bool

  /// A reference that may be an id, a number, or the beginning of an id.
  public init(_ text: String) {
    self.text = text
    isExact = false
  }

  /// The task with exactly this id, and no other.
  public static func id(_ id: String) -> Self { Self(text: id, isExact: true) }

  private init(text: String, isExact: Bool) {
    self.text = text
    self.isExact = isExact
  }

  /// As it stands in the log: NUL before an id that can only be one. What begins with NUL is no
  /// number anyway. A UUID can be taken for nothing else, and stands as nodes of version 0.1 know it.
  var encoded: String { isExact && !isUUID ? "\0" + text : text }

  private var isUUID: Bool {
    text.utf8.count == 36
      && text.utf8.enumerated().allSatisfy { position, byte in
        [8, 13, 18, 23].contains(position)
          ? byte == UInt8(ascii: "-")
          : (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      }
  }

  init(decoding encoded: String) {
    if encoded.utf8.first == 0 {
      self = .id(String(encoded.dropFirst()))
    } else {
      self.init(encoded)
    }
  }

  /// The shortest beginning of an id that may stand for it.
  package static let shortestPrefix = 4
}
