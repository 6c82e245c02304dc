// One node and its disk, kept as a driver keeps them; complains when a message leaves too early.

import Testing

@testable import Raft

extension Configuration {
  /// Small numbers, so that tests are short to read and to run.
  static let test = Configuration(electionTicks: 10, electionSpreadTicks: 12, heartbeatTicks: 3)
}

extension Membership {
  /// Voters `1...voters`, then learners; the rank is the id.
  static func test(voters: Int, learners: Int = 0) -> Membership {
    Membership(
      (1...(voters + learners)).map {
        Member(
          id: NodeID($0), address: "node\($0)", rank: UInt32($0),
          role: $0 <= voters ? .voter : .learner)
      })
  }
}

/// A log whose entries have these terms. Equal index and term give equal entries, as in life.
func makeLog(_ terms: [Term]) -> [Entry] {
  zip(1..., terms).map { makeEntry($0, $1) }
}

func makeEntry(_ index: Index, _ term: Term) -> Entry {
  Entry(index: index, term: term, payload: .operation(Array("\(index).\(term)".utf8)))
}

/// What storage holds, and what it was asked to hold but does not yet.
struct TestDisk {
  fileprivate(set) var hardState: HardState
  fileprivate(set) var entries: [Entry]
  fileprivate(set) var confirmed: [NodeID: Reach] = [:]
  /// Batches that a crash would lose, oldest first.
  fileprivate(set) var queue: [Persist] = []
  /// While held, batches become durable only by ``TestNode/flush(_:)``.
  var isHeld = false

  fileprivate mutating func write(_ batch: Persist) {
    if let hardState = batch.hardState { self.hardState = hardState }
    entries.overwrite(with: batch.entries)
    confirmed.merge(batch.confirmed) { $1 }
  }
}

extension [Entry] {
  /// What ``Persist/entries`` asks for: remove what is at and after the first, then append.
  fileprivate mutating func overwrite(with new: [Entry]) {
    guard let first = new.first else { return }
    precondition(first.index <= count + 1, "a batch leaves a gap in storage")
    removeSubrange(Int(first.index - 1)...)
    append(contentsOf: new)
  }
}

struct TestNode {
  private(set) var node: Node
  var disk: TestDisk
  /// Everything the node was ever told to store in this life: its log, as the public
  /// interface shows it.
  private(set) var log: [Entry]

  /// Messages that have left the node, oldest first.
  private(set) var outbox: [Envelope] = []
  /// Entries handed out to the state machine, from index 1.
  private(set) var committed: [Entry] = []
  private(set) var accepted: [Accepted] = []
  private(set) var refused: [Refused] = []
  private(set) var reads: [SafeRead] = []
  private(set) var failedReads: [UInt64] = []
  private(set) var brokenPromise: BrokenPromise?
  /// How many batches the node had written in all its lives.
  private(set) var batchCount = 0

  private let membership: Membership
  private let configuration: Configuration
  private var seed: UInt64
  private var lastBatch: UInt64 = 0
  private var lastWritten: UInt64 = 0
  private var lastReported: UInt64 = 0

  init(
    id: NodeID, membership: Membership = .test(voters: 3), configuration: Configuration = .test,
    hardState: HardState = HardState(), entries: [Entry] = [], needsVouchers: Bool = false,
    seed: UInt64 = 1
  ) {
    self.membership = membership
    self.configuration = configuration
    self.seed = seed &* 1000 &+ id
    disk = TestDisk(hardState: hardState, entries: entries)
    log = entries
    node = Node(
      id: id, snapshot: .beginning(membership), configuration: configuration, hardState: hardState,
      entries: entries, needsVouchers: needsVouchers, seed: self.seed)
  }

  var id: NodeID { node.id }
  var role: Node.Role { node.role }
  // As in `node.status`, which costs more than a check after every step may.
  var term: Term { node.hardState.term }
  var commitIndex: Index { node.commitIndex }

  mutating func step(_ event: Event) {
    let effects = node.step(event)
    if let broken = node.brokenInvariant { Issue.record("node \(id): \(broken)") }
    for envelope in effects.messages { leave(envelope) }
    if let batch = effects.persist {
      if batch.number != lastBatch + 1 { Issue.record("batch numbers skip: \(batch.number)") }
      lastBatch = batch.number
      batchCount += 1
      log.overwrite(with: batch.entries)
      disk.queue.append(batch)
    }
    for entry in effects.committed {
      if entry.index != Index(committed.count + 1) {
        Issue.record("node \(id) hands out \(entry.index) after \(committed.count)")
      }
      if entry.index > Index(disk.entries.count) || disk.entries[Int(entry.index) - 1] != entry {
        Issue.record("node \(id) hands out \(entry.index), which is not durable here (rule 21)")
      }
      committed.append(entry)
    }
    accepted += effects.accepted
    refused += effects.refused
    reads += effects.reads
    failedReads += effects.failedReads
    brokenPromise = brokenPromise ?? effects.brokenPromise
    if let last = effects.committed.last { step(.applied(last.index)) }
    if !disk.isHeld { flush() }
  }

  mutating func tick(times: Int = 1) {
    for _ in 0..<times { step(.tick) }
  }

  mutating func receive(_ message: Message, from sender: NodeID) {
    step(.received(Envelope(from: sender, to: id, message: message)))
  }

  mutating func propose(_ operations: String...) {
    step(.propose(operations.map { Proposal(id: 0, operation: Array($0.utf8)) }))
  }

