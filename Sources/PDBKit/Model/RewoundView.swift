// The keys as they were, from the keys as they are and what changed them since.

/// An earlier state, for views that keep no versions: what later revisions changed is put back.
package struct RewoundView<Base: StateView>: StateView {
  private let base: Base
  private let revision: UInt64
  /// What keys held that have changed since.
  private let earlier: [Bytes: StoredValue?]

  /// - Complexity: O(changes since the revision).
  package init(_ base: Base, to revision: UInt64) throws {
    self.base = base
    self.revision = revision
    var earlier: [Bytes: StoredValue?] = [:]
    try base.scanHistory(from: revision + 1, through: .max, reversed: true) { record in
      for change in try base.changes(of: record) { earlier[change.key] = .some(change.before) }
      return true
    }
    self.earlier = earlier
  }

  package func get(_ key: Bytes) throws -> StoredValue? {
    if let found = earlier[key] { return found }
    return try base.get(key)
  }

  package func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    var pairs: [(key: Bytes, stored: StoredValue)] = []
    try base.scan(from: lower, to: upper, reversed: false) { key, stored in
      if earlier[key] == nil { pairs.append((key, stored)) }
      return true
    }
    for (key, stored) in earlier {
      let isInRange =
        !key.lexicographicallyPrecedes(lower)
        && upper.map { key.lexicographicallyPrecedes($0) } != false
      if let stored, isInRange { pairs.append((key, stored)) }
    }
    pairs.sort { $0.key.lexicographicallyPrecedes($1.key) != reversed }
    for (key, stored) in pairs { guard try body(key, stored) else { return } }
  }

  package func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws {
    try base.scanHistory(from: first, through: min(last, revision), reversed: reversed, body)
  }

  package func changes(of record: RevisionRecord, limit: Int) throws -> [KeyChange] {
    try base.changes(of: record, limit: limit)
  }
}
