// The follower's side of replication.

extension Node {
  /// AppendEntries, receiver (Raft, Figure 2, steps 1 to 5).
  mutating func handle(_ message: AppendEntries, from sender: NodeID) {
    // 1. "Reply false if term < currentTerm": the sender learns that it no longer leads.
    guard message.term >= hardState.term || isPlanted(.hearsOldLeader) else {
      return reply(.staleTerm, round: message.round, to: sender)
    }
    // A term has one leader (Raft §5.2); whoever else says so is no member of this cluster.
    guard role != .leader || message.term > hardState.term else { return }
    isLeaderUnreachable = false
    becomeFollower(term: max(message.term, hardState.term), leader: sender)

    // What the snapshot mark covers is committed and so the same in the leader's log.
    let isCovered = message.prevLogIndex < log.mark.index
    let covered = isCovered ? Int(log.mark.index - message.prevLogIndex) : 0
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
      if first <= log.lastIndex {
        precondition(first > commitIndex, "a committed entry would be replaced")
        log.truncate(from: first)
        forgetDurability(from: first)
      }
      for entry in entries[new...] { log.append(entry) }
      persist(Array(entries[new...]))
    }

    if isPlanted(.truncatesAlways), validated < log.lastIndex, validated >= commitIndex {
      log.truncate(from: validated + 1)
      forgetDurability(from: validated + 1)
    }

    // 5. "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last
    // new entry)": only what this message validated.
    let last = isPlanted(.commitsBeyondValidated) ? log.lastIndex : validated
    commitIndex = max(commitIndex, min(message.leaderCommit, last))

    if isPlanted(.matchesBeyondProof) {
      reply(.matched(durableIndex), round: message.round, to: sender)
    } else if isPlanted(.acknowledgesUndurable) {
      reply(.matched(validated), round: message.round, to: sender)
    } else if message.entries.isEmpty || validated <= durableIndex {
      // A heartbeat is answered at once, and claims only what is durable.
      reply(.matched(min(validated, durableIndex)), round: message.round, to: sender)
    } else {
      sendAfterPersist(
        reply(.matched(validated), round: message.round), to: sender)
    }
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
