// Compacting the log, and bringing up peers that need what it no longer holds.

extension Node {
  /// At the end of a step: a log that has grown too long is compacted (Raft §7). Where the durable
  /// state does not reach far enough for that, a newer one is asked for; but not while nothing would
  /// come of it.
  mutating func watchLogSize() {
    guard !isAwaitingDurableState,
      log.count > configuration.maxLogEntries || log.byteCount > configuration.maxLogBytes,
      !(rules.remembersDurableState && compact()),
      rules.wantsDurableState(
        compactable: compactable(durable: appliedIndex), mark: log.mark.index)
    else { return }
    isAwaitingDurableState = true
    effects.wantsDurableState = true
  }

  mutating func stateDurable(through index: Index) {
    isAwaitingDurableState = false
    durableStateIndex = max(durableStateIndex, index)
    compact()
  }

  /// Compacts the log as far as the durable state allows.
  ///
  /// - Returns: whether that was any further than before.
  @discardableResult
  private mutating func compact() -> Bool {
    let last = compactable(durable: durableStateIndex)
    guard last > log.mark.index else { return false }
    log.compact(through: last)
    persist(compaction: log.mark)
    return true
  }

  /// How far the log can go: to half its limits, but never beyond what the durable state
  /// stands for, and not, while there is room, beyond what a peer still needs.
  private func compactable(durable index: Index) -> Index {
    let (maxEntries, maxBytes) = (configuration.maxLogEntries, configuration.maxLogBytes)
    let excess = log.excess(maxEntries: maxEntries / 2, maxBytes: maxBytes / 2)
    var last = rules.lastCompactable(excess: excess, durableState: index)
    last = min(last, handedIndex)
    if log.count <= configuration.maxRetainedEntries,
      log.byteCount <= configuration.maxRetainedBytes
    {
      last = min(last, lastIndexNobodyNeeds)
    }
    return last
  }

  /// Up to here no peer that answers needs the log.
  private var lastIndexNobodyNeeds: Index {
    let needs = leadership?.progress.values.compactMap { progress -> Index? in
      switch progress.state {
      case .snapshot(let since): since
      case .probe, .replicate:
        progress.ticksSinceHeard < configuration.electionTicks ? progress.matchIndex : nil
      }
    }
    return needs?.min() ?? .max
  }

  /// Asks for the state to be sent to a peer that is alive, unless that is under way.
  mutating func sendSnapshotIfDue(to peer: NodeID, _ progress: inout Progress) {
    guard progress.maySend(window: configuration.maxMessagesInFlight),
      progress.ticksSinceHeard < configuration.electionTicks
    else { return }
    progress.needsSnapshot(since: appliedIndex)
    effects.snapshots.append(SendSnapshot(to: peer, term: hardState.term))
  }

  mutating func snapshotSent(to peer: NodeID, _ index: Index?) {
    guard index != nil || rules.retriesSnapshots else { return }
    leadership?.progress[peer]?.snapshotSent(index)
  }

  /// InstallSnapshot, receiver (Raft, Figure 13). The state is complete and verified here.
  mutating func handle(_ message: InstallSnapshot, from sender: NodeID) {
    guard message.term >= hardState.term else {
      return reply(.staleTerm, round: 0, to: sender)
    }
    // No leader's state is newer than its term: this one's sender has moved on meanwhile, or lies.
    guard message.mark.term <= message.term else { return }
    guard role != .leader || message.term > hardState.term else { return }
    isLeaderUnreachable = false
    becomeFollower(term: message.term, leader: sender)
    let mark = message.mark
    if rules.isOld(mark.index, commitIndex: commitIndex) {
      // Old news: an old snapshot never overwrites a newer state.
      return reply(.matched(min(commitIndex, durableIndex)), round: 0, to: sender)
    }
    if rules.holds(mark.term, having: log.term(at: mark.index)) {
      // "If existing log entry has same index and term as snapshot's last included entry,
      // retain log entries following it": the log is as good as the state, and committed.
      commitIndex = mark.index
      return reply(.matched(min(mark.index, durableIndex)), round: 0, to: sender)
    }
    // "Discard the entire log", a conflicting suffix included.
    forgetDurability(from: commitIndex + 1)
    let members = rules.members(of: mark.membership, having: membership)
    log = Log(mark: SnapshotMark(index: mark.index, term: mark.term, membership: members))
    commitIndex = mark.index
    handedIndex = mark.index
    persist(snapshot: mark)
    sendAfterPersist(reply(.matched(mark.index), round: 0), to: sender)
  }
}
