// What clients did and what they were told: the history.

import Linearizability

/// What a client wanted.
enum Action: Codable, Sendable {
  case read(key: String)
  /// A key as it was at a revision.
  case readPast(key: String, revision: UInt64)
  /// All keys with a prefix, at one moment.
  case readAll(prefix: String)
  case write(key: String, value: RegisterValue, condition: RegisterCondition)
  case delete(key: String)
  case increment(key: String, by: Int64)
  case append(key: String, element: String)
  /// Sets a key that ends after some milliseconds.
  case lease(key: String, value: String, milliseconds: UInt64)
  /// Sets several keys to one value, all or none.
  case setTogether(keys: [String], value: String)
  case addTask(title: String)
  case editTask(id: String, title: String?, completed: Bool?)
  case removeTask(id: String)

  var isChange: Bool {
    switch self {
    case .read, .readPast, .readAll: false
    default: true
    }
  }
}

/// What a client was told.
enum Answer: Codable, Sendable {
  /// The pair after a change, or as it was read; no value if there is none.
  case pair(RegisterValue?, revision: UInt64?)
  case pairs([String: RevisedValue])
  case task(TaskAnswer)
  case done
  /// The data does not allow it: a conflict, or nothing there. As certain as a success.
  case refusal(code: String)
}

struct RevisedValue: Codable, Sendable {
  let value: RegisterValue
  let revision: UInt64
}

struct TaskAnswer: Codable, Sendable {
  let id: String
  let number: UInt64
  let title: String
  let completed: Bool
  let revision: UInt64?
}

enum Result: Codable, Sendable {
  case answered(Answer)
  /// Certainly not applied: a promise.
  case refused(code: String)
  case unknown(code: String)
}

/// One operation of one client.
struct Record: Codable, Sendable {
  let client: Int
  /// The request id, the same for all attempts.
  let request: String
  let action: Action
  /// Nanoseconds of the monotonic clock.
  let invoked: UInt64
  let returned: UInt64
  /// How often it was tried; being sent on to the leader does not count.
  let attempts: Int
  /// The node that gave the last answer.
  let node: Int
  let result: Result
  /// Of a read: the revision of the state that was read.
  let revision: UInt64?
}

// MARK: Values

extension RegisterValue: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int64.self) {
      self = .number(number)
    } else if let elements = try? container.decode([String].self) {
      self = .list(elements)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .list(let elements): try container.encode(elements)
    }
  }
}

extension RegisterCondition: Codable {
  private enum Key: CodingKey {
    case absent, revision
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let revision = try container.decodeIfPresent(UInt64.self, forKey: .revision) {
      self = .revision(revision)
    } else {
      self = try container.decodeIfPresent(Bool.self, forKey: .absent) == true ? .absent : .none
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .none: break
    case .absent: try container.encode(true, forKey: .absent)
    case .revision(let revision): try container.encode(revision, forKey: .revision)
    }
  }
}
