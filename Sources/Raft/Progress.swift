// What a leader knows about one peer's log.

/// The leader's view of one peer (Raft, Figure 2: nextIndex and matchIndex, with the
/// pipelining of Thesis §10.2.1).
struct Progress: Sendable {
  enum State: Equatable, Sendable {
    /// The peer's log is unknown: one message at a time. `isWaiting` until it answers or a
    /// heartbeat is due.
    case probe(isWaiting: Bool)
    /// The peer's log matches up to `nextIndex - 1`, messages under way included.
    case replicate
    /// The peer is being sent the state, which is from `since` or later: no entries meanwhile.
    case snapshot(since: Index)
  }

  /// Invariant: `matchIndex < nextIndex`; only a reply of this term raises it.
  private(set) var matchIndex: Index = 0
  private(set) var nextIndex: Index
  private(set) var state = State.probe(isWaiting: false)
  /// The last index of each message under way, oldest first.
  private var inFlight: [Index] = []
  /// Ticks since the peer last answered (Thesis §6.2).
  var ticksSinceHeard = 0
  /// The newest read round that the peer confirmed.
  var confirmedRound: UInt64 = 0
  /// Which news about confirmations the peer was sent last.
  var toldConfirmations = 0
  /// How well a learner keeps up (Thesis §4.2.1): the log's end when the round began, and the
  /// ticks since.
  var catchUp: (target: Index, ticks: Int)?

  init(nextIndex: Index) { self.nextIndex = nextIndex }

  /// Whether another message with entries may go out now.
  func maySend(window: Int) -> Bool {
    switch state {
    case .probe(let isWaiting): !isWaiting
    case .replicate: inFlight.count < window
    case .snapshot: false
    }
  }

  /// Entries up to `last` are on their way.
  mutating func sent(through last: Index) {
    switch state {
    case .probe: state = .probe(isWaiting: true)
    case .replicate:
      inFlight.append(last)
      nextIndex = last + 1
    case .snapshot: preconditionFailure("no entries while the state is under way")
    }
  }

  /// The peer holds everything up to `index`. Returns whether that is news.
  ///
  /// - Parameter first: the first index the leader's log still holds. A peer whose state is
  ///   under way goes on with the log only when it can.
  mutating func matched(_ index: Index, logBegin first: Index) -> Bool {
    let isNews = index > matchIndex
    matchIndex = max(matchIndex, index)
    nextIndex = max(nextIndex, matchIndex + 1)
    inFlight.removeAll { $0 <= matchIndex }
    switch state {
    case .replicate: break
    case .snapshot where matchIndex + 1 < first: break
    case .probe, .snapshot:
      state = .replicate
      nextIndex = matchIndex + 1
    }
    return isNews
  }

  /// The peer refused a message that followed `prevLogIndex`; try again after `hint`. A
  /// refusal that is older than what is known by now changes nothing.
  mutating func mismatched(prevLogIndex: Index, hint: Index) {
    guard prevLogIndex > matchIndex else { return }
    switch state {
    case .probe: guard prevLogIndex == nextIndex - 1 else { return }
    case .replicate: break
    case .snapshot: return
    }
    probe(from: min(hint, prevLogIndex - 1) + 1)
  }

  /// The peer lacks entries that the log no longer holds: it is sent the state.
  mutating func needsSnapshot(since index: Index) {
    state = .snapshot(since: index)
    inFlight.removeAll()
  }

  /// Sending the state has ended. `index`: what the peer has now; `nil`: it failed, and is
  /// tried again after the next heartbeat.
  mutating func snapshotSent(_ index: Index?) {
    guard case .snapshot = state else { return }
    probe(from: max(nextIndex, index.map { $0 + 1 } ?? 0))
    state = .probe(isWaiting: true)
  }

  /// Forget what is under way: it may be lost.
  mutating func unreachable() {
    toldConfirmations = 0
    if state == .replicate { probe(from: matchIndex + 1) }
  }

  /// A heartbeat is due: a probe that got no answer may be tried again.
  mutating func heartbeat() {
    if case .probe = state { state = .probe(isWaiting: false) }
  }

  private mutating func probe(from index: Index) {
    nextIndex = max(matchIndex + 1, index)
    state = .probe(isWaiting: false)
    inFlight.removeAll()
  }
}
