// The driver: turns requests into events of the node, and effects into answers.

import Logging
import Raft

/// Owns the node and everybody who waits for it. A plain value without I/O or await: inputs
/// go in, effects come out.
struct Driver {
  /// What must happen outside.
  struct Effects {
    var messages: [Envelope] = []
    var batches: [Persist] = []
    var committed: [Entry] = []
    var snapshots: [SendSnapshot] = []
    var wantsDurableState = false
    /// The members, when they are not those of the last time.
    var members: [Member]?
    /// The node's own state, from time to time, for the others to compare.
    var stateHash: StateHash?
  }

  /// Somebody who waits for a proposal.
  enum Waiter {
    case operation(CheckedContinuation<Outcome, any Error>)
    case membership(CheckedContinuation<Void, any Error>)

    func fail(_ error: PDBError) {
      switch self {
      case .operation(let continuation): continuation.resume(throwing: error)
      case .membership(let continuation): continuation.resume(throwing: error)
      }
    }
  }

  private struct Proposer {
    let term: Term
    let begun: ContinuousClock.Instant
    let deadline: UInt64
    let waiter: Waiter
  }

  private struct Readers {
    let startedAt: UInt64
    var askedAt: UInt64
    let continuations: [CheckedContinuation<Void, any Error>]
  }

  private var node: Node
  private(set) var status: EngineStatus
  private let events: EventLog
  private let meters: Meters
  /// Ticks so far.
  private var now: UInt64 = 0
  /// The time, for measurements only: nothing is decided by it.
  private var clock = ContinuousClock.now
  /// Proposals before they have an index, by proposal id.
  private var proposals: [UInt64: Waiter] = [:]
  private var lastProposalID: UInt64 = 0
  /// Proposals in the log, by index.
  private var proposers: [Index: Proposer] = [:]
  /// Reads without an index yet, by read id. Ids begin at random, so that an answer to a
  /// process before this one is never taken for an answer to this one.
  private var readers: [UInt64: Readers] = [:]
  private var lastReadID = UInt64.random(in: 0...(.max >> 1))
  /// Reads that wait for their index to be applied, in the order of the indices.
  private var applyWaiters: [(index: Index, readers: Readers)] = []
  /// Who waits for this node to lead no longer.
  private var transferWaiters: [CheckedContinuation<Member?, any Error>] = []
  private var transferDeadline: UInt64 = 0
  private var comparison = StateComparison()
  private var notices = CommitNotices()
  /// Whether something happened that followers should learn of at once.
  private var isUrgent = false
  private var knownMembers: [Member]?
  /// The commit index when the states were compared last.
  private var lastCommitIndex: Index = 0
  private var effects = Effects()

  private static let requestTicks =
    UInt64(Limits.requestSeconds * 1000 / RaftEngine.tickMilliseconds)
  /// A read index that is not answered by then is asked for again: the message was lost, or
  /// its leader died.
  private static let readRetryTicks: UInt64 = 10
  /// How long a read waits for an election before it fails.
  private static let leaderlessTicks: UInt64 = 100

  init(node: Node, status: EngineStatus, meters: Meters, logger: Logger) {
    self.node = node
    self.status = status
    self.meters = meters
    events = EventLog(logger: logger)
    updateStatus()
  }

  mutating func start() { events.started(status) }

