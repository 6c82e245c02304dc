// A change as the history keeps it, and looking back at the history.

/// What a change did to one key.
package struct KeyChange: Equatable, Sendable {
  package let key: Bytes
  /// What was there, and since which revision; `nil` if nothing.
  package let before: StoredValue?
  /// What is there since; `nil` if nothing.
  package var after: Bytes?

  package init(key: Bytes, before: StoredValue?, after: Bytes?) {
    self.key = key
    self.before = before
    self.after = after
  }

  /// Whether users see the key.
  package var isVisible: Bool { !key.starts(with: SystemKeys.prefix) }
}

extension [KeyChange] {
  /// What counts against the limit of the history: keys, and values before and after, as version 0.1
  /// wrote them down. It must stay so: what is forgotten decides what can be undone.
  var historyBytes: UInt64 {
    reduce(BinaryWriter.byteCount(of: UInt64(count))) { sum, change in
      sum + BinaryWriter.byteCount(of: change.key) + 2
        + (change.before.map {
          BinaryWriter.byteCount(of: $0.revision) + BinaryWriter.byteCount(of: $0.value)
        } ?? 0)
        + (change.after.map { BinaryWriter.byteCount(of: $0) } ?? 0)
    }
  }
}

/// One revision: who changed what, when, and how. Its changes are kept beside it.
package struct RevisionRecord: Equatable, Sendable {
  package let number: UInt64
  /// Where its operation stands in the log.
  package let index: UInt64
  package let term: UInt64
  package let stamp: Stamp
  /// ``Operation/name``.
  package let operation: String
  /// How many keys it changed.
  package let count: Int
  /// How many of them users see.
  package let visibleCount: Int
  /// What counts against the limit of the history.
  package let byteCount: UInt64

  package init(
    number: UInt64, index: UInt64, term: UInt64, stamp: Stamp, operation: String, count: Int,
    visibleCount: Int, byteCount: UInt64
  ) {
    self.number = number
    self.index = index
    self.term = term
    self.stamp = stamp
    self.operation = operation
    self.count = count
    self.visibleCount = visibleCount
    self.byteCount = byteCount
  }

  package init(
    number: UInt64, at position: LogPosition, stamp: Stamp, operation: String,
    of changes: [KeyChange]
  ) {
    self.init(
      number: number, index: position.index, term: position.term, stamp: stamp,
      operation: operation, count: changes.count,
      visibleCount: changes.count { $0.isVisible }, byteCount: changes.historyBytes)
  }

  /// The revision that this one takes back, if it is an undo.
  package var undoes: UInt64? {
    let words = operation.split(separator: " ")
    return words.count == 2 && words[0] == "undo" ? UInt64(words[1]) : nil
  }
}

extension RevisionRecord {
  /// Whether it records that a poisoned entry was skipped, which cannot be taken back.
  var skipsEntry: Bool { operation.hasPrefix("cluster skip ") }

  /// Whether it records that keys ceased to be.
  var isExpiry: Bool { operation == Operation.expire(at: 0).name }
}

/// A revision with all that it changed.
package struct RecordedRevision: Sendable {
  package let record: RevisionRecord
  package let changes: [KeyChange]

  package init(_ record: RevisionRecord, _ changes: [KeyChange]) {
    self.record = record
    self.changes = changes
  }
}

extension RecordedRevision {
  /// Whether tasks that were gone may be there again: their numbers lead to them, and were not given now.
  package var bringsTasksBack: Bool {
    let isBack = changes.contains { change in
      change.key.starts(with: TaskKeys.numbers) && change.before == nil && change.after != nil
    }
    return isBack && !changes.contains { $0.key == TaskKeys.lastNumber }
  }
}

