// The state of a node in memory: what SQLite is in a real one.

package import PDBCoordinator
package import PDBModel
package import Raft

/// Keys, history and remembered requests as a value: a copy is a snapshot.
package struct MemoryState: StateStorage {
  private(set) var pairs: [Bytes: StoredValue] = [:]
  private var requests: [String: RememberedRequest] = [:]
  private var history: [RevisionRecord] = []

  /// A planted bug: whether requests are forgotten at once.
  var forgetsRequests = false

  package init() {}

  var requestCount: Int { requests.count }

  // MARK: Reading

  package func get(_ key: Bytes) -> StoredValue? { pairs[key] }

  package func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    let keys = pairs.keys.filter { key in
      !key.lexicographicallyPrecedes(lower)
        && (upper.map { key.lexicographicallyPrecedes($0) } ?? true)
    }.sorted { $0.lexicographicallyPrecedes($1) != reversed }
    for key in keys {
      guard try body(key, pairs[key]!) else { return }
    }
  }

  package func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws {
    let found = history.filter { $0.number >= first && $0.number <= last }
    for revision in reversed ? found.reversed() : found {
      guard try body(revision) else { return }
    }
  }

  package func request(_ id: String) -> RememberedRequest? {
    forgetsRequests ? nil : requests[id]
  }

  // MARK: Writing

  package mutating func put(_ key: Bytes, _ stored: StoredValue) { pairs[key] = stored }

  package mutating func remove(_ key: Bytes) { pairs[key] = nil }

  package mutating func append(_ revision: RevisionRecord) { history.append(revision) }

  package mutating func removeRevision(_ number: UInt64) -> UInt64 {
    guard let position = history.firstIndex(where: { $0.number == number }) else { return 0 }
    return UInt64(history.remove(at: position).changes.count)
  }

  package mutating func remember(_ request: RememberedRequest) { requests[request.id] = request }

  package mutating func removeRequests(through index: Index) -> Timestamp? {
    let old = requests.values.filter { $0.index <= index }
    for request in old { requests[request.id] = nil }
    return old.map(\.time).max()
  }

  // MARK: Comparing

  /// Whether two states hold the same, remembered requests and history included.
  func isSame(as other: MemoryState) -> Bool {
    pairs == other.pairs && requests.count == other.requests.count
      && requests.values.allSatisfy { request in
        guard let twin = other.requests[request.id] else { return false }
        return twin.index == request.index && twin.answer == request.answer
          && twin.fingerprint == request.fingerprint
      }
      && history.count == other.history.count
      && zip(history, other.history).allSatisfy {
        $0.number == $1.number && $0.index == $1.index && $0.changes == $1.changes
      }
  }
}

/// What a simulated node applies entries to.
package typealias Machine = Replica<MemoryState>
