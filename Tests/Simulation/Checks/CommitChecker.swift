// What is committed, once and for all.

package import Raft

/// Quorum commit, leader completeness and the agreement of all commit indices (Raft §5.4).
package struct CommitChecker: Sendable {
  /// Every entry that any leader ever committed, from index 1.
  package private(set) var chosen: [Entry] = []
  /// In which term each of them was committed; never decreases.
  private var commitTerms: [Term] = []

  package init() {}

  package func term(at index: Index) -> Term? {
    index > 0 && index <= Index(chosen.count) ? chosen[Int(index) - 1].term : nil
  }

  /// A leader has moved its commit index.
  ///
  /// - Parameters:
  ///   - membership: as of the end of the leader's log.
  ///   - durable: what a node's disk holds.
  /// - Returns: the entries that no leader had committed before.
  package mutating func committed(
    through index: Index, by leader: NodeID, term: Term, log: StoredLog,
    durable: (NodeID) -> StoredLog?
  ) throws -> ArraySlice<Entry> {
    guard let entryTerm = log.term(at: index) else {
      throw Violation(.quorumCommit, "leader \(leader) commits \(index), which it does not hold")
    }
    if entryTerm != term {
      throw Violation(
        .quorumCommit,
        "leader \(leader) of term \(term) commits \(index) of term \(entryTerm) by counting")
    }
    let voters = log.membership.members.filter { $0.role == .voter }.map(\.id)
    let holders = voters.filter { durable($0)?.holds(index, term: entryTerm) == true }
    if holders.count <= voters.count / 2 {
      throw Violation(
        .quorumCommit,
        "leader \(leader) commits \(index), durable on \(holders) among \(voters)")
    }
    try agree(through: index, log: log, id: leader)
    let known = Index(chosen.count)
    while Index(chosen.count) < index {
      guard let entry = log.entry(at: Index(chosen.count) + 1) else {
        throw Violation(.quorumCommit, "leader \(leader) compacted what was not committed")
      }
      chosen.append(entry)
      commitTerms.append(term)
    }
    return chosen[Int(known)...]
  }

  /// A node that does not lead believes that everything up to `index` is committed.
  package func believed(through index: Index, by id: NodeID, log: StoredLog) throws {
    if index > Index(chosen.count) {
      throw Violation(
        .quorumCommit, "node \(id) takes \(index) for committed; only \(chosen.count) are")
    }
    try agree(through: index, log: log, id: id)
  }

  /// By log matching, agreement on the last entry is agreement on all.
  private func agree(through index: Index, log: StoredLog, id: NodeID) throws {
    let last = min(index, Index(chosen.count))
    guard let term = term(at: last), !log.holds(last, term: term) else { return }
    throw Violation(
      .stateMachineSafety, "node \(id) commits another entry \(last) than was committed before")
  }

  /// A node leads `term`: it must hold all that was committed in the terms before (Raft §5.4.3).
  package func mustBeComplete(_ log: StoredLog, of leader: NodeID, term: Term) throws {
    var last = chosen.count
    while last > 0, commitTerms[last - 1] >= term { last -= 1 }
    guard let entryTerm = self.term(at: Index(last)), !log.holds(Index(last), term: entryTerm)
    else { return }
    throw Violation(
      .leaderCompleteness,
      "leader \(leader) of term \(term) lacks the committed entry \(last) of term \(entryTerm)")
  }
}
