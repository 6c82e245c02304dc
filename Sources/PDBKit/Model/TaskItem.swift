// A task: what it is made of and how it is written into the state.

/// One task of the list.
public struct TaskItem: Equatable, Sendable {
  /// A UUID in lower case; never reused.
  public let id: String
  /// Small, for people: counts up from 1 and is never reused.
  public let number: UInt64
  public var title: String
  public var completed: Bool
  public let createdAt: String

  public init(id: String, number: UInt64, title: String, completed: Bool, createdAt: String) {
    self.id = id
    self.number = number
    self.title = title
    self.completed = completed
    self.createdAt = createdAt
  }

  /// `{"id","number","title","completed","created_at"}`, the form in the state and over HTTP.
  public var json: JSON {
    [
      "id": .string(id), "number": JSON(number), "title": .string(title),
      "completed": .bool(completed), "created_at": .string(createdAt),
    ]
  }

  public init?(json: JSON) {
    guard let id = json["id"]?.string, let number = json["number"]?.uint64,
      let title = json["title"]?.string, let completed = json["completed"]?.bool,
      let createdAt = json["created_at"]?.string
    else { return nil }
    self.init(
      id: id, number: number, title: title, completed: completed, createdAt: createdAt)
  }
}

/// Where tasks live among the keys.
enum TaskKeys {
  /// `task_<id>` holds the task, as in the seed of this project.
  static let prefix = Bytes(utf8: "task_")

  static func task(id: String) -> Bytes { prefix + Bytes(utf8: id) }

  static func id(of key: Bytes) -> String? {
    guard key.starts(with: prefix), key.count > prefix.count else { return nil }
    return Bytes(key.dropFirst(prefix.count)).utf8String
  }

  /// `NUL number/<8 bytes, big-endian>` holds the id of the task with that number. Keys that
  /// start with NUL belong to pdb; users cannot name them.
  static let numbers = SystemKeys.prefix + Bytes(utf8: "number/")

  static func number(_ number: UInt64) -> Bytes {
    numbers + number.bigEndianBytes
  }

  /// Holds the highest number ever given, in decimal.
  static let lastNumber = SystemKeys.prefix + Bytes(utf8: "last-number")
}

/// Keys that are pdb's own.
enum SystemKeys {
  static let prefix: Bytes = [0]
  /// The first key that a user can see.
  static let firstUserKey: Bytes = [1]
}

/// How users name a task: its number, its id, or the beginning of its id.
public struct TaskReference: Equatable, Sendable {
  public let text: String

  public init(_ text: String) { self.text = text }

  /// The shortest beginning of an id that may stand for it.
  static let shortestPrefix = 4
}
