// A state in memory, so that operations can be tested without a disk.

@testable import PDBKit

/// Keys and values in a dictionary, visited in the order of their bytes.
struct MemoryView: KeyValueView {
  private(set) var pairs: [Bytes: StoredValue] = [:]
  private(set) var revision: UInt64 = 0

  func get(_ key: Bytes) -> StoredValue? { pairs[key] }

  func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    let keys = pairs.keys.filter { key in
      !key.lexicographicallyPrecedes(lower)
        && (upper.map { key.lexicographicallyPrecedes($0) } ?? true)
    }.sorted { $0.lexicographicallyPrecedes($1) }
    for key in reversed ? keys.reversed() : keys {
      guard try body(key, pairs[key]!) else { return }
    }
  }

  /// Applies an operation as the state machine does: all of it or nothing.
  @discardableResult
  mutating func apply(
    _ operation: PDBKit.Operation, at time: Timestamp = Timestamp(milliseconds: 0)
  ) throws -> Answer {
    var draft = Draft(on: self, revision: revision + 1)
    let answer = try operation.apply(
      to: &draft, stamp: Stamp(time: time, author: "test", request: nil))
    guard !draft.changes.isEmpty else { return answer }
    revision += 1
    for change in draft.changes {
      pairs[change.key] = change.after.map { StoredValue(value: $0, revision: revision) }
    }
    return answer
  }

  /// Adds tasks with these titles; their ids are `id-1`, `id-2` and so on.
  @discardableResult
  mutating func add(_ titles: String...) throws -> [TaskItem] {
    let first = pairs.count
    let tasks = titles.enumerated().map { NewTask(id: "id-\(first + $0)", title: $1) }
    return try apply(.addTasks(tasks)).tasks().map(\.task)
  }

  var tasks: [TaskItem] {
    get throws {
      var tasks: [TaskItem] = []
      try scanTasks(reversed: true) {
        tasks.append($0.task)
        return true
      }
      return tasks
    }
  }
}

extension PDBError {
  /// The code of the error that `body` throws; `nil` if it throws none.
  static func code(_ body: () throws -> Void) -> Code? {
    do {
      try body()
      return nil
    } catch { return (error as? PDBError)?.code }
  }
}
