// A stored state and the model of it, compared to the last row.

import PDBCoordinator
import PDBModel
import PDBStorage
import Raft

extension StateStore {
  /// - Throws: ``Violation`` where they differ; what reading throws.
  func compare(with machine: Machine, of node: NodeID) throws {
    let difference = try readOnWriter { view, mark in
      mark == machine.mark
        ? try Comparison.difference(view, machine.storage) : "it is at \(mark.appliedIndex)"
    }
    if case .some(.some(let difference)) = difference {
      throw Violation(
        .storage,
        "the stored state of node \(node) is not that of \(machine.mark.appliedIndex):"
          + " \(difference)")
    }
  }
}

/// Two views of what should be the same.
private enum Comparison {
  /// In what they differ, if in anything.
  static func difference(_ one: some StateView, _ other: some StateView) throws -> String? {
    for first in [Bytes(), ImportKeys.prefix] {
      guard try pairs(of: one, from: first) == pairs(of: other, from: first) else {
        return "other keys"
      }
    }
    let records = try self.records(of: one)
    guard try records == self.records(of: other) else { return "another history" }
    for record in records where try one.changes(of: record) != other.changes(of: record) {
      return "other changes of revision \(record.number)"
    }
    return nil
  }

  private static func pairs(
    of view: some StateView, from first: Bytes
  ) throws -> [Bytes: StoredValue] {
    var pairs: [Bytes: StoredValue] = [:]
    let isAside = !first.isEmpty
    try view.scan(from: first, to: isAside ? first.prefixEnd : nil, reversed: false) {
      if isAside == SystemKeys.hasNoHistory($0) { pairs[$0] = $1 }
      return true
    }
    return pairs
  }

  private static func records(of view: some StateView) throws -> [RevisionRecord] {
    var records: [RevisionRecord] = []
    try view.scanHistory(from: 0, through: UInt64(Int64.max), reversed: false) {
      records.append($0.asStored)
      return true
    }
    return records
  }
}

extension RevisionRecord {
  /// Of a request the history keeps nothing but its id.
  fileprivate var asStored: RevisionRecord {
    var stamp = stamp
    stamp.request = stamp.request.map { RequestID(stored: $0.id) }
    return RevisionRecord(
      number: number, index: index, term: term, stamp: stamp, operation: operation, count: count,
      visibleCount: visibleCount, byteCount: byteCount)
  }
}
