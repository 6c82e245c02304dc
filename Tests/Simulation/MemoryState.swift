// The state of a node in memory: what SQLite is in a real one.

package import PDBCoordinator
package import PDBModel
package import Raft

/// Versions, history and remembered requests as a value: a copy is a snapshot.
package struct MemoryState: StateStorage {
  /// What a key was given by a revision; no value where it was removed.
  private struct Version: Equatable {
    let revision: UInt64
    let value: Bytes?

    var stored: StoredValue? { value.map { StoredValue(value: $0, revision: revision) } }
  }

  private struct Revision: Equatable {
    let record: RevisionRecord
    /// In the order in which it changed them.
    let keys: [Bytes]
  }

  /// Of each key, the oldest first.
  private var versions: [Bytes: [Version]] = [:]
  private var aside: [Bytes: StoredValue] = [:]
  private var requests: [String: RememberedRequest] = [:]
  private var history: [Revision] = []

  /// A planted bug: whether requests are forgotten at once.
  var forgetsRequests = false

  package init() {}

  /// The revisions of an author that are known, oldest first.
  func revisions(by author: String) -> [UInt64] {
    history.filter { $0.record.stamp.author == author }.map(\.record.number)
  }

  // MARK: Reading

  /// The keys as they are.
  var pairs: [Bytes: StoredValue] {
    aside.merging(versions.compactMapValues { $0.last?.stored }) { $1 }
  }

  package func get(_ key: Bytes) -> StoredValue? {
    SystemKeys.hasNoHistory(key) ? aside[key] : versions[key]?.last?.stored
  }

  package func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    let pairs = pairs
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
    let found = history.filter { $0.record.number >= first && $0.record.number <= last }
    for revision in reversed ? found.reversed() : found {
      guard try body(revision.record) else { return }
    }
  }

  package func changes(of record: RevisionRecord, limit: Int) -> [KeyChange] {
    let keys = history.first { $0.record.number == record.number }?.keys ?? []
    return keys.prefix(limit).map { key in
      let versions = versions[key] ?? []
      return KeyChange(
        key: key, before: versions.last { $0.revision < record.number }?.stored,
        after: versions.first { $0.revision == record.number }?.value)
    }
  }

  package func past(_ revision: UInt64) -> any StateView {
    var past = self
    past.history.removeAll { $0.record.number > revision }
    past.versions = versions.compactMapValues { known in
      let kept = known.filter { $0.revision <= revision }
      return kept.isEmpty ? nil : kept
    }
    return past
  }

  package func lastChange(of key: Bytes, before limit: UInt64) -> UInt64? {
    versions[key]?.last { $0.revision < limit }?.revision
  }

  package func scanKeys(
    from lower: Bytes, to upper: Bytes?, changedAfter first: UInt64, through last: UInt64,
    _ body: (Bytes) throws -> Bool
  ) throws {
    let keys = versions.filter { key, known in
      !key.lexicographicallyPrecedes(lower)
        && upper.map { key.lexicographicallyPrecedes($0) } != false
        && known.contains { $0.revision > first && $0.revision <= last }
    }.keys
    for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      guard try body(key) else { return }
    }
  }

  package func request(_ id: String) -> RememberedRequest? {
    forgetsRequests ? nil : requests[id]
  }

  package func oldestRequest() -> RememberedRequest? {
    requests.values.min { $0.index < $1.index }
  }

  // MARK: Writing

  package mutating func append(_ revision: RecordedRevision) {
    let record = revision.record
    for change in revision.changes {
      versions[change.key, default: []].append(
        Version(revision: record.number, value: change.after))
    }
    history.append(Revision(record: record, keys: revision.changes.map(\.key)))
  }

  package mutating func forget(_ revision: Forgetting) -> UInt64 {
    let position = history.firstIndex { $0.record.number == revision.number }
    guard let position else { return 0 }
    let forgotten = history.remove(at: position)
    for key in forgotten.keys { removeSuperfluous(of: key, revision) }
    return forgotten.record.byteCount
  }

  package mutating func release(_ kept: Forgetting) {
    for key in versions.keys { removeSuperfluous(of: key, kept) }
  }

  private mutating func removeSuperfluous(of key: Bytes, _ forgetting: Forgetting) {
    guard let known = versions[key] else { return }
    let removed = Set(
      forgetting.superfluous(
        among: known.map {
          Forgetting.Version(revision: $0.revision, isTombstone: $0.value == nil)
        }))
    let rest = known.filter { !removed.contains($0.revision) }
    versions[key] = rest.isEmpty ? nil : rest
  }

  package mutating func putAside(_ key: Bytes, _ stored: StoredValue?) { aside[key] = stored }

  package mutating func remember(_ request: RememberedRequest) { requests[request.id] = request }

  package mutating func removeRequests(through index: Index) -> ForgottenRequests? {
    let old = requests.values.filter { $0.index <= index }
    for request in old { requests[request.id] = nil }
    guard let newest = old.max(by: { $0.revision < $1.revision }) else { return nil }
    return ForgottenRequests(time: old.map(\.time).max()!, revision: newest.revision)
  }

  // MARK: Comparing

  /// Whether two states hold the same, remembered requests and history included.
  func isSame(as other: MemoryState) -> Bool {
    versions == other.versions && aside == other.aside && history == other.history
      && requests.count == other.requests.count
      && requests.values.allSatisfy { request in
        guard let twin = other.requests[request.id] else { return false }
        return twin.index == request.index && twin.answer == request.answer
          && twin.fingerprint == request.fingerprint && twin.revision == request.revision
      }
  }
}

/// What a simulated node applies entries to.
package typealias Machine = Replica<MemoryState>
