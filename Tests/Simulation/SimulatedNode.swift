// One node of the simulation: the coordinator that also runs in production, its disk, its state,
// and the requests that wait at it.

import PDBCoordinator
import PDBModel
import Raft

/// A node and everything that belongs to it. What survives which kind of crash is said here.
final class SimulatedNode {
  let id: NodeID
  let configuration: Configuration
  private let seed: UInt64
  private(set) var rules: PlantedRules
  /// What its peers understand, as far as it has met them in this life.
  var peerVersions = PeerVersions()

  // MARK: Survives a crash

  /// The log on the disk.
  var durable: StoredLog
  /// The state. All of it survives the end of the process; a power cut takes it back to one
  /// of the ``checkpoints``.
  var machine: Machine
  /// States that a power cut would leave, oldest first; the first was reported to the node.
  var checkpoints: [Machine]
  /// States received whole, durable beside the node's own, waiting for the log to make room.
  var staged: [Machine] = []
  /// The same once more on real files, where a seed wants them.
  var real: RealStorage?
  /// The difference between the node's wall clock and the true time, in milliseconds.
  var clockSkew: Int64

  /// An older copy of the files.
  var copy: DiskCopy?
  /// What the files were before an older copy was put back; `nil` while they are the right ones.
  var newest: DiskCopy?

  // MARK: Lost in a crash

  private(set) var coordinator: Coordinator
  private(set) var isAlive = true
  private(set) var life = 1
  /// The log as the node was told to store it, durable or not.
  private(set) var log: StoredLog
  /// What the node said of itself after its last step.
  private(set) var status: Status
  /// Batches that the disk has not begun to write, oldest first.
  var queue: [Persist] = []
  /// Batches being written: a crash keeps the first few of them, or none.
  var writing: [Persist] = []
  /// Committed entries that are not applied yet.
  var committed: [Entry] = []
  /// Those that the state was given, and has not taken.
  var applyQueue: ApplyQueue
  var isApplying = false
  var isDiskFull = false
  var isDiskSlow = false
  /// Requests that came in and were not taken to the coordinator yet.
  var inbox: [Attempt] = []
  /// Requests that the coordinator has not answered yet, by ticket, and the tick at which they came.
  private var waiting: [Int: (attempt: Attempt, since: Int)] = [:]
  private var lastTicket = 0
  /// Ticks in this life.
  private var ticks = 0

  // MARK: Belongs to the world

  /// Until when the process is stopped.
  var pausedUntil: Time = 0
  /// How much longer or shorter than others' this node's tick is.
  let tickLength: Time
  /// A connection to the leader broke in this life, and no leader was heard since.
  var hasLostLeader = false
  var ticksSinceLeaderLost = 0
  /// How often in a row a durable state was asked for and nothing came of it.
  var idleSyncs = 0
  /// How far the state is durable, as the node was told in this life.
  var durableState: Index = 0
  /// Whether a transfer was under way after the last step.
  var hadTransfer = false
  /// The last batches that became durable, and that the node heard of.
  var durableBatch: UInt64 = 0
  var reportedBatch: UInt64 = 0

  init(
    id: NodeID, membership: Membership, configuration: Configuration, seed: UInt64,
    tickLength: Time, clockSkew: Int64, rules: PlantedRules
  ) {
    self.id = id
    self.rules = rules
    applyQueue = ApplyQueue(rules: rules)
    self.configuration = configuration
    self.seed = seed
    self.tickLength = tickLength
    self.clockSkew = clockSkew
    let beginning = SnapshotMark.beginning(membership)
    durable = StoredLog(mark: beginning)
    log = durable
    var mark = StateMark()
    mark.membership = membership
    var storage = MemoryState()
    storage.forgetsRequests = rules.bug == .forgetsRequests
    machine = Machine(storage: storage, mark: mark, rules: rules)
    checkpoints = [machine]
    let node = Node(
      id: id, snapshot: beginning, configuration: configuration, seed: seed, rules: rules)
    coordinator = Self.coordinator(node, mark, rules, seed: seed)
    status = node.status
  }

  private static func coordinator(
    _ node: Node, _ mark: StateMark, _ rules: PlantedRules, seed: UInt64
  ) -> Coordinator {
    var random = SplitMix64(seed: ~seed)
    let address = NodeAddress(host: "node\(node.id)", port: Int(node.id))
    return Coordinator(
      node: node,
      identity: Identity(cluster: "simulation", node: node.id, address: address, incarnation: 1),
      mark: mark,
      patience: Coordinator.Patience(requestTicks: 60, readRetryTicks: 5, leaderlessTicks: 30),
      firstReadID: rules.bug == .recyclesReadIDs ? 0 : random.next() >> 1, rules: rules)
  }

  var address: String { "node\(id)" }
  var isLeader: Bool { isAlive && status.role == .leader }

  /// A request reaches the coordinator.
  func ticket(for attempt: Attempt) -> Ticket {
    lastTicket += 1
    waiting[lastTicket] = (attempt, ticks)
    return Ticket(lastTicket)
  }

  /// The attempt that is answered with a ticket; `nil` if the request was answered before.
  func takeAttempt(of ticket: Ticket) -> Attempt? {
    waiting.removeValue(forKey: ticket.number)?.attempt
  }

