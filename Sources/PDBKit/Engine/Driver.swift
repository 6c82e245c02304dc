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
  }

  private struct Proposer {
    let term: Term
    let deadline: UInt64
    let continuation: CheckedContinuation<Outcome, any Error>
  }

  private struct Readers {
    let startedAt: UInt64
    var askedAt: UInt64
    let continuations: [CheckedContinuation<Void, any Error>]
  }

  private var node: Node
  private(set) var status: EngineStatus
  private let events: EventLog
  private var now: UInt64 = 0
  /// Proposals before they have an index, by proposal id.
  private var proposals: [UInt64: CheckedContinuation<Outcome, any Error>] = [:]
  private var lastProposalID: UInt64 = 0
  /// Proposals in the log, by index.
  private var proposers: [Index: Proposer] = [:]
  /// Reads without an index yet, by read id. Ids begin at random, so that an answer to a
  /// process before this one is never taken for an answer to this one.
  private var readers: [UInt64: Readers] = [:]
  private var lastReadID = UInt64.random(in: 0...(.max >> 1))
  /// Reads that wait for their index to be applied, in the order of the indices.
  private var applyWaiters: [(index: Index, readers: Readers)] = []
  private var effects = Effects()

  private static let requestTicks =
    UInt64(Limits.requestSeconds * 1000 / RaftEngine.tickMilliseconds)
  /// A read index that is not answered by then is asked for again: the message was lost, or
  /// its leader died.
  private static let readRetryTicks: UInt64 = 10
  /// How long a read waits for an election before it fails.
  private static let leaderlessTicks: UInt64 = 100

  init(node: Node, status: EngineStatus, logger: Logger) {
    self.node = node
    self.status = status
    events = EventLog(logger: logger)
    updateStatus()
  }

  mutating func start() { events.started(status) }

  mutating func handle(_ inputs: [RaftEngine.Input]) -> Effects {
    var newProposals: [Proposal] = []
    var newReaders: [CheckedContinuation<Void, any Error>] = []
    for input in inputs {
      switch input {
      case .tick:
        step(.tick)
        now += 1
        expire()
      case .received(let envelope):
        if envelope.from == node.reachableLeader { status.lastHeartbeat = .now }
        step(.received(envelope))
      case .peerUnreachable(let peer): step(.peerUnreachable(peer))
      case .persisted(let number): step(.persisted(number: number))
      case .applied(let applied, let mark): finish(applied, mark)
      case .propose(let bytes, let continuation):
        lastProposalID += 1
        proposals[lastProposalID] = continuation
        newProposals.append(Proposal(id: lastProposalID, operation: bytes))
      case .read(let continuation): newReaders.append(continuation)
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
    updateStatus()
    defer { effects = Effects() }
    return effects
  }

  private mutating func step(_ event: Event) {
    let effects = node.step(event)
    if let batch = effects.persist { self.effects.batches.append(batch) }
    self.effects.messages.append(contentsOf: effects.messages)
    self.effects.committed.append(contentsOf: effects.committed)
    for accepted in effects.accepted {
      proposers[accepted.index] = Proposer(
        term: accepted.term, deadline: now + Self.requestTicks,
        continuation: proposals.removeValue(forKey: accepted.id)!)
    }
    for refused in effects.refused { refuse(refused) }
    for read in effects.reads { serve(read) }
    if effects.roleChanged { roleChanged() }
  }

  // MARK: Proposals

  private mutating func refuse(_ refused: Refused) {
    let error =
      switch refused.reason {
      case .busy: RaftEngine.overloaded
      case .notLeader: currentStatus.notLeader
      }
    proposals.removeValue(forKey: refused.id)!.resume(throwing: error)
  }

  /// Entries were applied: their proposers get their answers.
  private mutating func finish(_ applied: [Applied], _ mark: StateMark) {
    for entry in applied {
      guard let proposer = proposers.removeValue(forKey: entry.index) else { continue }
      if proposer.term == entry.term, let answer = entry.answer {
        proposer.continuation.resume(
          returning: Outcome(answer: answer, revision: entry.revision))
      } else {
        // Another leader's entry took the place, so this one never will.
        proposer.continuation.resume(
          throwing: PDBError(
            .noLeader, "the leader changed before the change was safe",
            hint: "send it again"))
      }
    }
    status.mark = mark
    step(.applied(mark.appliedIndex))
    while let waiter = applyWaiters.first, waiter.index <= mark.appliedIndex {
      for continuation in applyWaiters.removeFirst().readers.continuations {
        continuation.resume()
      }
    }
  }

  /// The node no longer leads: whether what it proposed will be committed is not known here.
  private mutating func abandonProposals() {
    for proposer in proposers.values { proposer.continuation.resume(throwing: Self.unknown) }
    proposers = [:]
  }

  private static let unknown = PDBError(
    .unknownOutcome, "the change was sent to the other nodes, but not confirmed in time",
    outcome: .unknown,
    hint: "send it again with the same Idempotency-Key: it will be applied once")

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

  // MARK: Time

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
      proposer.continuation.resume(throwing: Self.unknown)
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
    abandonProposals()
    let stopping = RaftEngine.stopping
    for continuation in proposals.values { continuation.resume(throwing: stopping) }
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
    if before.isLeader && !status.isLeader { abandonProposals() }
    events.roleChanged(from: before, to: status)
  }

  private mutating func updateStatus() { status = currentStatus }

  private var currentStatus: EngineStatus {
    var status = status
    let node = node.status
    status.role = node.role
    status.term = node.term
    status.leader = node.leader.flatMap { node.membership[$0] }
    status.members = node.membership.members
    status.commitIndex = node.commitIndex
    status.lastIndex = node.lastIndex
    status.matchIndex = node.matchIndex
    status.waitingProposals = proposers.count
    if node.role == .leader { status.lastHeartbeat = .now }
    return status
  }
}
