// What goes to disk, and what its arrival there means.

extension Node {
  /// Adds entries to the batch of this step. They are in `log` already.
  mutating func persist(_ entries: [Entry]) {
    withPersist { $0.entries.append(contentsOf: entries) }
  }

  /// Keeps a message until the batch of this step, and so all before it, are durable.
  mutating func sendAfterPersist(_ message: Message, to peer: NodeID) {
    let envelope = Envelope(from: id, to: peer, message: message)
    withPersist { $0.messages.append(envelope) }
  }

  /// At the end of a step: a changed hard state joins the batch.
  mutating func persistHardState() {
    let known = pendingPersists.last?.hardState ?? durableHardState
    if hardState != known {
      let stored = rules.stored(hardState)
      withPersist { $0.hardState = stored }
    }
    guard let batch = effects.persist else { return }
    pendingPersists.append(
      PendingPersist(number: batch.number, hardState: hardState, lastIndex: log.lastIndex))
  }

  /// Entries from `first` on were replaced: confirmations under way no longer cover them.
  mutating func forgetDurability(from first: Index) {
    durableIndex = rules.durableIndex(durableIndex, afterReplacing: first)
    for position in pendingPersists.indices {
      pendingPersists[position].lastIndex = rules.durableIndex(
        pendingPersists[position].lastIndex, afterReplacing: first)
    }
  }

  /// Storage confirms all batches up to `number`.
  mutating func persisted(number: UInt64) {
    while let batch = pendingPersists.first, batch.number <= number {
      pendingPersists.removeFirst()
      durableHardState = batch.hardState
      durableIndex = max(durableIndex, batch.lastIndex)
    }
    switch role {
    case .candidate: countOwnVote()
    case .leader: advanceCommitIndex()
    case .follower, .preCandidate: break
    }
  }

  /// The received state and its mark take the place of everything this node had.
  mutating func persist(snapshot: SnapshotMark) {
    withPersist { $0.snapshot = snapshot }
  }

  /// What is known of members' logs.
  mutating func persist(confirmed: [NodeID: Reach]) {
    let stored = rules.stored(confirmed)
    if !stored.isEmpty { withPersist { $0.confirmed.merge(stored) { $1 } } }
  }

  /// Entries up to the mark may go.
  mutating func persist(compaction: SnapshotMark) {
    withPersist { $0.compaction = compaction }
  }

  private mutating func withPersist(_ body: (inout Persist) -> Void) {
    if effects.persist == nil {
      lastPersistNumber += 1
      effects.persist = Persist(number: lastPersistNumber)
    }
    body(&effects.persist!)
  }
}
