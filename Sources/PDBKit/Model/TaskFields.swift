// What people keep of a task beside its title: members of its JSON that may be missing.
//
//   "due":"2026-11-28"   "priority":"high"   "tags":["school"]   "project":"thesis"   "notes":"..."
//
// And "completed_at", which the state itself keeps: when the task was ticked off.

/// A member of a task that may be missing.
public enum TaskField: String, CaseIterable, Sendable {
  /// Until when it is to be done: a day, or a moment with its offset from UTC (RFC 3339).
  case due
  /// `high`, `medium` or `low`.
  case priority
  /// Words by which it is found.
  case tags
  /// What it is a part of.
  case project
  /// Anything else, of any number of lines.
  case notes
}

/// Values for some of the fields of a task.
public struct TaskFields: Equatable, Sendable {
  private var values: [TaskField: JSON] = [:]

  /// No field.
  public init() {}

  /// The value of a field; `null` where it is to be taken away, `nil` where nothing is said of it.
  public subscript(field: TaskField) -> JSON? {
    get { values[field] }
    set { values[field] = newValue }
  }

  /// Whether nothing is said.
  public var isEmpty: Bool { values.isEmpty }

  /// The fields that are said, in the order of ``TaskField``.
  public var members: [JSON.Member] {
    TaskField.allCases.compactMap { field in
      values[field].map { JSON.Member(field.rawValue, $0) }
    }
  }

  /// The fields among the members of an object, as they are.
  package init(membersOf json: JSON) {
    for field in TaskField.allCases { values[field] = json[field.rawValue] }
  }
}

/// How much a task matters.
public enum TaskPriority: String, CaseIterable, Sendable, Comparable {
  /// It can wait.
  case low
  /// As most do.
  case medium
  /// It comes first.
  case high

  /// What matters less is less.
  public static func < (left: Self, right: Self) -> Bool {
    allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
  }
}

extension TaskItem {
  /// How much it matters; `nil` if nobody said so.
  public var priority: TaskPriority? { text("priority").flatMap(TaskPriority.init) }

  /// Its tags, in the order in which they were given.
  public var tags: [String] {
    (member(TaskField.tags.rawValue)?.array ?? []).compactMap(\.string)
  }

  /// What it is a part of.
  public var project: String? { text("project") }

  /// What else is said of it.
  public var notes: String? { text("notes") }

  /// When it was ticked off, as ``Timestamp/description``.
  public var completedAt: String? { text(Self.completedAtName) }

  static let completedAtName = "completed_at"

  private func member(_ name: String) -> JSON? { extra.first { $0.hasName(name) }?.value }

  package func text(_ name: String) -> String? { member(name)?.string }

  /// Gives a member that may be missing a value; `null` takes it away.
  mutating func set(_ name: String, to value: JSON) {
    let position = extra.firstIndex { $0.hasName(name) }
    switch (position, value.isNull) {
    case (let position?, true): extra.remove(at: position)
    case (let position?, false): extra[position] = JSON.Member(name, value)
    case (nil, true): break
    case (nil, false): extra.append(JSON.Member(name, value))
    }
  }
}
