// A state in memory, so that operations can be tested without a disk.

import Raft

@testable import PDBClient
@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBServer
@testable import PDBStore

/// Keys and values in a dictionary, visited in the order of their bytes.
struct MemoryView: StateStorage {
  private(set) var pairs: [Bytes: StoredValue] = [:]
  private(set) var mark = StateMark()
  var revision: UInt64 { mark.revision }
  private(set) var history: [RecordedRevision] = []
  private var requests: [RememberedRequest] = []
  /// What all keys held at each revision.
  private var states: [UInt64: [Bytes: StoredValue]] = [0: [:]]

  func get(_ key: Bytes) -> StoredValue? { pairs[key] }

  func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    try pairs.visit(from: lower, to: upper, reversed: reversed, body)
  }

  func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws {
    let found = history.map(\.record).filter { $0.number >= first && $0.number <= last }
    for revision in reversed ? found.reversed() : found {
      guard try body(revision) else { return }
    }
  }

  func changes(of record: RevisionRecord, limit: Int) -> [KeyChange] {
    let changes = history.first { $0.record.number == record.number }?.changes ?? []
    return Array(changes.prefix(limit))
  }

  func past(_ revision: UInt64) -> any StateView {
    var past = self
    past.pairs = states[revision] ?? [:]
    past.history.removeAll { $0.record.number > revision }
    return past
  }

  /// All that may have changed: whoever asks looks at the values.
  func scanKeys(
    from lower: Bytes, to upper: Bytes?, changedAfter first: UInt64, through last: UInt64,
    _ body: (Bytes) throws -> Bool
  ) throws {
    let both = (states[first] ?? [:]).merging(states[last] ?? [:]) { $1 }
    try both.visit(from: lower, to: upper, reversed: false) { key, _ in try body(key) }
  }

  /// Applies an operation as the state machine does: all of it or nothing.
  @discardableResult
  mutating func apply(
    _ operation: PDBModel.Operation, at time: Timestamp = Timestamp(milliseconds: 0),
    by author: String = "test"
  ) throws -> Answer {
    let stamp = Stamp(time: time, author: author, request: nil)
    var machine = Replica(storage: self, mark: mark)
    let entry = Entry(
      index: mark.appliedIndex + 1, term: 1,
      payload: .operation(StampedOperation(stamp: stamp, operation: operation).encoded()))
    let decision = try machine.apply(entry)!.decision!
    self = machine.storage
    mark = machine.mark
    return try decision.get()
  }

  mutating func putAside(_ key: Bytes, _ stored: StoredValue?) { pairs[key] = stored }
  mutating func append(_ revision: RecordedRevision) {
    history.append(revision)
    for change in revision.changes {
      pairs[change.key] = change.after.map {
        StoredValue(value: $0, revision: revision.record.number)
      }
    }
    states[revision.record.number] = pairs.filter { !SystemKeys.hasNoHistory($0.key) }
  }
  mutating func forget(_ revision: Forgetting) -> UInt64 {
    guard history.first?.record.number == revision.number else { return 0 }
    return history.removeFirst().record.byteCount
  }
  mutating func release(_ kept: Forgetting) {}
  func request(_ id: String) -> RememberedRequest? { requests.first { $0.id == id } }
  mutating func remember(_ request: RememberedRequest) { requests.append(request) }
  mutating func removeRequests(through index: Index) -> ForgottenRequests? {
    let old = requests.filter { $0.index <= index }
    requests.removeAll { $0.index <= index }
    guard !old.isEmpty else { return nil }
    return ForgottenRequests(time: old.map(\.time).max()!, revision: old.map(\.revision).max()!)
  }
  func oldestRequest() -> RememberedRequest? { requests.first }

  /// Sets a key to a value that is written as text.
  mutating func set(_ key: String, _ value: String) throws {
    try apply(.set(key: Bytes(utf8: key), value: Bytes(utf8: value), .none))
  }

  /// Adds tasks with these titles; their ids are `id-1`, `id-2` and so on.
  @discardableResult
  mutating func add(_ titles: String...) throws -> [TaskItem] {
    let first = pairs.count
    let tasks = titles.enumerated().map { NewTask(id: "id-\(first + $0)", title: $1) }
    return try apply(.addTasks(tasks)).tasks.map(\.task)
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

extension [Bytes: StoredValue] {
  /// Visits pairs as ``KeyValueView/scan(from:to:reversed:_:)`` has it.
  func visit(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    let keys = keys.filter { key in
      !key.lexicographicallyPrecedes(lower)
        && (upper.map { key.lexicographicallyPrecedes($0) } ?? true)
    }.sorted { $0.lexicographicallyPrecedes($1) }
    for key in reversed ? keys.reversed() : keys {
      guard try body(key, self[key]!) else { return }
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
