// The view of the data that operations are written against, whatever engine holds it.

/// A value in the state and the revision that last changed it.
package struct StoredValue: Equatable, Sendable {
  package let value: Bytes
  package let revision: UInt64

  package init(value: Bytes, revision: UInt64) {
    self.value = value
    self.revision = revision
  }
}

/// A consistent view of all keys, ordered by bytes.
package protocol KeyValueView {
  func get(_ key: Bytes) throws -> StoredValue?

  /// Visits the keys from `lower` up to but not including `upper` (`nil`: to the end), in
  /// order or reversed, until `body` returns false.
  func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws
}

extension KeyValueView {
  package func scan(
    prefix: Bytes, reversed: Bool = false, _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    try scan(from: prefix, to: prefix.prefixEnd, reversed: reversed, body)
  }
}

/// The changes of one operation, not yet in the state: an overlay on a view. An operation
/// that is refused half-way leaves nothing, because its draft is dropped.
struct Draft<Base: StateView>: StateView {
  private let base: Base
  /// How far the state is that it is an overlay of.
  let mark: DataMark
  /// The revision the draft will become.
  var revision: UInt64 { mark.revision + 1 }
  /// Where the operation stands in the log.
  let place: LogPosition
  let rules: any StateRules
  /// In the order in which keys were first touched.
  private(set) var changes: [KeyChange] = []
  /// Of the changes, by key; empty while there are so few that looking at them is faster.
  private var positions: [Bytes: Int] = [:]
  /// What the base was asked last: most operations read a key and then change it.
  private let lastRead = LastRead()
  /// Whether some key may have a lease.
  var hasLeases: Bool

  private final class LastRead {
    var key: Bytes?
    var stored: StoredValue?
  }

  init(
    on base: Base, after mark: DataMark, at place: LogPosition = LogPosition(index: 0, term: 0),
    rules: any StateRules = SoundState()
  ) {
    self.base = base
    self.mark = mark
    hasLeases = mark.lease.next != 0
    self.place = place
    self.rules = rules
  }

  func get(_ key: Bytes) throws -> StoredValue? {
    guard let position = position(of: key) else { return try read(key) }
    return changes[position].after.map { StoredValue(value: $0, revision: revision) }
  }

  private func read(_ key: Bytes) throws -> StoredValue? {
    if lastRead.key == key { return lastRead.stored }
    let stored = try base.get(key)
    (lastRead.key, lastRead.stored) = (key, stored)
    return stored
  }

  func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws {
    try base.scanHistory(from: first, through: last, reversed: reversed, body)
  }

  func changes(of record: RevisionRecord, limit: Int) throws -> [KeyChange] {
    try base.changes(of: record, limit: limit)
  }

  func firstRevision(stampedAfter time: Timestamp) throws -> UInt64? {
    try base.firstRevision(stampedAfter: time)
  }

  func lastChange(of key: Bytes, before limit: UInt64) throws -> UInt64? {
    try base.lastChange(of: key, before: limit)
  }

  func scanKeys(
    from lower: Bytes, to upper: Bytes?, changedAfter first: UInt64, through last: UInt64,
    _ body: (Bytes) throws -> Bool
  ) throws {
    try base.scanKeys(from: lower, to: upper, changedAfter: first, through: last, body)
  }

  /// What the draft changes is not part of the past.
  func past(_ revision: UInt64) throws -> any StateView { try base.past(revision) }

  /// Gives a key a value. If it had a lease it has none any more, unless that is kept.
  mutating func put(_ key: Bytes, _ value: Bytes, keepsLease: Bool = false) throws {
    if hasLeases, !keepsLease, !SystemKeys.hasNoHistory(key) { try clearLease(of: key) }
    try change(key, to: value)
  }

  mutating func delete(_ key: Bytes) throws {
    if hasLeases, !SystemKeys.hasNoHistory(key) { try clearLease(of: key) }
    try change(key, to: nil)
  }

  private mutating func change(_ key: Bytes, to value: Bytes?) throws {
    if let position = position(of: key) {
      changes[position].after = value
    } else {
      changes.append(KeyChange(key: key, before: try read(key), after: value))
      if changes.count > Self.fewChanges { index() }
    }
  }

  private static var fewChanges: Int { 8 }

  private func position(of key: Bytes) -> Int? {
    positions.isEmpty ? changes.firstIndex { $0.key == key } : positions[key]
  }

  private mutating func index() {
    for position in positions.count..<changes.count { positions[changes[position].key] = position }
  }

  func scan(
    from lower: Bytes, to upper: Bytes?, reversed: Bool,
    _ body: (Bytes, StoredValue) throws -> Bool
  ) throws {
    guard !changes.isEmpty else {
      return try base.scan(from: lower, to: upper, reversed: reversed, body)
    }
    // The few changed keys of the range, merged into the base's order.
    func precedes(_ left: Bytes, _ right: Bytes) -> Bool {
      left != right && left.lexicographicallyPrecedes(right) != reversed
    }
    var own = changes.filter { change in
      !change.key.lexicographicallyPrecedes(lower)
        && upper.map { change.key.lexicographicallyPrecedes($0) } != false
    }.sorted { precedes($0.key, $1.key) }[...]
    var isStopped = false
    func visitOwn(upTo key: Bytes?) throws {
      while !isStopped, let next = own.first, key.map({ !precedes($0, next.key) }) != false {
        own.removeFirst()
        guard let after = next.after else { continue }
        isStopped = try !body(next.key, StoredValue(value: after, revision: revision))
      }
    }
    try base.scan(from: lower, to: upper, reversed: reversed) { key, stored in
      try visitOwn(upTo: key)
      guard !isStopped else { return false }
      if position(of: key) == nil { isStopped = try !body(key, stored) }
      return !isStopped
    }
    try visitOwn(upTo: nil)
  }
}
