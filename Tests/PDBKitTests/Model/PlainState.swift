// A state machine on a state in memory that forgets what it is told to.

@testable import PDBModel

/// Pairs and revisions, as plain as can be. A reference: drafts that look at it copy nothing.
final class PlainStorage: StateStorage {
  private(set) var pairs: [Bytes: StoredValue] = [:]
  private(set) var history: [RecordedRevision] = []

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
    // The numbers follow each other.
    guard let oldest = history.first?.record.number, last >= oldest else { return }
    let lower = Int(max(first, oldest) - oldest)
    let upper = min(history.count, Int(min(last, UInt64(Int.max)) - oldest) + 1)
    guard lower < upper else { return }
    let found = history[lower..<upper].lazy.map(\.record)
    if reversed {
      for record in found.reversed() { guard try body(record) else { return } }
    } else {
      for record in found { guard try body(record) else { return } }
    }
  }

  func changes(of record: RevisionRecord, limit: Int) -> [KeyChange] {
    let changes = history.first { $0.record.number == record.number }?.changes ?? []
    return Array(changes.prefix(limit))
  }

  func append(_ revision: RecordedRevision) {
    history.append(revision)
    for change in revision.changes {
      pairs[change.key] = change.after.map {
        StoredValue(value: $0, revision: revision.record.number)
      }
    }
  }

  func forget(_ revision: Forgetting) -> UInt64 {
    precondition(history.first?.record.number == revision.number, "the oldest is forgotten first")
    return history.removeFirst().record.byteCount
  }
  func release(_ kept: Forgetting) {}

  func putAside(_ key: Bytes, _ stored: StoredValue?) { pairs[key] = stored }
  func request(_ id: String) -> RememberedRequest? { nil }
  func remember(_ request: RememberedRequest) {}
  func removeRequests(through index: UInt64) -> ForgottenRequests? { nil }
  func oldestRequest() -> RememberedRequest? { nil }
}

/// What applies entries to it, one after the other.
struct PlainState {
  private var machine: StateMachine<PlainStorage>
  /// The last entry that was applied.
  private(set) var index: UInt64 = 0

  /// - Parameter version: what the members of the cluster understand.
  init(version: ClusterVersion = .newest) {
    var mark = DataMark()
    mark.version = version
    machine = StateMachine(storage: PlainStorage(), mark: mark)
  }

  var storage: PlainStorage { machine.storage }
  var mark: DataMark { machine.mark }

  /// The numbers of the revisions that are known.
  var known: [UInt64] { storage.history.map(\.record.number) }

  /// What stands in the state of the settings.
  var stored: String? { storage.get(SystemKeys.settings)?.value.utf8String }

  /// Applies an operation as the next entry.
  @discardableResult
  mutating func apply(
    _ operation: PDBModel.Operation, at milliseconds: Int64 = 0
  ) throws -> Answer {
    let stamp = Stamp(
      time: Timestamp(milliseconds: milliseconds), author: "an", request: nil)
    index += 1
    try machine.forget(at: index, stamp.time)
    return try machine.apply(
      StampedOperation(stamp: stamp, operation: operation),
      at: LogPosition(index: index, term: 1)
    ).decision.get()
  }

  /// Applies an entry without an operation.
  mutating func pass() throws {
    index += 1
    try machine.forget(at: index, nil)
  }

  /// Whether everything is the same: pairs, history, and how far both are.
  func isSame(as other: PlainState) -> Bool {
    storage.pairs == other.storage.pairs && mark == other.mark
      && storage.history.map(\.record) == other.storage.history.map(\.record)
  }
}
