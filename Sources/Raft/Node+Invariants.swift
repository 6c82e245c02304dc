// What holds between any two steps of a node, whatever happens.

extension Node {
  /// The first invariant that does not hold, in words; `nil` if all do. For tests: O(members).
  package var brokenInvariant: String? {
    brokenOrder ?? brokenPersistence ?? brokenRole
  }

  /// How far everything has come: applied <= handed out <= committed <= the log's end.
  private var brokenOrder: String? {
    if log.mark.index > handedIndex { return "the log begins after what was handed out" }
    if appliedIndex > handedIndex { return "more was applied than handed out" }
    if handedIndex > commitIndex { return "more was handed out than is committed" }
    if commitIndex > log.lastIndex { return "more is committed than the log holds" }
    if handedIndex > max(durableIndex, log.mark.index) {
      return "more was handed out than is durable"
    }
    return nil
  }

  private var brokenPersistence: String? {
    if durableIndex > log.lastIndex { return "more is durable than the log holds" }
    if log.lastTerm > hardState.term { return "an entry is from a term that never was" }
    if durableHardState.term > hardState.term { return "the durable term is ahead" }
    if (pendingPersists.last?.hardState ?? durableHardState) != hardState {
      return "term and vote are on no way to the disk"
    }
    if zip(pendingPersists, pendingPersists.dropFirst()).contains(where: { $0.number >= $1.number })
    {
      return "batches are out of order"
    }
    if pendingPersists.contains(where: { $0.lastIndex > log.lastIndex }) {
      return "a batch is to confirm entries that are gone"
    }
    return nil
  }

  private var brokenRole: String? {
    switch state {
    case .follower, .preCandidate:
      if leader == id { return "a node that does not lead takes itself for the leader" }
    case .candidate(let votes):
      if leader != nil { return "a candidate knows a leader" }
      if hardState.vote != id { return "a candidate voted for another" }
      if votes.keys.contains(where: { membership[$0] == nil }) { return "a stranger's vote counts" }
    case .leader(let leadership): return broken(leadership)
    }
    return nil
  }

  private func broken(_ leadership: Leadership) -> String? {
    if leader != id { return "a leader follows another" }
    if hardState.vote != id { return "a leader voted for another" }
    if log.lastTerm != hardState.term { return "a leader has no entry of its own term" }
    if leadership.uncommittedBytes < 0 { return "less than nothing is uncommitted" }
    if Set(leadership.progress.keys) != Set(otherMembers) {
      return "the leader follows others than the members"
    }
    for (peer, progress) in leadership.progress {
      if progress.matchIndex >= progress.nextIndex { return "node \(peer) holds what comes next" }
      if progress.matchIndex > log.lastIndex { return "node \(peer) holds more than its leader" }
    }
    return nil
  }
}
