// Acknowledged tasks are there exactly once, unless they were removed.

/// Checks the tasks of a round against the list at its end and the history.
struct TaskCheck {
  private(set) var problems: [String] = []

  /// What a client may find of a task of its own: it alone changes it, one change at a time.
  private struct Expectation {
    /// The last that was acknowledged.
    var title: String
    var completed: Bool
    /// Of edits of unknown outcome: those may still be under way, and come after later ones.
    var floatingTitles: Set<String> = []
    var floatingCompleted: Set<Bool> = []
    var mayBeThere = true
    var mayBeGone = false
  }

  private var expectations: [String: Expectation] = [:]

  /// - Parameters:
  ///   - list: all tasks at the end.
  ///   - givenNumbers: the numbers of earlier rounds' tasks and their ids; grows.
  init(
    _ records: [Record], list: [TaskAnswer], replay: Replay, givenNumbers: inout [UInt64: String]
  ) {
    for record in records { expect(record) }
    let there = Dictionary(grouping: list, by: \.id)
    for (id, expectation) in expectations.sorted(by: { $0.key < $1.key }) {
      check(id, expectation, there[id] ?? [])
    }
    checkNumbers(replay, &givenNumbers)
    checkAdditions(records, replay)
  }

  private mutating func expect(_ record: Record) {
    switch (record.action, record.result) {
    case (.addTask, .answered(.task(let task))):
      expectations[task.id] = Expectation(title: task.title, completed: task.completed)
    case (.editTask(let id, let title, let completed), .answered(.task)):
      if let title { expectations[id]?.title = title }
      if let completed { expectations[id]?.completed = completed }
    case (.editTask(let id, let title, let completed), .unknown):
      if let title { expectations[id]?.floatingTitles.insert(title) }
      if let completed { expectations[id]?.floatingCompleted.insert(completed) }
    case (.removeTask(let id), .answered(.done)):
      expectations[id]?.mayBeThere = false
      expectations[id]?.mayBeGone = true
    case (.removeTask(let id), .unknown):
      expectations[id]?.mayBeGone = true
    case (.editTask(let id, _, _), .answered(.refusal(let code))),
      (.removeTask(let id), .answered(.refusal(let code))):
      if expectations[id]?.mayBeGone == false {
        problems.append("task \(id) was there, and a change of it got \(code)")
      }
    default: break
    }
  }

  private mutating func check(_ id: String, _ expected: Expectation, _ found: [TaskAnswer]) {
    guard let task = found.first else {
      if !expected.mayBeGone { problems.append("task \(id) was acknowledged and is gone") }
      return
    }
    if found.count > 1 { problems.append("task \(id) is there \(found.count) times") }
    if !expected.mayBeThere { problems.append("task \(id) was removed and is there") }
    let titles = expected.floatingTitles.union([expected.title])
    let completed = expected.floatingCompleted.union([expected.completed])
    if !titles.contains(task.title) || !completed.contains(task.completed) {
      problems.append("task \(id) is \(task), expected one of \(expected)")
    }
  }

  private mutating func checkNumbers(_ replay: Replay, _ given: inout [UInt64: String]) {
    for revision in replay.revisions {
      for change in revision.changes {
        guard let after = change.after, let task = StoredTask(after) else { continue }
        if let other = given[task.number], other != task.id {
          problems.append("tasks \(other) and \(task.id) both have number \(task.number)")
        }
        given[task.number] = task.id
      }
    }
  }

  /// Every title is asked for once, so it is added at most once; never if it was refused.
  private mutating func checkAdditions(_ records: [Record], _ replay: Replay) {
    var additions: [String: Int] = [:]
    for revision in replay.revisions where revision.operation == "task add" {
      for change in revision.changes {
        guard let after = change.after, let task = StoredTask(after) else { continue }
        additions[task.title, default: 0] += 1
      }
    }
    for record in records {
      guard case .addTask(let title) = record.action else { continue }
      let count = additions[title] ?? 0
      switch record.result {
      case .answered where count != 1:
        problems.append("task '\(title)' was acknowledged and added \(count) times")
      case .unknown where count > 1:
        problems.append("task '\(title)' was added \(count) times")
      case .refused where count > 0:
        problems.append("task '\(title)' was refused and added")
      default: break
      }
    }
  }
}
