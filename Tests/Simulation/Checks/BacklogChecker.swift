// How much a leader takes in without a quorum.

package import Raft

/// The uncommitted log is bounded: without a quorum, memory stays flat.
package enum BacklogChecker {
  /// A leader has taken proposals.
  package static func accepted(
    by leader: NodeID, term: Term, log: StoredLog, commitIndex: Index, maxBytes: Int
  ) throws {
    var (bytes, largest) = (0, 0)
    var index = log.lastIndex
    while index > commitIndex, let entry = log.entry(at: index), entry.term == term {
      if case .operation = entry.payload {
        bytes += entry.byteCount
        largest = max(largest, entry.byteCount)
      }
      index -= 1
    }
    if bytes > maxBytes + largest {
      throw Violation(
        .backlog, "leader \(leader) holds \(bytes) uncommitted bytes, \(maxBytes) are allowed")
    }
  }
}