  /// What the checks of a cluster look at after every step; cheaper than the whole node.
  struct Glimpse {
    var role = Node.Role.follower
    var logCount = 0
    var lastTerm: Term = 0
    var commitIndex: Index = 0
    var committedCount = 0
    var readCount = 0
  }

  var glimpse: Glimpse {
    Glimpse(
      role: node.role, logCount: log.count, lastTerm: log.last?.term ?? 0,
      commitIndex: node.commitIndex, committedCount: committed.count, readCount: reads.count)
  }

  /// Makes a change and tells what came of it.
  mutating func change(_ body: (inout TestNode) -> Void) -> (sent: [Envelope], after: Glimpse) {
    body(&self)
    return (take(), glimpse)
  }

  /// The messages that left since the last call.
  mutating func take() -> [Envelope] {
    defer { outbox = [] }
    return outbox
  }

  /// Makes the oldest batches durable, lets their messages go and tells the node.
  mutating func flush(_ count: Int = .max) {
    write(count)
    report()
  }

  /// Makes batches durable and lets their messages go, but does not tell the node yet.
  mutating func write(_ count: Int = .max) {
    for _ in 0..<min(count, disk.queue.count) {
      let batch = disk.queue.removeFirst()
      disk.write(batch)
      lastWritten = batch.number
      for envelope in batch.messages { leave(envelope) }
    }
  }

  /// Tells the node what became durable.
  mutating func report() {
    guard lastReported < lastWritten else { return }
    lastReported = lastWritten
    step(.persisted(number: lastWritten))
  }

  /// Crashes and comes back with what is durable; the state machine may lag behind the log.
  mutating func restart(appliedIndex: Index? = nil) {
    let applied = min(appliedIndex ?? .max, Index(committed.count))
    committed.removeSubrange(Int(applied)...)
    disk.queue = []
    outbox = []
    log = disk.entries
    (lastBatch, lastWritten, lastReported) = (0, 0, 0)
    seed &+= 1
    node = Node(
      id: id, snapshot: .beginning(membership), configuration: configuration,
      hardState: disk.hardState,
      entries: disk.entries, appliedIndex: applied, confirmed: disk.confirmed, seed: seed)
  }

  /// Rule 1 and "nothing sent that is not durable": what a message claims must be on disk.
  private mutating func leave(_ envelope: Envelope) {
    let message = envelope.message
    let isDurable: Bool
    switch message {
    case .requestPreVote, .requestPreVoteReply:
      isDurable = true
    case .requestVote(let request):
      isDurable = holds(term: request.term, vote: id)
    case .requestVoteReply(let reply) where reply.voteGranted:
      isDurable = holds(term: reply.term, vote: envelope.to)
    case .appendEntriesReply(let reply):
      if case .matched(let index) = reply.outcome, disk.hardState.term == reply.term {
        isDurable = index <= Index(disk.entries.count)
      } else {
        isDurable = disk.hardState.term >= reply.term
      }
    default:
      isDurable = disk.hardState.term >= message.term
    }
    if !isDurable { Issue.record("left before it was durable: \(envelope)") }
    outbox.append(envelope)
  }

  private func holds(term: Term, vote: NodeID) -> Bool {
    disk.hardState.term > term
      || disk.hardState.term == term && disk.hardState.vote == vote
  }
}

// MARK: Messages, shortly

/// AppendEntries that follows the entry at `previous` and carries entries of these terms.
func append(
  term: Term, after previous: (index: Index, term: Term), terms: [Term] = [],
  commit: Index = 0, round: UInt64 = 0
) -> Message {
  let entries = zip((previous.index + 1)..., terms).map { makeEntry($0, $1) }
  return .appendEntries(
    AppendEntries(
      term: term, prevLogIndex: previous.index, prevLogTerm: previous.term, entries: entries,
      leaderCommit: commit, round: round))
}

func matched(_ index: Index, term: Term, round: UInt64 = 0) -> Message {
  .appendEntriesReply(AppendEntriesReply(term: term, outcome: .matched(index), round: round))
}

func voteRequest(term: Term, last: (index: Index, term: Term) = (0, 0)) -> Message {
  .requestVote(RequestVote(term: term, lastLogIndex: last.index, lastLogTerm: last.term))
}

func preVoteRequest(term: Term, last: (index: Index, term: Term) = (0, 0)) -> Message {
  .requestPreVote(RequestVote(term: term, lastLogIndex: last.index, lastLogTerm: last.term))
}

func vote(_ isGranted: Bool = true, term: Term) -> Message {
  .requestVoteReply(RequestVoteReply(term: term, voteGranted: isGranted))
}

func preVote(_ isGranted: Bool = true, term: Term) -> Message {
  .requestPreVoteReply(RequestVoteReply(term: term, voteGranted: isGranted))
}

extension Message {
  var appendEntries: AppendEntries? {
    if case .appendEntries(let message) = self { message } else { nil }
  }

  var appendEntriesReply: AppendEntriesReply? {
    if case .appendEntriesReply(let message) = self { message } else { nil }
  }

  var isConfirmations: Bool {
    if case .confirmations = self { true } else { false }
  }

  var isRequestPreVote: Bool {
    if case .requestPreVote = self { true } else { false }
  }

  var isRequestVote: Bool {
    if case .requestVote = self { true } else { false }
  }

  /// How far a reply says that the follower matches, if it says so.
  var matchedIndex: Index? {
    if case .matched(let index)? = appendEntriesReply?.outcome { index } else { nil }
  }
}
