// The leader's side of replication: sending, hearing back, committing.

/// What exists only while a node leads.
struct Leadership: Sendable {
  var progress: [NodeID: Progress]
  var ticksSinceHeartbeat = 0
  /// Of its own: rounds of reads take the place of heartbeats, and tell nothing of confirmations.
  var ticksSinceConfirmations = 0
  /// Bytes of entries of this term that are not committed yet.
  var uncommittedBytes = 0
  var reads = ReadQueue()
  /// The transfer of leadership under way, if any.
  var transfer: Transfer?
  /// Grows with the news about what members have confirmed.
  var confirmationsVersion = 0

  init(progress: [NodeID: Progress]) { self.progress = progress }

  /// These are the other members from now on; the log of a new one is unknown before `next`.
  mutating func follow(_ members: Set<NodeID>, from next: Index) {
    progress = progress.filter { members.contains($0.key) }
    for member in members where progress[member] == nil {
      progress[member] = Progress(nextIndex: next)
    }
  }
}

extension Node {
  /// Takes proposals into the log, or refuses them (Raft §5.3).
  mutating func propose(_ proposals: [Proposal]) {
    var payloads: [Entry.Payload] = []
    for proposal in proposals {
      guard let leadership else {
        effects.refused.append(
          Refused(id: proposal.id, reason: .notLeader(leader: reachableLeader)))
        continue
      }
      if isStorageFull || leadership.transfer != nil {
        let reason: Refused.Reason = isStorageFull ? .storageFull : .transferring
        effects.refused.append(Refused(id: proposal.id, reason: reason))
        continue
      }
      let payload = Entry.Payload.operation(proposal.operation)
      let waiting = leadership.uncommittedBytes
      guard
        rules.hasRoom(
          for: payload.byteCount, beside: waiting, limit: configuration.maxUncommittedBytes)
      else {
        effects.refused.append(Refused(id: proposal.id, reason: .busy))
        continue
      }
      let index = log.lastIndex + 1 + Index(payloads.count)
      effects.accepted.append(Accepted(id: proposal.id, index: index, term: hardState.term))
      payloads.append(payload)
      self.leadership?.uncommittedBytes += payload.byteCount
    }
    guard !payloads.isEmpty else { return }
    appendToLog(payloads)
    broadcastAppend(evenIfEmpty: false)
  }

  /// Appends to the leader's own log. The write to disk and the messages to the followers
  /// go out together (Thesis §10.2.1).
  mutating func appendToLog(_ payloads: [Entry.Payload]) {
    var entries: [Entry] = []
    for payload in payloads {
      let entry = Entry(index: log.lastIndex + 1, term: hardState.term, payload: payload)
      log.append(entry)
      entries.append(entry)
    }
    persist(entries)
  }

  mutating func broadcastAppend(evenIfEmpty: Bool) {
    for peer in otherMembers { sendAppend(to: peer, evenIfEmpty: evenIfEmpty) }
  }

  /// Sends a peer what it lacks, as far as its window allows.
  mutating func sendAppend(to peer: NodeID, evenIfEmpty: Bool) {
    guard var progress = leadership?.progress[peer] else { return }
    var isSent = false
    if progress.nextIndex <= log.mark.index {
      // Only the state can help this peer. A heartbeat asks for nothing but a sign of life.
      sendSnapshotIfDue(to: peer, &progress)
      if evenIfEmpty { sendAppend([], after: log.mark.index, to: peer) }
      leadership?.progress[peer] = progress
      return
    }
    while progress.maySend(window: configuration.maxMessagesInFlight),
      progress.nextIndex <= log.lastIndex
    {
      let entries = log.entries(
        from: progress.nextIndex, maxBytes: configuration.maxMessageBytes)
      sendAppend(entries, after: progress.nextIndex - 1, to: peer)
      progress.sent(through: entries.last!.index)
      isSent = true
    }
    if evenIfEmpty && !isSent {
      sendAppend([], after: progress.nextIndex - 1, to: peer)
    }
    leadership?.progress[peer] = progress
  }

  private mutating func sendAppend(_ entries: [Entry], after previous: Index, to peer: NodeID) {
    guard let previousTerm = log.term(at: previous) else {
      preconditionFailure("entry \(previous) is not in the log")
    }
    let message = AppendEntries(
      term: hardState.term, prevLogIndex: previous, prevLogTerm: previousTerm, entries: entries,
      leaderCommit: commitIndex, round: leadership?.reads.round ?? 0)
    send(.appendEntries(message), to: peer)
  }

  mutating func handle(_ message: AppendEntriesReply, from peer: NodeID) {
    if message.term > hardState.term {
      return becomeFollower(term: message.term, leader: nil)
    }
    guard message.term == hardState.term, let newest = leadership?.reads.round,
      var progress = leadership?.progress[peer]
    else { return }
    progress.ticksSinceHeard = 0
    progress.confirmedRound = rules.confirmedRound(
      progress.confirmedRound, replying: message.round, newest: newest)
    var isNews = false
    switch message.outcome {
    case .matched(let index):
      // A follower cannot hold more than its leader has.
      guard index <= log.lastIndex else { return }
      isNews = progress.matched(index, logBegin: log.mark.index + 1)
    case .mismatch(let previous, let hintIndex, let hintTerm):
      // Skip over every index of a term that cannot match, not one entry per round trip.
      let hint = log.lastPossibleMatch(index: hintIndex, term: hintTerm).index
      progress.mismatched(prevLogIndex: previous, hint: hint)
    case .staleTerm:
      return
    }
    leadership?.progress[peer] = progress
    if isNews { advanceCommitIndex() }
    confirmReads()
    sendAppend(to: peer, evenIfEmpty: false)
    continueTransfer()
  }

  /// Commits what a majority durably holds, but only up to an entry of the leader's own
  /// term; older entries commit with it (Raft §5.4.2, Figure 8). The leader's own copy
  /// counts once it is durable, like any other.
  mutating func advanceCommitIndex() {
    guard let leadership else { return }
    let index = electorate.quorumValue { voter in
      voter == id
        ? rules.ownMatchIndex(durableIndex: durableIndex, lastIndex: log.lastIndex)
        : leadership.progress[voter]?.matchIndex ?? 0
    }
    guard index > commitIndex, rules.mayCommit(log.term(at: index), at: hardState.term)
    else { return }
    commitIndex = index
    broadcastAppend(evenIfEmpty: true)
    startReadRound()
    stepDownIfRemoved()
  }

  /// Heartbeats, and the leader's doubt about itself (Raft §5.2, Thesis §6.2).
  mutating func tickLeader() {
    leadership?.ticksSinceHeartbeat += 1
    leadership?.ticksSinceConfirmations += 1
    for peer in otherMembers { leadership?.progress[peer]?.ticksSinceHeard += 1 }
    tickTransfer()
    tickLearners()
    guard rules.staysLeader(hearingQuorum: electorate.isQuorum(answering)) else {
      return becomeFollower(term: hardState.term, leader: nil)
    }
    if let leadership, leadership.ticksSinceHeartbeat >= configuration.heartbeatTicks {
      self.leadership?.ticksSinceHeartbeat = 0
      for peer in otherMembers { self.leadership?.progress[peer]?.heartbeat() }
      broadcastAppend(evenIfEmpty: true)
    }
    if let leadership, leadership.ticksSinceConfirmations >= configuration.heartbeatTicks {
      self.leadership?.ticksSinceConfirmations = 0
      noteConfirmations()
      for peer in otherMembers { sendConfirmations(to: peer) }
    }
  }
}
