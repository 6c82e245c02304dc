// Which tasks are wanted, by their fields.

public import PDBModel

/// What the fields of a task must hold for it to be listed.
public struct TaskFilter: Equatable, Sendable {
  /// Tags that it must have, all of them.
  public var tags: [String]
  /// The project that it must be a part of.
  public var project: String?
  /// The priority that it must have.
  public var priority: TaskPriority?
  /// When its date must be over.
  public var due: DueLimit?

  /// A filter; without arguments it lets everything through.
  public init(
    tags: [String] = [], project: String? = nil, priority: TaskPriority? = nil,
    due: DueLimit? = nil
  ) {
    self.tags = tags
    self.project = project
    self.priority = priority
    self.due = due
  }

  /// Whether it lets everything through.
  public var isEmpty: Bool { self == TaskFilter() }

  package func matches(_ task: TaskItem) -> Bool {
    if let project, task.project != project { return false }
    if let priority, task.priority != priority { return false }
    if let due {
      guard let date = task.due, due.isReached(by: date) else { return false }
    }
    return tags.isEmpty || tags.allSatisfy(task.tags.contains)
  }
}

/// A point in time, and the time zone in which days end.
public struct DueLimit: Equatable, Sendable, CustomStringConvertible {
  /// The point in time.
  public let time: Timestamp
  /// How far clocks are ahead of UTC there, in milliseconds.
  private let offset: Int64

  /// - Returns: `nil` for a text that is not as in `2026-11-28T18:00:00+07:00` (RFC 3339, section 5.6).
  public init?(rfc3339 text: String) {
    guard let time = Timestamp(rfc3339: text) else { return nil }
    self.time = time
    let isUTC = text.last?.uppercased() == "Z"
    let local = isUTC ? time : Timestamp(rfc3339: text.dropLast(6) + "Z")
    offset = (local ?? time).milliseconds - time.milliseconds
  }

  /// A point in time where clocks are some minutes ahead of UTC.
  public init(_ time: Timestamp, minutesAheadOfUTC minutes: Int) {
    self.time = time
    offset = Int64(minutes) * 60_000
  }

  /// As in `2026-11-28T18:00:00.000+07:00`.
  public var description: String {
    let local = Timestamp(milliseconds: time.milliseconds + offset).description.dropLast()
    let minutes = abs(offset) / 60_000
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : String(number) }
    return "\(local)\(offset < 0 ? "-" : "+")\(two(minutes / 60)):\(two(minutes % 60))"
  }

  func isReached(by date: DueDate) -> Bool {
    if let moment = Timestamp(rfc3339: date.description) { return moment <= time }
    guard let end = Timestamp(rfc3339: "\(date)T23:59:59.999Z") else { return false }
    return end.milliseconds - offset <= time.milliseconds
  }
}
