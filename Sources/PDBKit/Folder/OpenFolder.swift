// The files of a folder while they are open: a log, a state, and a coordinator that leads a cluster of one.

import PDBCoordinator
import PDBLocal
import PDBModel
import PDBStorage
import PDBStore
import Raft

/// A folder's files as they were found, and what was made of them since.
struct OpenFolder {
  private let log: LogStore
  private let state: StateStore
  private var coordinator: Coordinator
  let identity: Identity

  /// Opens the files and brings the state up to date.
  ///
  /// - Throws: `no_leader` if others must agree (``PDBError/servingNodes``).
  init(_ directory: DataDirectory) throws {
    log = try directory.openLog(segmentBytes: Self.segmentBytes)
    guard let contents = try log.load(trustsEnd: true) else {
      throw PDBError(.noInput, "there are no data in '\(directory.path)'")
    }
    identity = contents.identity
    guard contents.isAlone else { throw PDBError.member(contents, in: directory.path) }
    state = try Self.state(in: directory, of: log, contents)
    let applied = state.mark().appliedIndex
    // Nobody else has to agree: what is in the log is committed.
    var queue = ApplyQueue()
    queue.add(contents.entries.filter { $0.index > applied })
    _ = try state.apply(queue.take())
    try state.commitIfPossible()
    let node = Node(
      id: identity.node, snapshot: contents.mark,
      configuration: Raft.Configuration(
        maxLogEntries: Self.logEntries, maxLogBytes: Self.segmentBytes),
      hardState: contents.hardState, entries: contents.entries,
      appliedIndex: contents.lastIndex, confirmed: contents.confirmed,
      seed: .random(in: 0 ... .max))
    coordinator = Coordinator(
      node: node, identity: identity, mark: state.mark(),
      firstReadID: .random(in: 0...(.max >> 1)))
  }

  /// The state that belongs to a log, unread.
  static func state(
    in directory: DataDirectory, of log: LogStore, _ contents: LogContents
  ) throws -> StateStore {
    let state = try StateStore(
      directory.statePath, log: log, beginningAfter: contents.mark, keepsJournal: true)
    let applied = state.mark().appliedIndex
    guard applied <= contents.lastIndex else { throw log.isShort(contents.lastIndex, of: applied) }
    return state
  }

  /// All of the log is read whenever the files are opened: it is short.
  private static let logEntries = 500
  static let segmentBytes = 1 << 20
  /// And so is the journal of the state.
  private static let journalPages = 250

  /// Whether nobody has written to the files since.
  var isCurrent: Bool { get throws { try log.isCurrent } }

  // MARK: Leases

  /// The lease time: without a process the wall clock moves it on, from where it was recorded last.
  static func leaseTime(_ mark: StateMark) -> UInt64 {
    let lease = mark.lease
    // Zero is what has never been recorded.
    guard lease.time > 0 else { return 1 }
    let passed = Timestamp.now.milliseconds - lease.stamp.milliseconds
    return lease.time + UInt64(max(0, passed))
  }

  /// Ends the leases that are due.
  mutating func expireLeases() throws {
    while true {
      let mark = state.mark()
      let now = Self.leaseTime(mark)
      guard mark.lease.next != 0, now >= mark.lease.next else { return }
      _ = try run(.expire(at: now))
    }
  }

  // MARK: Reading

  func read<T>(_ body: (any StateView, StateMark) throws -> T) throws -> T {
    // What only looks must not hold on to what it saw.
    defer { try? state.commitPending() }
    return try state.readOnWriter(body)!
  }

  func snapshot() throws -> StateSnapshot { try state.snapshot() }

  // MARK: Changing

  /// The first changes of a database: those that a leader makes before it is used.
  mutating func begin() throws {
    _ = try run(.setBirth(.random(in: 1 ... .max)))
    try beNewest()
  }

  /// Makes an operation durable.
  mutating func propose(_ operation: StampedOperation) throws -> Receipt {
    try beNewest()
    return try run(operation)
  }

  /// A folder that came from an older version uses what is new from now on.
  private mutating func beNewest() throws {
    guard state.mark().version < .newest else { return }
    _ = try run(.raiseVersion(.newest))
  }

  private mutating func run(_ operation: PDBModel.Operation) throws -> Receipt {
    let stamp = Stamp(time: .now, author: "", request: nil)
    return try run(StampedOperation(stamp: stamp, operation: operation))
  }

  private mutating func run(_ operation: StampedOperation) throws -> Receipt {
    var turn = Turn()
    let ticket = Ticket(0)
    while !coordinator.status.isLeader { turn.take([.tick], &coordinator) }
    turn.take(
      [.request(.propose(operation.encoded(for: state.mark().version)), ticket)], &coordinator)
    try carryOut(&turn)
    guard let reply = turn.replies.first(where: { $0.ticket == ticket })?.reply else {
      preconditionFailure("a change in a folder was not answered")
    }
    switch reply {
    case .applied(let entry): return try entry.receipt
    case .failed(let error): throw error
    case .readable, .changed, .transferred: preconditionFailure("\(reply) answers no change")
    }
  }

  /// What the coordinator wants to be done, gathered. No peer and no caller hears of anything before
  /// all of it is done, so what it wrote counts as durable meanwhile, and is written together.
  private struct Turn {
    var persist: [Persist] = []
    var apply: [Entry] = []
    var replies: [(ticket: Ticket, reply: Coordinator.Reply)] = []
    var makesStateDurable = false

    mutating func take(_ inputs: [Coordinator.Input], _ coordinator: inout Coordinator) {
      var inputs = inputs
      while !inputs.isEmpty {
        let actions = coordinator.handle(inputs, at: .now)
        persist += actions.persist
        apply += actions.apply
        replies += actions.replies
        makesStateDurable = makesStateDurable || actions.makeStateDurable
        inputs = actions.persist.last.map { [.persisted(number: $0.number)] } ?? []
      }
    }
  }

  private mutating func carryOut(_ turn: inout Turn) throws {
    while !turn.persist.isEmpty || !turn.apply.isEmpty || turn.makesStateDurable {
      if !turn.persist.isEmpty { try log.append(turn.persist) }
      turn.persist = []
      do { try carryIntoState(&turn) } catch { throw StateIsBehind(reason: error) }
    }
    do { try state.checkpoint(beyond: Self.journalPages) } catch {
      throw StateIsBehind(reason: error)
    }
  }

  private mutating func carryIntoState(_ turn: inout Turn) throws {
    if !turn.apply.isEmpty {
      let (applied, mark) = try state.apply(turn.apply)
      try state.commitIfPossible()
      turn.apply = []
      turn.take([.applied(applied, mark)], &coordinator)
    }
    if turn.makesStateDurable {
      turn.makesStateDurable = false
      let index = try state.makeDurable()
      try state.tidyValues()
      turn.take([.stateDurable(index)], &coordinator)
    }
  }
}
