// The state as it was, from the versions of the keys.

import PDBModel

/// The state as it was at a revision.
struct EtcdPast: StateView {
  private let base: EtcdState
  private let revision: UInt64

  init(_ base: EtcdState, _ revision: UInt64) {
    self.base = base
    self.revision = revision
  }

  func get(_ key: Bytes) throws -> StoredValue? { try base.get(key, at: revision) }

  func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    guard reversed else { return try base.scan(from: lower, to: upper, at: revision, body) }
    var pairs: [(Bytes, StoredValue)] = []
    try base.scan(from: lower, to: upper, at: revision) { key, stored in
      pairs.append((key, stored))
      return true
    }
    for (key, stored) in pairs.reversed() { guard try body(key, stored) else { return } }
  }

  func past(_ revision: UInt64) -> any StateView { EtcdPast(base, min(revision, self.revision)) }

  func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws {
    try base.scanHistory(from: first, through: min(last, revision), reversed: reversed, body)
  }

  func changes(of record: RevisionRecord, limit: Int) throws -> [KeyChange] {
    try base.changes(of: record, limit: limit)
  }

  func lastChange(of key: Bytes, before limit: UInt64) throws -> UInt64? {
    try base.lastChange(of: key, before: min(limit, revision + 1))
  }

  func scanKeys(
    from lower: Bytes, to upper: Bytes?, changedAfter first: UInt64, through last: UInt64,
    _ body: (Bytes) throws -> Bool
  ) throws {
    try base.scanKeys(
      from: lower, to: upper, changedAfter: first, through: min(last, revision), body)
  }
}
