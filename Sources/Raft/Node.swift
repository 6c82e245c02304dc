// The node: all state of one member's consensus, and the one door through which it changes.

/// One member of a Raft cluster as a pure value.
///
/// A node has no clock, no disk, no network and no threads: it takes one ``Event`` at a time
/// and answers with the ``Effects`` the world must carry out. The same events in the same
/// order give the same effects, always. Storage is asynchronous: a batch handed out in
/// ``Effects/persist`` counts only once ``Event/persisted(number:)`` reports it.
///
/// The rules are those of the Raft paper (extended version) and of Ongaro's dissertation
/// ("Thesis"); each is cited where it is implemented.
public struct Node: Sendable {
  /// The name of the node.
  public let id: NodeID
  /// The timeouts and limits of the node.
  public let configuration: Configuration
  let rules: any Rules

  /// What the node is at the moment (Raft §5.1). A pre-candidate asks whether an election
  /// would be won before it disturbs the others (Thesis §9.6).
  public enum Role: String, Sendable {
    /// Takes entries from a leader, or waits for one.
    case follower
    /// Asks whether it would win an election.
    case preCandidate
    /// Asks for votes.
    case candidate
    /// Takes proposals and replicates them.
    case leader
  }

  // MARK: Persistent state (Raft, Figure 2)

  var hardState: HardState
  var log: Log

  /// What storage has confirmed. A vote or an entry counts only from here.
  var durableHardState: HardState
  var durableIndex: Index
  var pendingPersists: [PendingPersist] = []
  var lastPersistNumber: UInt64 = 0

  // MARK: Volatile state (Raft, Figure 2)

  /// Never decreases, and never exceeds what a majority durably holds.
  var commitIndex: Index
  /// The last entry handed out in ``Effects/committed``; `appliedIndex` follows it.
  var handedIndex: Index
  var appliedIndex: Index

  /// What exists only while the node is what it is.
  enum State: Sendable {
    case follower
    case preCandidate(votes: [NodeID: Bool])
    case candidate(votes: [NodeID: Bool])
    case leader(Leadership)
  }

  var state = State.follower
  var leader: NodeID?
  /// Whether the disk takes nothing more: no reason to lead then.
  var isStorageFull = false
  var standing = Standing.member
  /// How far each member has confirmed its log, as far as this node was told; durable soon after.
  public internal(set) var confirmed: [NodeID: Reach]
  /// The newest state that is known to survive a power cut. What was applied when the node came to
  /// life may be lost in one.
  var durableStateIndex: Index
  /// Whether the state is being made durable, so that the log can be compacted.
  var isAwaitingDurableState = false
  /// Whether the connection to the leader broke after it was last heard.
  var isLeaderUnreachable = false
  /// Pre-votes started early because of that; few, so that a lost quorum is not pestered.
  var hastyPreVotes = 0

  /// Ticks since the leader was heard, a vote was granted or an election began.
  var ticksSinceContact = 0
  /// The value of `ticksSinceContact` that starts an election.
  var electionDeadline = 0

  var random: SplitMix64
  var effects = Effects()

  /// A batch that storage has not confirmed yet.
  struct PendingPersist: Sendable {
    let number: UInt64
    let hardState: HardState
    /// The part of the log that the confirmation makes durable. Lowered when entries are
    /// truncated meanwhile: the confirmation of an overwritten entry proves nothing.
    var lastIndex: Index
  }

  /// Brings a node to life from what its storage holds; a new node has an empty log.
  ///
  /// - Parameters:
  ///   - id: must be a member for the node to vote or lead; a node that is to join a cluster
  ///     knows no members yet.
  ///   - snapshot: where the log begins.
  ///   - entries: the whole durable log, from the index after `snapshot`.
  ///   - appliedIndex: what the state machine has applied; neither before `snapshot`
  ///     nor beyond the log.
  ///   - confirmed: what the node was told of how far the members have confirmed their logs.
  ///   - needsVouchers: whether it takes part only when peers have vouched for it
  ///     (``Event/vouched(by:)``); needless for a node that is alone, or has nothing to forget.
  ///   - seed: of the node's own random numbers; different on every node.
  ///   - rules: others than the paper's only to see what breaks.
  public init(
    id: NodeID, snapshot: SnapshotMark, configuration: Configuration = Configuration(),
    hardState: HardState = HardState(), entries: [Entry] = [], appliedIndex: Index = 0,
    confirmed: [NodeID: Reach] = [:], needsVouchers: Bool = false,
    seed: UInt64, rules: any Rules = PaperRules()
  ) {
    self.id = id
    self.configuration = configuration
    self.rules = rules
    self.hardState = hardState
    self.log = Log(mark: snapshot, entries: entries)
    self.confirmed = confirmed
    durableHardState = hardState
    durableIndex = log.lastIndex
    precondition(
      appliedIndex >= snapshot.index,
      "the state is at \(appliedIndex), older than the log, which begins after \(snapshot.index)")
    precondition(
      appliedIndex <= log.lastIndex,
      "the state is at \(appliedIndex), ahead of the log, which ends at \(log.lastIndex)")
    precondition(
      log.lastTerm <= hardState.term,
      "the last entry is of term \(log.lastTerm), but the newest term is \(hardState.term)")
    // Only committed entries are ever applied, so what was applied is committed.
    commitIndex = appliedIndex
    handedIndex = appliedIndex
    self.appliedIndex = appliedIndex
    durableStateIndex = snapshot.index
    random = SplitMix64(seed: seed)
    if needsVouchers, membership.quorum > 1 { standing = .unvouched(by: [], ticks: 0) }
    resetElectionTimer()
  }