  mutating func handle(
    _ inputs: [RaftEngine.Input], at clock: ContinuousClock.Instant
  ) -> Effects {
    self.clock = clock
    var newProposals: [Proposal] = []
    var newReaders: [CheckedContinuation<Void, any Error>] = []
    for input in inputs {
      switch input {
      case .tick:
        step(.tick)
        isUrgent = true
        now += 1
        expire()
        if now % Self.comparisonTicks == 0 {
          effects.stateHash = StateHash(
            index: status.mark.appliedIndex, hash: status.mark.hash)
          status.settledCommitIndex = lastCommitIndex
          lastCommitIndex = status.commitIndex
        }
      case .received(let envelope):
        if envelope.from == node.reachableLeader { status.lastHeartbeat = .now }
        step(.received(envelope))
      case .peerUnreachable(let peer): step(.peerUnreachable(peer))
      case .persisted(let number): step(.persisted(number: number))
      case .applied(let applied, let mark): finish(applied, mark)
      case .propose(let bytes, let continuation):
        lastProposalID += 1
        proposals[lastProposalID] = .operation(continuation)
        newProposals.append(Proposal(id: lastProposalID, operation: bytes))
      case .read(let continuation): newReaders.append(continuation)
      case .stateDurable(let index): step(.stateDurable(index))
      case .snapshotSent(let peer, let index): step(.snapshotSent(to: peer, index: index))
      case .storageFull(let isFull): storageFull(isFull)
      case .change(let change, let continuation):
        lastProposalID += 1
        proposals[lastProposalID] = .membership(continuation)
        step(.changeMembership(id: lastProposalID, change))
      case .transfer(let target, let continuation): transfer(to: target, continuation)
      case .stateHash(let hash, let peer):
        comparison.heard(hash, from: peer)
        judgeState()
      case .alarm(let alarm): raise(alarm)
      case .birth(let birth): status.birth = birth
      }
    }
    // What arrived together is proposed together and confirmed together.
    if !newProposals.isEmpty { step(.propose(newProposals)) }
    if !newReaders.isEmpty {
      lastReadID += 1
      readers[lastReadID] = Readers(
        startedAt: now, askedAt: now, continuations: newReaders)
      step(.read(id: lastReadID))
    }
    measureCommits()
    updateStatus()
    effects.messages = notices.pass(effects.messages, isUrgent: isUrgent)
    isUrgent = false
    defer { effects = Effects() }
    return effects
  }

  private mutating func step(_ event: Event) {
    let effects = node.step(event)
    if let batch = effects.persist { self.effects.batches.append(batch) }
    self.effects.messages.append(contentsOf: effects.messages)
    self.effects.committed.append(contentsOf: effects.committed)
    self.effects.snapshots.append(contentsOf: effects.snapshots)
    if effects.wantsDurableState { self.effects.wantsDurableState = true }
    for accepted in effects.accepted {
      proposers[accepted.index] = Proposer(
        term: accepted.term, begun: clock, deadline: now + Self.requestTicks,
        waiter: proposals.removeValue(forKey: accepted.id)!)
    }
    for refused in effects.refused { refuse(refused) }
    for read in effects.reads { serve(read) }
    if effects.roleChanged { roleChanged() }
    isUrgent =
      isUrgent || effects.roleChanged || effects.committed.contains { !$0.isOperation }
  }

  // MARK: Proposals

  private mutating func refuse(_ refused: Refused) {
    let error =
      switch refused.reason {
      case .busy: RaftEngine.overloaded
      case .notLeader: currentStatus.notLeader
      case .transferring: Self.transferring
      case .storageFull: Self.diskFull
      case .membership(let reason): Self.error(reason)
      }
    proposals.removeValue(forKey: refused.id)!.fail(error)
  }

  private static let transferring = PDBError(
    .noLeader, "leadership is being handed to another node", hint: "try again in a moment")

  private static let diskFull = PDBError(
    .diskFull, "the disk of the leader is full", hint: "make space; nothing else is needed")

  private static func error(_ refusal: MembershipRefusal) -> PDBError {
    switch refusal {
    case .underWay:
      PDBError(
        .conflict, "another change of members is under way",
        hint: "one at a time: try again when it is done")
    case .exists: PDBError(.conflict, "there is such a member already, or was once")
    case .unknown:
      PDBError(.memberNotFound, "there is no such member", hint: "'pdb cluster members' lists them")
    case .lastVoter: PDBError(.conflict, "it is the only member that votes")
    case .losesQuorum:
      PDBError(
        .losesQuorum, "too few of the remaining members answer to make a majority",
        hint: "start them first, or use --force if they will come back")
    }
  }

