// Compares what clients were told with what the nodes have stored.

import Linearizability

/// Checks every answer against the replayed history.
struct ReplayCheck {
  private let replay: Replay
  private let rows: [String: [StoredRevision]]
  private(set) var problems: [String]

  init(_ replay: Replay, _ records: [Record]) {
    self.replay = replay
    problems = replay.problems
    rows = Dictionary(
      grouping: replay.revisions.filter { $0.request != nil }, by: { $0.request! })
    for (request, rows) in rows where rows.count > 1 {
      problems.append(
        "request \(request) was applied \(rows.count) times, by revisions "
          + rows.map { String($0.revision) }.joined(separator: ", "))
    }
    for record in records { check(record) }
    checkRefusedValues(records)
    checkUniqueValues()
  }

  private mutating func check(_ record: Record) {
    switch record.result {
    case .answered(let answer):
      if record.action.isChange { checkChange(record, answer) } else { checkRead(record, answer) }
    case .refused(let code):
      if let row = rows[record.request]?.first, record.action.isChange {
        complain(record, "was refused with \(code), but applied as revision \(row.revision)")
      }
    case .unknown: break
    }
  }

  // MARK: Reads

  private mutating func checkRead(_ record: Record, _ answer: Answer) {
    guard let revision = record.revision else { return }
    guard revision <= replay.lastRevision else {
      complain(record, "saw revision \(revision), which never was")
      return
    }
    switch (record.action, answer) {
    case (.readPast(let key, let asked), .pair(let value, let since)):
      guard value == nil || revision == asked else {
        return complain(record, "was answered as of revision \(revision)")
      }
      check(record, key, value, since, at: asked)
    case (.read(let key), .pair(let value, let since)):
      check(record, key, value, since, at: revision)
    case (.readAll(let prefix), .pairs(let pairs)):
      for key in replay.keys where key.hasPrefix(prefix) {
        check(record, key, pairs[key]?.value, pairs[key]?.revision, at: revision)
      }
    default: break
    }
  }

  private mutating func check(
    _ record: Record, _ key: String, _ value: RegisterValue?, _ since: UInt64?,
    at revision: UInt64
  ) {
    let expected = replay.value(of: key, at: revision)
    guard expected.value != value || expected.since != since else { return }
    complain(
      record,
      "read \(show(value, since)) from '\(key)' at revision \(revision), "
        + "where it was \(show(expected.value, expected.since))")
  }

  private func show(_ value: RegisterValue?, _ revision: UInt64?) -> String {
    "\(RegisterAnswer.holds(value, revision: revision))"
  }

  // MARK: Changes

  private mutating func checkChange(_ record: Record, _ answer: Answer) {
    let row = rows[record.request]?.first
    switch (record.action, answer) {
    case (_, .refusal(let code)):
      if let row {
        complain(record, "was answered with \(code), but applied as revision \(row.revision)")
      }
    case (.write(let key, _, _), .pair(let value, let revision)),
      (.lease(let key, _, _), .pair(let value, let revision)),
      (.increment(let key, _), .pair(let value, let revision)),
      (.append(let key, _), .pair(let value, let revision)):
      check(record, row, key, value, revision)
    case (.setTogether(let keys, let value), _):
      let changed = row?.changes.filter { $0.after.map(Replay.value) == .text(value) } ?? []
      guard changed.count == keys.count, Set(changed.map { text($0.key) }) == Set(keys) else {
        return complain(
          record, "was acknowledged, but stands there as \(row.map { "\($0)" } ?? "nothing")")
      }
    case (.delete(let key), _):
      check(record, row, key, nil, nil)
    case (.addTask, .task(let task)), (.editTask, .task(let task)):
      checkTask(record, row, task)
    case (.removeTask(let id), _):
      guard let row, row.changes.contains(where: { text($0.key) == "task_\(id)" }) else {
        return complain(record, "was acknowledged, but is not in the history")
      }
    default:
      complain(record, "got an answer of the wrong kind")
    }
  }

  private mutating func check(
    _ record: Record, _ row: StoredRevision?, _ key: String, _ value: RegisterValue?,
    _ revision: UInt64?
  ) {
    guard let row else {
      return complain(record, "was acknowledged, but is not in the history")
    }
    guard row.changes.count == 1, let change = row.changes.first, text(change.key) == key,
      change.after.map(Replay.value) == value, revision == nil || revision == row.revision
    else {
      return complain(
        record, "was acknowledged with revision \(revision ?? 0), but stands there as \(row)")
    }
  }

  /// An edit that changes nothing makes no revision.
  private mutating func checkTask(_ record: Record, _ row: StoredRevision?, _ task: TaskAnswer) {
    guard let row else {
      if case .editTask = record.action { return }
      return complain(record, "was acknowledged, but is not in the history")
    }
    let change = row.changes.first { text($0.key) == "task_\(task.id)" }
    guard let after = change?.after, let stored = StoredTask(after), stored == StoredTask(task),
      task.revision == row.revision
    else {
      return complain(record, "was acknowledged as \(task), but stands there as \(row)")
    }
  }

  // MARK: Values

  /// The values of refused changes must be nowhere, under whatever request.
  private mutating func checkRefusedValues(_ records: [Record]) {
    var refused: [String: Record] = [:]
    for record in records {
      guard case .refused = record.result, let text = record.action.uniqueText else { continue }
      refused[text] = record
    }
    for record in records {
      guard case .answered(let answer) = record.result else { continue }
      for text in answer.texts {
        if let culprit = refused[text] { complain(culprit, "was refused, but '\(text)' was read") }
      }
    }
    for revision in replay.revisions {
      for text in revision.changes.flatMap({ texts($0.after) }) {
        if let culprit = refused[text] {
          complain(culprit, "was refused, but '\(text)' is in revision \(revision.revision)")
        }
      }
    }
  }

  /// Every text is written by one operation, so no two revisions may write the same.
  private mutating func checkUniqueValues() {
    var writers: [String: UInt64] = [:]
    for revision in replay.revisions where revision.operation == "kv set" {
      for change in revision.changes {
        guard case .text(let text)? = change.after.map(Replay.value) else { continue }
        if let other = writers[text] {
          problems.append("'\(text)' was written by revisions \(other) and \(revision.revision)")
        }
        writers[text] = revision.revision
      }
    }
  }

  private func texts(_ after: [UInt8]?) -> [String] {
    switch after.map(Replay.value) {
    case .text(let text): [text]
    case .list(let elements): elements
    case .number, nil: []
    }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private mutating func complain(_ record: Record, _ what: String) {
    problems.append("\(record.action) of client \(record.client) [\(record.request)] \(what)")
  }
}

extension Action {
  /// The text that nothing else of the run writes.
  var uniqueText: String? {
    switch self {
    case .write(_, .text(let text), _), .lease(_, let text, _), .setTogether(_, let text): text
    case .append(_, let element): element
    case .addTask(let title): title
    case .editTask(_, let title, _): title
    default: nil
    }
  }
}

extension Answer {
  /// All texts that an answer shows.
  var texts: [String] {
    switch self {
    case .pair(.text(let text), _): [text]
    case .pair(.list(let elements), _): elements
    case .pairs(let pairs):
      pairs.values.flatMap { Answer.pair($0.value, revision: nil).texts }
    case .task(let task): [task.title]
    default: []
    }
  }
}