  /// Gives the coordinator what came together.
  func handle(_ inputs: [Coordinator.Input], at now: Time) throws -> Coordinator.Actions {
    for case .tick in inputs { ticks += 1 }
    let actions = coordinator.handle(inputs, at: Timestamp(milliseconds: wallClock(now)))
    status = coordinator.consensus
    if let broken = actions.brokenPromise {
      throw Violation(.invariant, "node \(id) is to replace what is committed: \(broken)")
    }
    // A bug that is planted shall be found by what it does.
    if rules.bug == nil, let broken = coordinator.brokenInvariant {
      throw Violation(.invariant, "node \(id): \(broken)")
    }
    if ticks - (waiting.values.map(\.since).min() ?? ticks) > patience {
      throw Violation(.driver, "node \(id) does not answer a request")
    }
    if coordinator.divergesFromMajority {
      throw Violation(.driver, "node \(id) believes that its state is not the majority's")
    }
    return actions
  }

  /// Ticks after which every request must be answered.
  private var patience: Int { 80 + configuration.electionTicks }

  /// All requests here, for when their connections break.
  var attempts: [Attempt] {
    inbox + waiting.sorted { $0.key < $1.key }.map(\.value.attempt)
  }

  /// The node's log is what it told its disk to hold.
  func remember(_ batch: Persist) throws { try log.write(batch) }

  // MARK: Lives

  /// The process ends. `kept` of the batches being written are durable all the same.
  ///
  /// - Returns: how many batches were lost.
  func crash(keeping kept: Int) throws -> Int {
    isAlive = false
    life += 1
    for batch in writing.prefix(kept) { try durable.write(batch) }
    let lost = writing.count - kept + queue.count
    queue = []
    writing = []
    committed = []
    applyQueue = ApplyQueue(rules: rules)
    isApplying = false
    isDiskFull = false
    inbox = []
    waiting = [:]
    ticks = 0
    pausedUntil = 0
    hasLostLeader = false
    hadTransfer = false
    idleSyncs = 0
    durableState = 0
    (durableBatch, reportedBatch) = (0, 0)
    peerVersions = PeerVersions()
    return lost
  }

  /// The power fails: of the state only a checkpoint is left.
  func losePower(keeping checkpoint: Int) {
    guard checkpoint < checkpoints.count else { return }
    machine = checkpoints[checkpoint]
    checkpoints.removeSubrange((checkpoint + 1)...)
  }

  /// The process starts from what the disk holds. A replacement of the state that a crash
  /// interrupted is finished first.
  ///
  /// - Parameter program: what the program understands from now on.
  /// - Returns: whether one was finished.
  func restart(with program: ClusterVersion) throws -> Bool {
    rules.newestVersion = program
    machine = ours(machine)
    let mark = durable.mark
    var isFinished = false
    if machine.mark.appliedIndex < mark.index {
      guard install(mark) else {
        throw Violation(
          .snapshot,
          "the log of node \(id) begins after \(mark.index), its state ends at \(machine.mark.appliedIndex)"
        )
      }
      isFinished = true
    }
    guard machine.mark.appliedIndex <= durable.lastIndex else {
      throw Violation(
        .durability,
        "the state of node \(id) is at \(machine.mark.appliedIndex), its log ends at \(durable.lastIndex)"
      )
    }
    guard durable.lastTerm <= durable.hardState.term else {
      throw Violation(.durability, "the log of node \(id) holds a term that it never saw")
    }
    staged = []
    log = durable
    let life = UInt64(life) &* 0x9E37_79B9
    let node = Node(
      id: id, snapshot: mark, configuration: configuration, hardState: durable.hardState,
      entries: durable.entries, appliedIndex: machine.mark.appliedIndex,
      confirmed: durable.confirmed, needsVouchers: true, seed: seed &+ life, rules: rules)
    coordinator = Self.coordinator(node, machine.mark, rules, seed: seed &+ life)
    status = node.status
    isAlive = true
    return isFinished
  }

  /// The files are those of a copy.
  func putBack(_ copy: DiskCopy) {
    durable = copy.log
    machine = copy.machine
    checkpoints = [copy.machine]
    staged = []
  }

  /// Puts the received state of `mark` in the place of the node's own.
  func install(_ mark: SnapshotMark) -> Bool {
    guard let state = staged.last(where: { $0.mark.appliedIndex == mark.index }) else {
      return false
    }
    machine = ours(state)
    checkpoints = [machine]
    staged.removeAll { $0.mark.appliedIndex <= mark.index }
    applyQueue.drop(through: mark.index)
    return true
  }

  /// The state that a crash has left.
  func adopt(_ state: Machine) {
    machine = ours(state)
    checkpoints = [machine]
  }

  /// The same state under the rules of this node.
  private func ours(_ state: Machine) -> Machine {
    Machine(storage: state.storage, mark: state.mark, rules: rules)
  }

  /// The version that this node, when it leads, raises the cluster's to; `nil` if it must not.
  var raisableVersion: ClusterVersion? {
    let common = peerVersions.common(
      of: status.membership.members, besides: id, understanding: rules.newestVersion, by: rules)
    return common.flatMap { $0 > machine.mark.version ? $0 : nil }
  }

  // MARK: Clocks

  /// The wall clock, in milliseconds; a tick is ten of them. Only stamps use it.
  func wallClock(_ now: Time) -> Int64 { 1_700_000_000_000 + Int64(now / 10) + clockSkew }
}