  /// Entries were applied: their proposers get their answers.
  private mutating func finish(_ applied: [Applied], _ mark: StateMark) {
    for entry in applied {
      guard let proposer = proposers.removeValue(forKey: entry.index) else { continue }
      switch (proposer.waiter, entry.answer) {
      case (.operation(let continuation), let answer?) where proposer.term == entry.term:
        continuation.resume(returning: Outcome(answer: answer, revision: entry.answeredRevision))
      case (.membership(let continuation), nil) where proposer.term == entry.term:
        continuation.resume()
      case (let waiter, _):
        // Another leader's entry took the place, so this one never will.
        waiter.fail(
          PDBError(
            .noLeader, "the leader changed before the change was safe",
            hint: "send it again"))
      }
    }
    status.mark = mark
    if applied.isEmpty || applied.contains(where: \.isUndo) { status.comebacks += 1 }
    comparison.applied(applied)
    judgeState()
    step(.applied(mark.appliedIndex))
    while let waiter = applyWaiters.first, waiter.index <= mark.appliedIndex {
      for continuation in applyWaiters.removeFirst().readers.continuations {
        continuation.resume()
      }
    }
  }

  /// The node no longer leads: whether what it proposed will be committed is not known here,
  /// unless it is already.
  private mutating func abandonProposals(after commitIndex: Index) {
    for (index, proposer) in proposers where index > commitIndex {
      proposer.waiter.fail(unknown)
      proposers[index] = nil
    }
  }

  private var unknown: PDBError {
    let reason =
      if status.alarms.contains(.diskFull) {
        "the disk is full, and the change may be written when there is space"
      } else if status.members.count == 1 {
        "the change was not written in time"
      } else {
        "the change was sent to the other nodes, but not confirmed in time"
      }
    return PDBError(
      .unknownOutcome, reason, outcome: .unknown,
      hint: "send it again with the same Idempotency-Key: it will be applied once")
  }

  private func measureCommits() {
    guard !proposers.isEmpty, !effects.committed.isEmpty else { return }
    meters.note { measurements in
      for entry in effects.committed {
        guard let proposer = proposers[entry.index], proposer.term == entry.term else { continue }
        measurements.commit.record(proposer.begun.duration(to: clock) / .seconds(1))
      }
    }
  }

  // MARK: Reads

  private mutating func serve(_ read: SafeRead) {
    guard let readers = readers.removeValue(forKey: read.id) else { return }
    if read.index <= status.mark.appliedIndex {
      for continuation in readers.continuations { continuation.resume() }
    } else {
      let position = applyWaiters.firstIndex { $0.index > read.index } ?? applyWaiters.endIndex
      applyWaiters.insert((read.index, readers), at: position)
    }
  }

  // MARK: Leadership

  private mutating func transfer(
    to target: NodeID?, _ continuation: CheckedContinuation<Member?, any Error>
  ) {
    guard node.role == .leader else {
      return continuation.resume(throwing: currentStatus.notLeader)
    }
    step(.transferLeadership(to: target))
    // Handing over may be done at once.
    guard node.role == .leader else {
      return continuation.resume(returning: currentStatus.leader)
    }
    guard node.status.transferTarget != nil else {
      return continuation.resume(
        throwing: PDBError(
          .conflict, "no such voter answers, so leadership cannot be handed over",
          hint: "'pdb cluster status' shows who is up"))
    }
    transferWaiters.append(continuation)
    transferDeadline = now + Self.leaderlessTicks
  }

  /// Answers those who wait for a transfer once it is decided.
  private mutating func settleTransfers() {
    guard !transferWaiters.isEmpty else { return }
    let status = node.status
    // The successor should be known, so that clients can be sent there.
    if status.role != .leader, status.leader != nil || now >= transferDeadline {
      for continuation in transferWaiters { continuation.resume(returning: self.status.leader) }
    } else if status.role == .leader, status.transferTarget == nil {
      let failure = PDBError(
        .busy, "the other node did not take over in time", hint: "try again")
      for continuation in transferWaiters { continuation.resume(throwing: failure) }
    } else {
      return
    }
    transferWaiters = []
  }

  // MARK: Alarms

  private mutating func storageFull(_ isFull: Bool) {
    step(.storageFull(isFull))
    if isFull { raise(.diskFull) } else { clear(.diskFull) }
  }

  /// A state that differs from others' is told; see ``isOdd`` for what follows.
  private mutating func judgeState() {
    comparison.keep(status.members)
    if comparison.differing.isEmpty { clear(.stateDiffers) } else { raise(.stateDiffers) }
  }

