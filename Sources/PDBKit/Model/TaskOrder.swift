// Tasks in the order of their creation, without holding more than a few of them.
//
// Numbers rise as tasks come, and most tasks come when they are created: then the order of the
// numbers is that of creation. The exceptions, imported and replicated tasks, are remembered as
// places. A task keeps its number and its time for life, so what was learnt stays true.

/// Where a task stands among all: by the time of its creation, as text, then by its number.
package struct TaskPlace: Comparable, Sendable {
  let createdAt: Bytes
  let number: UInt64

  init(_ task: TaskItem) { self.init(createdAt: Bytes(utf8: task.createdAt), number: task.number) }

  init(createdAt: Bytes, number: UInt64) {
    self.createdAt = createdAt
    self.number = number
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.createdAt == right.createdAt
      ? left.number < right.number : left.createdAt.lexicographicallyPrecedes(right.createdAt)
  }
}

/// Which tasks do not stand where their numbers say.
package struct TaskOrder: Sendable {
  /// Tasks created before one with a smaller number, in order.
  private(set) var late: [TaskPlace] = []
  private var lateNumbers: Set<UInt64> = []
  /// The tasks up to this number are known.
  package private(set) var last: UInt64 = 0

  package init(late: [TaskPlace] = [], last: UInt64 = 0) {
    self.late = late
    self.last = last
  }
  /// The newest creation among them.
  private var newest: Bytes = []

  /// Learns of the tasks that came since the last time.
  ///
  /// - Complexity: O(tasks that came since).
  package mutating func extend(_ view: some KeyValueView) throws {
    var found: [TaskPlace] = []
    try view.scanTasks(from: last + 1, reversed: false) { versioned in
      let place = TaskPlace(versioned.task)
      if place.createdAt.lexicographicallyPrecedes(newest) {
        found.append(place)
      } else {
        newest = place.createdAt
      }
      last = place.number
      return true
    }
    guard !found.isEmpty else { return }
    late = (late + found).sorted()
    lateNumbers.formUnion(found.map(\.number))
  }

  func isLate(_ number: UInt64) -> Bool { lateNumbers.contains(number) }

  /// Where a task stands that is named for its place; it may be gone.
  ///
  /// - Throws: `task_not_found` if the reference does not even say a number.
  package func place(of reference: TaskReference, _ view: some KeyValueView) throws -> TaskPlace {
    guard let number = UInt64(reference.text), number < .max,
      try view.task(id: reference.text) == nil, try view.task(number: number) == nil
    else { return TaskPlace(try view.task(reference).task) }
    if let place = late.first(where: { $0.number == number }) { return place }
    // It was created before the one that follows it; how long before is not known. A late task
    // may be told twice then, but none is missed.
    var createdAt: Bytes = [0xFF]
    try view.scanTasks(from: number + 1, reversed: false) { versioned in
      guard !isLate(versioned.task.number) else { return true }
      createdAt = Bytes(utf8: versioned.task.createdAt)
      return false
    }
    return TaskPlace(createdAt: createdAt, number: number)
  }
}

/// A walk through the tasks from the newest to the oldest, which can be interrupted.
package struct TaskWalk: Sendable {
  private let order: TaskOrder
  /// Only tasks before this place in time are wanted.
  private let limit: TaskPlace?
  /// How many of the late tasks are still to come.
  private var late: Int
  /// The others still to come have numbers below this; `nil`: all are to come.
  private var number: UInt64?

  package init(_ order: TaskOrder, after place: TaskPlace? = nil) {
    self.order = order
    limit = place
    late = place.map { place in order.late.count { $0 < place } } ?? order.late.count
    number = place.flatMap { order.isLate($0.number) ? nil : $0.number }
  }

  /// Visits the next tasks until `body` returns false, and tells whether that was all.
  package mutating func go(
    on view: some KeyValueView, _ body: (VersionedTask) throws -> Bool
  ) throws -> Bool {
    var goesOn = true
    try view.scanTasks(before: number, reversed: true) { versioned in
      let place = TaskPlace(versioned.task)
      number = place.number
      guard !order.isLate(place.number), limit.map({ place < $0 }) != false else { return true }
      goesOn = try visitLate(after: place, view, body)
      guard goesOn else {
        // This one is still to come.
        number = place.number + 1
        return false
      }
      goesOn = try body(versioned)
      return goesOn
    }
    return try goesOn && visitLate(after: nil, view, body)
  }

  /// Visits the late tasks that were created after the one at a place.
  private mutating func visitLate(
    after place: TaskPlace?, _ view: some KeyValueView, _ body: (VersionedTask) throws -> Bool
  ) throws -> Bool {
    while late > 0, place.map({ $0 < order.late[late - 1] }) != false {
      late -= 1
      guard let task = try view.task(number: order.late[late].number) else { continue }
      guard try body(task) else { return false }
    }
    return true
  }
}
