// Tasks in the order of their creation.

import Testing

@testable import PDBModel
@testable import PDBServer
@testable import PDBStore

@Suite struct TaskOrderTests {
  private var view = MemoryView()

  private mutating func put(_ id: String, _ createdAt: String) throws {
    try view.set("task_" + id, #"{"title":"t","created_at":"\#(createdAt)"}"#)
  }

  /// The ids of all tasks, in steps of some tasks each.
  private func ids(
    _ order: TaskOrder, after reference: String? = nil, step: Int = .max
  ) throws -> [String] {
    let place = try reference.map { try order.place(of: TaskReference($0), view) }
    var walk = TaskWalk(order, after: place)
    var ids: [String] = []
    while true {
      var count = 0
      let isOver = try walk.go(on: view) { versioned in
        ids.append(versioned.task.id)
        count += 1
        return count < step
      }
      if isOver { return ids }
    }
  }

  private func order() throws -> TaskOrder {
    var order = TaskOrder()
    try order.extend(view)
    return order
  }

  @Test mutating func `tasks that came in the order of their creation need no memory`() throws {
    for (id, time) in [("a", "2026-01"), ("b", "2026-02"), ("c", "2026-02")] { try put(id, time) }
    #expect(try order().late.isEmpty)
    #expect(try ids(order()) == ["c", "b", "a"])
  }

  @Test(arguments: [1, 2, 3, 100])
  mutating func `tasks that came late stand where they belong, however often the walk stops`(
    step: Int
  ) throws {
    let times = ["05", "07", "01", "07", "06", "09", "00", "03", "09"]
    for (number, time) in times.enumerated() { try put("\(number + 1)x", time) }
    #expect(
      try ids(order(), step: step) == ["9x", "6x", "4x", "2x", "5x", "1x", "8x", "3x", "7x"])
  }

  @Test mutating func `a page begins after the task that ended the last one, even if it is gone`()
    throws
  {
    for (number, time) in ["05", "07", "01", "08", "06"].enumerated() {
      try put("\(number + 1)x", time)
    }
    let order = try order()
    let all = try ids(order)
    #expect(all == ["4x", "2x", "5x", "1x", "3x"])
    for (position, id) in all.enumerated() {
      let number = String(id.prefix(1))
      #expect(try ids(order, after: id) == Array(all.dropFirst(position + 1)))
      #expect(try ids(order, after: number) == Array(all.dropFirst(position + 1)))
    }
    for number in ["2", "5"] {
      let rest = try ids(order, after: number)
      try view.apply(.removeTask(TaskReference(number), .none))
      #expect(try ids(order, after: number) == rest)
    }
  }

  @Test mutating func `what was learnt is extended by what came since`() throws {
    try put("a", "05")
    var order = try order()
    try put("b", "03")
    try put("c", "06")
    try order.extend(view)
    #expect(order.last == 3)
    #expect(try ids(order) == ["c", "a", "b"])
  }
}