  /// Whether a majority of the members has another state than this node: then it is this
  /// node's that is wrong, and it must not go on.
  var isOdd: Bool {
    comparison.differing.count >= 2 && comparison.differing.count >= status.membership.quorum
  }

  private mutating func raise(_ alarm: Alarm) {
    guard !status.alarms.contains(alarm) else { return }
    status.alarms.append(alarm)
    events.raised(alarm)
  }

  private mutating func clear(_ alarm: Alarm) {
    guard status.alarms.contains(alarm) else { return }
    status.alarms.removeAll { $0 == alarm }
    events.cleared(alarm)
  }

  // MARK: Time

  /// How often nodes compare their states.
  private static let comparisonTicks: UInt64 = 100

  private mutating func expire() {
    for (id, readers) in readers where now >= readers.askedAt + Self.readRetryTicks {
      let patience = node.reachableLeader == nil ? Self.leaderlessTicks : Self.requestTicks
      if now >= readers.startedAt + patience {
        self.readers[id] = nil
        for continuation in readers.continuations {
          continuation.resume(throwing: Self.unreadable)
        }
      } else {
        self.readers[id]!.askedAt = now
        step(.read(id: id))
      }
    }
    guard now % 10 == 0 else { return }
    for waiter in applyWaiters where now >= waiter.readers.startedAt + Self.requestTicks {
      for continuation in waiter.readers.continuations {
        continuation.resume(throwing: Self.lagging)
      }
    }
    applyWaiters.removeAll { now >= $0.readers.startedAt + Self.requestTicks }
    for (index, proposer) in proposers where now >= proposer.deadline {
      proposers[index] = nil
      proposer.waiter.fail(unknown)
    }
  }

  private static let unreadable = PDBError(
    .noLeader, "no leader: the latest state cannot be read now",
    hint: "'--stale' (HTTP: '?consistency=stale') reads this node's own state")

  private static let lagging = PDBError(
    .busy, "this node lags too far behind to serve the latest state",
    hint: "ask another node, or try again in a moment")

  /// The node stops: nobody may wait for ever.
  mutating func stop() {
    abandonProposals(after: 0)
    let stopping = RaftEngine.stopping
    for waiter in proposals.values { waiter.fail(stopping) }
    for continuation in transferWaiters { continuation.resume(throwing: stopping) }
    transferWaiters = []
    let waiting =
      readers.values.flatMap(\.continuations) + applyWaiters.flatMap(\.readers.continuations)
    for continuation in waiting { continuation.resume(throwing: stopping) }
    proposals = [:]
    readers = [:]
    applyWaiters = []
  }

  // MARK: Status

  private mutating func roleChanged() {
    let before = status
    updateStatus()
    if before.isLeader && !status.isLeader { abandonProposals(after: status.commitIndex) }
    meters.note { measurements in
      // Who is alone wins at once, without having been a candidate for anybody to see.
      let stands = status.role == .candidate || (status.isLeader && before.role != .candidate)
      if stands && before.role != status.role { measurements.elections += 1 }
      if let leader = status.leader, leader.id != before.leader?.id {
        measurements.leaderChanges += 1
      }
    }
    events.roleChanged(from: before, to: status)
  }

  private mutating func updateStatus() {
    status = currentStatus
    if status.members != knownMembers {
      events.membersChanged(from: knownMembers, to: status.members)
      knownMembers = status.members
      effects.members = status.members
    }
    settleTransfers()
  }

  private var currentStatus: EngineStatus {
    var status = status
    let node = node.status
    status.role = node.role
    status.term = node.term
    status.leader = node.leader.flatMap { node.membership[$0] }
    status.membership = node.membership
    status.commitIndex = node.commitIndex
    status.lastIndex = node.lastIndex
    status.firstIndex = node.firstIndex
    status.logEntries = node.logEntries
    status.logBytes = node.logBytes
    status.matchIndex = node.matchIndex
    status.silence = node.ticksSinceHeard.mapValues { $0 * RaftEngine.tickMilliseconds }
    status.waitingProposals = proposers.count
    if node.role == .leader { status.lastHeartbeat = .now }
    return status
  }
}