  /// What the node is at the moment.
  public var role: Role {
    switch state {
    case .follower: .follower
    case .preCandidate: .preCandidate
    case .candidate: .candidate
    case .leader: .leader
    }
  }

  /// Exists exactly while the node leads; changed in its place.
  var leadership: Leadership? {
    get { if case .leader(let leadership) = state { leadership } else { nil } }
    _modify {
      guard case .leader(let present) = state else {
        var absent: Leadership?
        yield &absent
        return
      }
      // Only one may hold it, or changing it would copy all of it.
      state = .follower
      var leadership: Leadership? = present
      defer { if let leadership { state = .leader(leadership) } }
      yield &leadership
    }
  }

  /// The members as of the end of the log.
  public var membership: Membership { log.membership }

  /// The leader of the term as far as it is known and can be reached.
  public var reachableLeader: NodeID? { isLeaderUnreachable ? nil : leader }

  /// Takes one event and says what the world must do about it.
  public mutating func step(_ event: Event) -> Effects {
    let before = (role, hardState.term, reachableLeader)
    switch event {
    case .tick: tick()
    case .received(let envelope): receive(envelope)
    case .propose(let proposals): propose(proposals)
    case .read(let id): read(id: id, for: self.id)
    case .persisted(let number): persisted(number: number)
    case .applied(let index): appliedIndex = max(appliedIndex, index)
    case .peerUnreachable(let peer): peerUnreachable(peer)
    case .stateDurable(let index): stateDurable(through: index)
    case .snapshotSent(let peer, let index): snapshotSent(to: peer, index)
    case .changeMembership(let id, let change): changeMembership(change, as: id)
    case .transferLeadership(let target): transferLeadership(to: target)
    case .storageFull(let isFull): storageFull(isFull)
    case .vouched(let peer): vouched(by: peer)
    case .rolledBack: exclude()
    }
    handOutCommitted()
    watchLogSize()
    persistHardState()
    effects.roleChanged = before != (role, hardState.term, reachableLeader)
    defer { effects = Effects() }
    return effects
  }

  private mutating func receive(_ envelope: Envelope) {
    guard envelope.to == id, envelope.from != id else { return }
    let from = envelope.from
    guard standing == .member, from == leader || mayBeHeard(from, envelope.message),
      isPlausible(envelope.message.term)
    else { return }
    switch envelope.message {
    case .requestPreVote(let message): handle(preVote: message, from: from)
    case .requestPreVoteReply(let message): handle(preVoteReply: message, from: from)
    case .requestVote(let message): handle(message, from: from)
    case .requestVoteReply(let message): handle(message, from: from)
    case .appendEntries(let message): handle(message, from: from)
    case .appendEntriesReply(let message): handle(message, from: from)
    case .readIndex(let message): handle(message, from: from)
    case .readIndexReply(let message): handle(message, from: from)
    case .installSnapshot(let message): handle(message, from: from)
    case .timeoutNow(let message): handle(message, from: from)
    case .confirmations(let message): handle(message, from: from)
    }
  }

  /// Terms grow with elections, which take time: one that is far ahead is a mistake or an attack, and
  /// would leave no terms for elections to come. A node that knows nothing yet takes any.
  private func isPlausible(_ term: Term) -> Bool {
    rules.mayJump(from: hardState.term, to: term, isNew: hardState.term == 0 && log.lastIndex == 0)
  }

  /// A removed member has no say once its removal is committed, except a leader until the end
  /// of its term. One that is not known may have been added by entries that this node lacks:
  /// as a leader or a candidate it must be heard, or no node might win an election (Thesis §4.1).
  private func mayBeHeard(_ sender: NodeID, _ message: Message) -> Bool {
    switch message {
    case .appendEntries, .installSnapshot, .requestVote, .requestPreVote, .confirmations:
      rules.mayAsk(isRemoved: settledMembership.removed.contains(sender))
    case .appendEntriesReply, .requestVoteReply, .requestPreVoteReply, .readIndex,
      .readIndexReply, .timeoutNow:
      rules.mayReply(isMember: membership[sender] != nil)
    }
  }

  /// The last members that are certainly committed.
  var settledMembership: Membership {
    rules.settled(
      newest: membership, isCommitted: log.membershipIndex <= commitIndex,
      previous: log.previousMembership, known: log.membership(at: commitIndex))
  }

  /// The members that count for quorums.
  var electorate: Membership { rules.electorate(membership) }

  /// Hands out what is committed and durable here. An entry may be committed by others
  /// before this node's disk has it; applying it then could put the state ahead of the log.
  private mutating func handOutCommitted() {
    let last = rules.lastApplicable(commitIndex: commitIndex, durableIndex: durableIndex)
    guard last > handedIndex else { return }
    effects.committed = log.entries(from: handedIndex + 1, through: last)
    handedIndex = last
    for entry in effects.committed where entry.term == hardState.term {
      guard case .operation = entry.payload else { continue }
      leadership?.uncommittedBytes -= entry.byteCount
    }
  }

  /// Sends a message, but not before the term and vote it rests on are durable (Raft §5.2:
  /// "servers persist before responding").
  mutating func send(_ message: Message, to peer: NodeID) {
    if rules.maySend(whenDurable: durableHardState == hardState) {
      effects.messages.append(Envelope(from: id, to: peer, message: message))
    } else {
      sendAfterPersist(message, to: peer)
    }
  }

  var otherVoters: [NodeID] { electorate.voters.map(\.id).filter { $0 != id } }
  var otherMembers: [NodeID] { membership.members.map(\.id).filter { $0 != id } }
}
