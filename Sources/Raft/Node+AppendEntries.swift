// The follower's side of replication.

extension Node {
  /// AppendEntries, receiver (Raft, Figure 2, steps 1 to 5).
  mutating func handle(_ message: AppendEntries, from sender: NodeID) {
    // 1. "Reply false if term < currentTerm": the sender learns that it no longer leads.
    guard !rules.isStale(message.term, at: hardState.term) else {
      return reply(.staleTerm, round: message.round, to: sender)
    }
    // A term has one leader (Raft §5.2); another node that claims it is no member of this cluster.
    guard role != .leader || message.term > hardState.term else { return }
    isLeaderUnreachable = false
    becomeFollower(term: max(message.term, hardState.term), leader: sender)

    // What the snapshot mark covers is committed and so the same in the leader's log.
    let isCovered = message.prevLogIndex < log.mark.index
    let covered = isCovered ? Int(log.mark.index - message.prevLogIndex) : 0
    if let last = message.entries.prefix(covered).last, last.index == log.mark.index,
      last.term != log.mark.term
    {
      return breakPromise(at: last.index, found: last.term, leader: sender, message.term)
    }
    let entries = message.entries.dropFirst(covered)
    let validated = max(
      log.mark.index, message.prevLogIndex + Index(message.entries.count))

    // 2. "Reply false if log doesn't contain an entry at prevLogIndex whose term matches."
    guard isCovered || log.term(at: message.prevLogIndex) == message.prevLogTerm else {
      let hint = log.lastPossibleMatch(index: message.prevLogIndex, term: message.prevLogTerm)
      return reply(
        .mismatch(
          prevLogIndex: message.prevLogIndex, hintIndex: hint.index, hintTerm: hint.term),
        round: message.round, to: sender)
    }

    // 3. "If an existing entry conflicts with a new one, delete it and all that follow it" -
    // and only then: an old message must not shorten the log.
    // 4. "Append any new entries not already in the log."
    if let new = entries.firstIndex(where: { log.term(at: $0.index) != $0.term }) {
      let first = entries[new].index
      if first <= commitIndex {
        return breakPromise(at: first, found: entries[new].term, leader: sender, message.term)
      }
      if first <= log.lastIndex { cutLog(from: first) }
      for entry in entries[new...] { log.append(entry) }
      persist(Array(entries[new...]))
    }

    if let first = rules.cut(
      after: validated, lastIndex: log.lastIndex, commitIndex: commitIndex)
    {
      cutLog(from: first)
    }

    // 5. "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last
    // new entry)": only what this message validated.
    let last = rules.lastCommittable(validated: validated, lastIndex: log.lastIndex)
    commitIndex = max(commitIndex, min(message.leaderCommit, last))

    switch rules.acknowledgement(
      validated: validated, durableIndex: durableIndex, isHeartbeat: message.entries.isEmpty)
    {
    case .now(let index): reply(.matched(index), round: message.round, to: sender)
    case .whenDurable(let index):
      sendAfterPersist(reply(.matched(index), round: message.round), to: sender)
    }
  }

  /// "A committed entry would be replaced": no member that keeps its promises leads without it (Raft
  /// §5.4.3).
  private mutating func breakPromise(
    at index: Index, found: Term, leader: NodeID, _ term: Term
  ) {
    effects.brokenPromise = BrokenPromise(
      leader: leader, term: term, index: index,
      expected: log.term(at: index) ?? log.mark.term, found: found, commitIndex: commitIndex)
    exclude()
  }

  private mutating func cutLog(from first: Index) {
    log.truncate(from: first, undoesChange: rules.truncationUndoesChange)
    forgetDurability(from: first)
  }

  mutating func reply(
    _ outcome: AppendEntriesReply.Outcome, round: UInt64, to sender: NodeID
  ) {
    send(reply(outcome, round: round), to: sender)
  }

  func reply(_ outcome: AppendEntriesReply.Outcome, round: UInt64) -> Message {
    .appendEntriesReply(
      AppendEntriesReply(term: hardState.term, outcome: outcome, round: round))
  }
}
