// Which revisions may be of interest, without a look at all of them.

import PDBModel
import PDBStore

extension StateView {
  /// Visits the revisions before `limit` that are known and may be of interest, the newest first, until
  /// `body` returns false. Where few keys are asked for, only the revisions that changed them are read.
  func scanCandidates(
    of filter: HistoryFilter, before limit: UInt64, _ body: (RevisionRecord) throws -> Bool
  ) throws {
    func visit(_ record: RevisionRecord) throws -> Bool {
      let stamp = record.stamp
      guard filter.matches(author: stamp.author, time: stamp.time) else { return true }
      return try body(record)
    }
    // None before the first one that is late enough.
    var first: UInt64 = 0
    if let since = filter.since {
      let justBefore = Timestamp(milliseconds: since.milliseconds - 1)
      guard let found = try firstRevision(stampedAfter: justBefore) else { return }
      first = found
    }
    guard let keys = try fewKeys(of: filter) else {
      guard limit > 0 else { return }
      return try scanHistory(from: first, through: limit - 1, reversed: true, visit)
    }
    var next = try keys.map { try lastChange(of: $0, before: limit) }
    while let number = next.compactMap({ $0 }).max(), number >= first {
      // Before what is forgotten everything is.
      guard let record = try revision(number), try visit(record) else { return }
      for (position, key) in keys.enumerated() where next[position] == number {
        next[position] = try lastChange(of: key, before: number)
      }
    }
  }

  /// The keys that a filter is about, those that are gone among them; `nil` if they may be many.
  private func fewKeys(of filter: HistoryFilter) throws -> [Bytes]? {
    if let key = filter.key { return [key] }
    if let task = filter.task { return try keys(ofTask: task) }
    return try filter.prefix.flatMap { try knownKeys(from: $0, to: $0.prefixEnd) }
  }

  private func knownKeys(from lower: Bytes, to upper: Bytes?) throws -> [Bytes]? {
    var keys: [Bytes] = []
    try scanKeys(from: lower, to: upper, changedAfter: 0, through: .max) { key in
      keys.append(key)
      return keys.count <= Self.fewKeys
    }
    return keys.count <= Self.fewKeys ? keys : nil
  }

  private static var fewKeys: Int { 32 }

  private func keys(ofTask task: String) throws -> [Bytes]? {
    var keys: Set<Bytes> = [TaskKeys.task(id: task)]
    if let number = UInt64(task) {
      // Whoever had the number, it led to them.
      let lead = TaskKeys.number(number)
      var change = try lastChange(of: lead, before: .max)
      while let revision = change {
        if let id = try past(revision).get(lead)?.value.utf8String {
          keys.insert(TaskKeys.task(id: id))
        }
        change = try lastChange(of: lead, before: revision)
      }
    }
    if task.utf8.count >= TaskReference.shortestPrefix {
      let lower = TaskKeys.task(id: task.lowercased())
      guard let known = try knownKeys(from: lower, to: lower.prefixEnd) else { return nil }
      keys.formUnion(known)
    }
    return Array(keys)
  }
}
