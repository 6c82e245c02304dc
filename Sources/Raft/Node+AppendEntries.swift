// The follower's side of replication.

extension Node {
  /// AppendEntries, receiver (Raft, Figure 2, steps 1 to 5).
  mutating func handle(_ message: AppendEntries, from sender: NodeID) {
    // 1. "Reply false if term < currentTerm": the sender learns that it no longer leads.
    guard message.term >= hardState.term else {
      let reply = AppendEntriesReply(
        term: hardState.term, outcome: .staleTerm, round: message.round)
      return send(.appendEntriesReply(reply), to: sender)
    }
    // A term has one leader (Raft §5.2); whoever else says so is no member of this cluster.
    guard role != .leader || message.term > hardState.term else { return }
    isLeaderUnreachable = false
    becomeFollower(term: message.term, leader: sender)

    // 2. "Reply false if log doesn't contain an entry at prevLogIndex whose term matches."
    guard log.term(at: message.prevLogIndex) == message.prevLogTerm else {
      let hint = log.lastPossibleMatch(index: message.prevLogIndex, term: message.prevLogTerm)
      return reply(
        .mismatch(
          prevLogIndex: message.prevLogIndex, hintIndex: hint.index, hintTerm: hint.term),
        to: message, from: sender)
    }

    // 3. "If an existing entry conflicts with a new one, delete it and all that follow it" -
    // and only then: an old message must not shorten the log.
    // 4. "Append any new entries not already in the log."
    if let new = message.entries.firstIndex(where: { log.term(at: $0.index) != $0.term }) {
      let entries = message.entries[new...]
      if entries[new].index <= log.lastIndex {
        precondition(entries[new].index > commitIndex, "a committed entry would be replaced")
        log.truncate(from: entries[new].index)
        forgetDurability(from: entries[new].index)
      }
      for entry in entries { log.append(entry) }
      persist(Array(entries))
    }

    // 5. "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last
    // new entry)": only what this message validated.
    let validated = message.prevLogIndex + Index(message.entries.count)
    commitIndex = max(commitIndex, min(message.leaderCommit, validated))

    if message.entries.isEmpty || validated <= durableIndex {
      // A heartbeat is answered at once, and claims only what is durable.
      reply(.matched(min(validated, durableIndex)), to: message, from: sender)
    } else {
      let reply = AppendEntriesReply(
        term: hardState.term, outcome: .matched(validated), round: message.round)
      sendAfterPersist(Envelope(from: id, to: sender, message: .appendEntriesReply(reply)))
    }
  }

  private mutating func reply(
    _ outcome: AppendEntriesReply.Outcome, to message: AppendEntries, from sender: NodeID
  ) {
    let reply = AppendEntriesReply(
      term: hardState.term, outcome: outcome, round: message.round)
    send(.appendEntriesReply(reply), to: sender)
  }
}