/// A consistent view of the past.
package protocol HistoryView {
  /// Visits the revisions from `first` through `last` that are still known, in order or
  /// reversed, until `body` returns false.
  func scanHistory(
    from first: UInt64, through last: UInt64, reversed: Bool,
    _ body: (RevisionRecord) throws -> Bool
  ) throws

  /// What a revision that is still known changed, in the order in which it did.
  ///
  /// - Parameter limit: how many changes are wanted; the first ones.
  func changes(of record: RevisionRecord, limit: Int) throws -> [KeyChange]

  /// The first of the revisions that are known and stamped later than `time`.
  func firstRevision(stampedAfter time: Timestamp) throws -> UInt64?

  /// The newest revision before `limit` that changed a key, whether or not it is still known.
  func lastChange(of key: Bytes, before limit: UInt64) throws -> UInt64?

  /// Visits keys from `lower` up to but not including `upper` that a revision after `first`, up to
  /// `last`, changed, in order, until `body` returns false.
  func scanKeys(
    from lower: Bytes, to upper: Bytes?, changedAfter first: UInt64, through last: UInt64,
    _ body: (Bytes) throws -> Bool
  ) throws
}

// What a view can do without an index.
extension HistoryView {
  package func firstRevision(stampedAfter time: Timestamp) throws -> UInt64? {
    var found: UInt64?
    try scanHistory(from: 0, through: .max, reversed: false) { record in
      if record.stamp.time > time { found = record.number }
      return found == nil
    }
    return found
  }

  package func lastChange(of key: Bytes, before limit: UInt64) throws -> UInt64? {
    guard limit > 0 else { return nil }
    var found: UInt64?
    try scanHistory(from: 0, through: limit - 1, reversed: true) { record in
      if try changes(of: record).contains(where: { $0.key == key }) { found = record.number }
      return found == nil
    }
    return found
  }

  package func scanKeys(
    from lower: Bytes, to upper: Bytes?, changedAfter first: UInt64, through last: UInt64,
    _ body: (Bytes) throws -> Bool
  ) throws {
    guard first < last else { return }
    var keys: Set<Bytes> = []
    try scanHistory(from: first + 1, through: last, reversed: false) { record in
      keys.formUnion(try changes(of: record).map(\.key))
      return true
    }
    let wanted = keys.filter { key in
      !key.lexicographicallyPrecedes(lower)
        && upper.map { key.lexicographicallyPrecedes($0) } != false
    }
    for key in wanted.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      guard try body(key) else { return }
    }
  }
}

extension HistoryView {
  package func changes(of record: RevisionRecord) throws -> [KeyChange] {
    try changes(of: record, limit: .max)
  }

  /// One revision; `nil` if it is not known, or no longer.
  package func revision(_ number: UInt64) throws -> RevisionRecord? {
    var found: RevisionRecord?
    try scanHistory(from: number, through: number, reversed: false) {
      found = $0
      return false
    }
    return found
  }

  /// The newest revision of an author that can be taken back, and was not: what
  /// undoing without a number means, so that undoing twice takes back two changes. A change of keys that
  /// have ceased to be since is out of the way.
  func newestUndoable(by author: String) throws -> RevisionRecord? {
    var takenBack: Set<UInt64> = []
    var ended: Set<Bytes> = []
    func hasEnded(_ record: RevisionRecord) throws -> Bool {
      guard !ended.isEmpty else { return false }
      let keys = try changes(of: record).map(\.key).filter { !$0.starts(with: SystemKeys.prefix) }
      return !keys.isEmpty && keys.allSatisfy(ended.contains)
    }
    var found: RevisionRecord?
    try scanHistory(from: 0, through: UInt64(Int64.max), reversed: true) { revision in
      if takenBack.contains(revision.number) { return true }
      if let undone = revision.undoes {
        takenBack.insert(undone)
      } else if revision.isExpiry {
        ended.formUnion(try changes(of: revision).map(\.key))
      } else if revision.stamp.author == author, !revision.skipsEntry, try !hasEnded(revision) {
        found = revision
      }
      return found == nil
    }
    return found
  }
}

/// The keys as they are, and how they came to be so.
package protocol StateView: HistoryView, KeyValueView {
  /// The same as of an earlier revision, which must be readable
  /// (``StateView/isReadable(_:_:)``).
  func past(_ revision: UInt64) throws -> any StateView
}

extension StateView {
  package func past(_ revision: UInt64) throws -> any StateView {
    try RewoundView(self, to: revision)
  }
}
