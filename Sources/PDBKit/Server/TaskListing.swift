// Lists of tasks.

/// Tasks from the newest to the oldest.
struct TaskListing: Listing {
  let orders: KnownTaskOrder
  /// How often tasks may have come back by now; see ``EngineStatus``.
  let comebacks: Int
  /// `nil`: whether they are completed does not matter.
  var isCompleted: Bool?
  var words: [Substring] = []
  var after: TaskReference?
  /// How many tasks are still wanted.
  var limit = Int.max
  private var walk: TaskWalk?
  private var isFirst = true

  init(_ exchange: Exchange) {
    orders = exchange.node.order
    comebacks = exchange.engine.status.comebacks
  }

  var head: StaticString { "{\"tasks\":[" }

  mutating func write(
    _ view: any StateView, to output: inout Bytes, upTo limit: Int
  ) throws -> Bool {
    var walk = try self.walk ?? begin(view)
    defer { self.walk = walk }
    guard self.limit > 0 else { return true }
    let isOver = try walk.go(on: view) { versioned in
      guard wants(versioned.task) else { return true }
      if !isFirst { output.append(UInt8(ascii: ",")) }
      isFirst = false
      versioned.json.write(to: &output)
      self.limit -= 1
      return self.limit > 0 && output.count < limit
    }
    return isOver || self.limit == 0
  }

  private func begin(_ view: any StateView) throws -> TaskWalk {
    let order = try orders.extended(view, comebacks: comebacks)
    return TaskWalk(order, after: try after.map { try order.place(of: $0, view) })
  }

  private func wants(_ task: TaskItem) -> Bool {
    if let isCompleted, task.completed != isCompleted { return false }
    return words.isEmpty || task.title.foldedForSearch.containsAll(words)
  }

  func tail(_ mark: StateMark) -> String { "],\"revision\":\(mark.revision)}" }
}
