// The coordinator: turns requests into events of the consensus node, and the node's effects into
// answers.
//
//   requests, messages, what the disk and the state report
//      -> Coordinator.handle -> what to persist, send, apply; which requests are answered, and how
//
// It is a value. It holds no continuation, lock, clock or logger: a request carries a ticket, the
// caller keeps what belongs to the ticket. The runtime (RaftEngine) and the simulator run this same
// type, so what is proven is what runs.

package import PDBModel
package import Raft

/// Names a request, so that its answer finds the caller. Free again once it is answered.
package struct Ticket: Hashable, Sendable {
  package let number: Int

  package init(_ number: Int) { self.number = number }
}

/// Owns a consensus node and the tickets of the requests that wait for it.
package struct Coordinator: Sendable {
  /// What a client can ask for.
  package enum Request: Sendable {
    /// Appends an encoded operation. Replies: `applied`.
    case propose(Bytes)
    /// Appends the encoded decision to skip the entry that the state stopped before. Replies: `applied`.
    case skip(LogPosition, Bytes)
    /// Confirms that the state is as fresh as it must be for a linearizable read. Replies: `readable`.
    case read
    /// Adds, promotes or removes a member. Replies: `changed`.
    case change(MembershipChange)
    /// Hands leadership to a voter; `nil`: to the most suitable one. Replies: `transferred`.
    case transfer(to: NodeID?)
  }

  /// What can happen to a node.
  package enum Input: Sendable {
    case tick
    case request(Request, Ticket)
    case received(Envelope)
    /// The connection to a peer broke.
    case peerUnreachable(NodeID)
    /// The log is durable up to this batch.
    case persisted(number: UInt64)
    /// The state has come as far as the mark, by these entries; by none if it was received whole.
    case applied([Applied], StateMark)
    /// The state stopped before this entry.
    case poisoned(PoisonedEntry)
    case stateDurable(Index)
    case snapshotSent(to: NodeID, index: Index?)
    case storageFull(Bool)
    /// A peer tells what its state is.
    case stateHash(StateHash, from: NodeID)
    case alarm(Alarm)
    case birth(String)
    /// A peer has compared what it knows of this node with what this node has.
    case vouched(by: NodeID)
    case rolledBack
  }

  /// The answer to a request. Every ticket gets exactly one.
  package enum Reply: Sendable {
    case applied(Applied)
    case readable
    case changed
    /// This node leads no longer; the leader, as far as it is known.
    case transferred(to: Member?)
    /// The error's outcome says truthfully whether the change was, or may yet be, applied.
    case failed(PDBError)
  }

  /// What the caller must do. Messages may leave at once: those that rest on something durable are
  /// part of the batch that makes it so (Raft §5.2).
  package struct Actions: Sendable {
    package var persist: [Persist] = []
    package var send: [Envelope] = []
    package var apply: [Entry] = []
    package var sendSnapshots: [SendSnapshot] = []
    /// The state must become durable, so that the log can be compacted.
    package var makeStateDurable = false
    /// The members, if they have changed.
    package var members: [Member]?
    /// The node's own state, for the peers to compare.
    package var stateHash: StateHash?
    package var replies: [(ticket: Ticket, reply: Reply)] = []
    /// The proposals that are committed now; they are answered when they are applied.
    package var committed: [Ticket] = []
    /// What people may want to know.
    package var news: [News] = []
    /// A member lost something that it had confirmed: the node must end.
    package var brokenPromise: BrokenPromise?
  }

  /// How long requests wait.
  package struct Patience: Sendable {
    /// Ticks that a request may take at most.
    package var requestTicks: UInt64
    /// Ticks until a read index that is not answered is asked for again: the message was lost, or
    /// its leader died.
    package var readRetryTicks: UInt64
    /// Ticks that a read waits for an election before it fails.
    package var leaderlessTicks: UInt64

    package init(
      requestTicks: UInt64 = UInt64(Limits.requestSeconds * 1000 / Tick.milliseconds),
      readRetryTicks: UInt64 = 10, leaderlessTicks: UInt64 = 100
    ) {
      self.requestTicks = requestTicks
      self.readRetryTicks = readRetryTicks
      self.leaderlessTicks = leaderlessTicks
    }
  }

  var node: Node
  package internal(set) var status: EngineStatus
  let patience: Patience
  let rules: any ReplyRules
  /// Ticks so far.
  var now: UInt64 = 0
  /// The wall clock, for what people see: nothing is decided by it.
  var time = Timestamp(milliseconds: 0)
  var proposals = Proposals()
  var reads: Reads
  var transfers = Transfers()
  var comparison = StateComparison()
  var notices = CommitNotices()
  var leaseClock: LeaseClock
  /// Whether something happened that followers should learn of at once.
  var isUrgent = false
  var knownMembers: [Member]?
  /// The commit index when the states were compared last.
  var lastCommitIndex: Index = 0
  var actions = Actions()

  /// How often nodes compare their states, in ticks.
  static let comparisonTicks: UInt64 = 100

  /// - Parameters:
  ///   - node: restored from what is durable.
  ///   - mark: how far the state has come.
  ///   - firstReadID: drawn at random, so that an answer to a process before this one is never
  ///     taken for an answer to this one.
  ///   - rules: others than those of production only to see what breaks.
  package init(
    node: Node, identity: Identity, mark: StateMark, patience: Patience = Patience(),
    firstReadID: UInt64, rules: any ReplyRules = SoundReplies()
  ) {
    self.node = node
    self.patience = patience
    self.rules = rules
    reads = Reads(lastID: firstReadID)
    leaseClock = LeaseClock(mark.lease, at: 0)
    status = EngineStatus(identity: identity, node: node, mark: mark)
    updateStatus()
    actions = Actions()
  }

  /// Takes what happened since the last call, in order. What arrived together is proposed together
  /// and confirmed together.
  ///
  /// - Parameter time: the wall clock.
  package mutating func handle(_ inputs: [Input], at time: Timestamp) -> Actions {
    self.time = time
    for input in inputs { take(input) }
    proposeWaiting()
    askForWaitingReads()
    noteCommitted()
    updateStatus()
    actions.send = notices.pass(actions.send, isUrgent: isUrgent, by: rules)
    isUrgent = false
    defer { actions = Actions() }
    return actions
  }

  /// The node at this moment, for those who watch it.
  package var observation: Observation { node.observation(entries: ConsensusFrame.entries) }

  private mutating func take(_ input: Input) {
    switch input {
    case .tick: tick()
    case .request(.propose(let operation), let ticket): propose(operation, ticket)
    case .request(.skip(let entry, let operation), let ticket):
      skip(entry, by: operation, ticket)
    case .request(.read, let ticket): reads.arrived.append(ticket)
    case .request(.change(let change), let ticket): self.change(change, ticket)
    case .request(.transfer(let target), let ticket): transfer(to: target, ticket)
    case .received(let envelope):
      if envelope.from == node.reachableLeader { status.lastHeartbeat = time }
      step(.received(envelope))
    case .peerUnreachable(let peer): step(.peerUnreachable(peer))
    case .persisted(let number): step(.persisted(number: number))
    case .applied(let applied, let mark): finish(applied, mark)
    case .poisoned(let entry): stop(before: entry)
    case .stateDurable(let index): step(.stateDurable(index))
    case .snapshotSent(let peer, let index): step(.snapshotSent(to: peer, index: index))
    case .storageFull(let isFull): storageFull(isFull)
    case .stateHash(let hash, let peer):
      comparison.heard(hash, from: peer)
      judgeState()
      makeWay()
    case .alarm(let alarm): raise(alarm)
    case .birth(let birth): status.birth = birth
    case .vouched(let peer): step(.vouched(by: peer))
    case .rolledBack:
      step(.rolledBack)
      raise(.rolledBack)
    }
  }

  mutating func step(_ event: Event) {
    let effects = node.step(event)
    if let batch = effects.persist { actions.persist.append(batch) }
    actions.send.append(contentsOf: effects.messages)
    actions.apply.append(contentsOf: effects.committed)
    actions.sendSnapshots.append(contentsOf: effects.snapshots)
    if effects.wantsDurableState { actions.makeStateDurable = true }
    if let broken = effects.brokenPromise { actions.brokenPromise = broken }
    for accepted in effects.accepted {
      proposals.accepted(accepted, deadline: now + patience.requestTicks)
    }
    for refused in effects.refused { refuse(refused) }
    for read in effects.reads { serve(read) }
    if effects.roleChanged { roleChanged() }
    isUrgent =
      isUrgent || effects.roleChanged || effects.committed.contains { !$0.isOperation }
  }

  mutating func reply(_ reply: Reply, to ticket: Ticket) {
    actions.replies.append((ticket, reply))
  }

  // MARK: Time

  private mutating func tick() {
    step(.tick)
    isUrgent = true
    now += 1
    if rules.looksAfterReads { retryReads() }
    if now % 10 == 0 {
      expireReads()
      expireProposals()
    }
    guard now % Self.comparisonTicks == 0 else { return }
    actions.stateHash = StateHash(index: status.mark.appliedIndex, hash: status.mark.comparedHash)
    status.settledCommitIndex = lastCommitIndex
    lastCommitIndex = status.commitIndex
  }

  /// The node stops, and no ticket may wait for ever.
  package mutating func stop() -> Actions {
    abandonProposals(after: 0)
    let waiting = proposals.takeUnaccepted() + transfers.take() + reads.takeAll()
    for ticket in waiting { reply(.failed(.stopping), to: ticket) }
    defer { actions = Actions() }
    return actions
  }

  // MARK: Status

  /// The node's view of itself.
  package var consensus: Raft.Status { node.status }

  /// What is wrong inside; `nil` if nothing is. For tests.
  package var brokenInvariant: String? { node.brokenInvariant ?? proposals.brokenInvariant }

  mutating func updateStatus() {
    status = currentStatus
    if status.members != knownMembers {
      if let knownMembers {
        actions.news.append(.membersChanged(from: knownMembers, to: status.members))
      }
      knownMembers = status.members
      actions.members = status.members
    }
    settleTransfers()
  }

  var currentStatus: EngineStatus {
    var status = status
    status.take(node.status)
    status.leaseTime = rules.leaseTime(leaseClock.time(at: now))
    status.waitingProposals = proposals.count
    if status.role == .leader { status.lastHeartbeat = time }
    return status
  }
}
