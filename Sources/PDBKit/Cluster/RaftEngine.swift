// The engine that replicates: it drives one Raft node.
//
// Tasks, joined by mailboxes, none of which waits for another:
//
//   driver   owns the coordinator and the requests' continuations; carries actions out
//   disk     writes batches to the log, then releases the messages that waited for them
//   applier  applies committed entries to the state; the only one that changes it
//   side     sends whole states to peers, makes the state durable: one child task each
//   clock    ticks
//   commit   now and then commits what is applied
//   values   now and then gives back the space of values that are no longer needed
//   scrub    now and then reads the whole state and compares it with its checksum
//
// The driver never awaits between looking at the coordinator and changing it.

import Foundation
package import Logging
package import NIOCore
import NIOPosix
package import PDBClient
package import PDBCoordinator
package import PDBLocal
package import PDBModel
package import PDBStorage
package import PDBStore
package import Raft
import Synchronization

/// How messages leave for other nodes. Sending never waits; a message that cannot go is lost,
/// and Raft sends it again.
package protocol PeerNetwork: Sendable {
  func send(_ envelopes: [Envelope])
  func send(_ state: StateHash)
  /// Sends a whole state and returns the index it stands for when the peer has it.
  func send(
    _ state: StateSnapshot, as request: SendSnapshot,
    isWanted: @escaping @Sendable () -> Bool
  ) async throws -> Index
  /// These are the members from now on.
  func update(_ members: [Member])
}

/// A node of a replicated cluster.
package final class RaftEngine: StateEngine {
  /// What reaches the driver.
  private enum Posted: Sendable {
    case input(Coordinator.Input)
    case request(Coordinator.Request, Waiters.Continuation)
  }

  /// What the applier does, in order.
  private enum StateJob: Sendable {
    case apply([Entry])
    case install(SnapshotMark, CheckedContinuation<Void, any Error>)
  }

  /// What is done beside everything else.
  private enum SideTask: Sendable {
    case sendState(SendSnapshot)
    case sendStateOver(any Channel, to: NodeID)
    case makeStateDurable
  }

  package let identity: Identity
  private let node: Node
  private let log: LogStore
  private let state: StateStore
  private let network: any PeerNetwork
  private let faults: NodeFaults?
  private let logger: Logger
  /// Whose clock the node goes by.
  private let executor: LoopExecutor
  private let observer: (@Sendable (Coordinator) -> Void)?
  private let inbox = Mailbox<Posted>()
  private let batches = Mailbox<Persist>()
  private let stateJobs = Mailbox<StateJob>()
  private let sideTasks = Mailbox<SideTask>()
  private let meters = Meters()
  private let statusChanges: StatusChangeLog
  /// Tells those who watch how the cluster agrees.
  package let trace = ConsensusTrace()
  private let events = Mutex(Timeline())
  package var timeline: [Timeline.Entry] { events.withLock { $0.entries } }
  private let published: Mutex<EngineStatus>
  private let fullDisks = Mutex<Set<String>>([])
  private let isDraining = Atomic(false)
  /// The newest cluster version that each peer understands, as it said last.
  private let understood = Mutex(PeerVersions())
  /// New revisions, for the listeners.
  let feed: ChangeFeed
  /// An element for every request that the node stop; see ``requestStop()``.
  package let stopRequests: AsyncStream<Void>
  private let foundDamages: AsyncStream<StateDamage>
  private let damages: AsyncStream<StateDamage>.Continuation
  private let stopRequested: AsyncStream<Void>.Continuation

  /// - Parameters:
  ///   - node: restored from what `log` and `state` hold.
  ///   - faults: what a lab breaks.
  ///   - executor: another one only where time is to pass as a test says.
  ///   - observer: is shown the coordinator after all that it does, on the driver; for tests.
  package init(
    identity: Identity, node: Node, log: LogStore, state: StateStore,
    network: any PeerNetwork, faults: NodeFaults? = nil, logger: Logger,
    executor: LoopExecutor = .shared,
    observer: (@Sendable (Coordinator) -> Void)? = nil
  ) {
    self.identity = identity
    self.node = node
    self.log = log
    self.state = state
    self.network = network
    self.faults = faults
    self.logger = logger
    self.executor = executor
    self.observer = observer
    statusChanges = StatusChangeLog(logger: logger)
    (foundDamages, damages) = AsyncStream.makeStream(of: StateDamage.self)
    (stopRequests, stopRequested) = AsyncStream.makeStream(of: Void.self)
    let status = EngineStatus(identity: identity, node: node, mark: state.mark())
    feed = ChangeFeed(last: status.mark.revision)
    published = Mutex(status)
  }

  var status: EngineStatus { published.withLock { $0 } }

  package var headline: Headline {
    published.withLock {
      Headline(
        revision: $0.mark.revision, term: $0.term, birth: $0.birth, version: $0.mark.version)
    }
  }

  /// A leader's own state has every change that was acknowledged.
  package var isCurrent: Bool { isLeader }

  package func leaseTime(_ mark: StateMark) -> UInt64 {
    max(mark.lease.time, published.withLock { $0.leaseTime })
  }

  package func grantTime() async throws -> UInt64 {
    if let time = published.withLock({ $0.grantTime }) { return time }
    guard isLeader else { throw status.notLeader }
    // A new leader applies what those before it have recorded.
    try await catchUp(.linearizable)
    guard let time = published.withLock({ $0.grantTime }) else { throw status.notLeader }
    return time
  }

  package var comebacks: Int { published.withLock { $0.comebacks } }

  /// Cheaper than copying the status.
  var isLeader: Bool { published.withLock { $0.role == .leader } }

  package var measurements: Measurements {
    var measurements = meters.present
    measurements.queues = [
      ("events", inbox.count), ("log", batches.count), ("state", stateJobs.count),
      ("proposals", status.waitingProposals),
    ]
    let stateFiles = [("state", state.path), ("state-wal", state.path + "-wal")]
    measurements.files = [("log", log.byteCount)]
    measurements.files += stateFiles.compactMap { name, path in
      (try? FileManager.default.attributesOfItem(atPath: path))?[.size].flatMap { size in
        (size as? Int).map { (name, $0) }
      }
    }
    return measurements
  }

  /// The state was damaged, and made anew.
  func noteRepair() {
    meters.note { $0.stateRepairs += 1 }
    events.withLock { $0.mended(status, at: .now) }
  }

  // MARK: Requests

  package func propose(_ operation: StampedOperation) async throws -> Receipt {
    // A node that stops has handed leadership over, or there is no voter to hand it to.
    if isDraining.load(ordering: .relaxed) {
      let status = status
      throw status.isLeader ? .stopping : status.notLeader
    }
    let bytes = operation.encoded(for: try await version(for: operation.operation))
    return try await withCheckedThrowingContinuation { continuation in
      ask(.propose(bytes), .receipt(continuation), limit: Limits.proposalsInFlight)
    }
  }

  /// The cluster's version, if it has the operation.
  ///
  /// - Throws: `conflict` if members would not understand an entry with it: they could not go on.
  private func version(for operation: PDBModel.Operation) async throws -> ClusterVersion {
    let known = headline.version
    if operation.version <= known { return known }
    // A new leader may not have applied yet what raised the version.
    var version = try await read(.linearizable, .keys) { $1.data.version }
    // Members that have just started say soon what they understand.
    let end = ContinuousClock.now + Self.meetingPatience
    while operation.version > version {
      guard isLeader else { throw status.notLeader }
      guard ContinuousClock.now < end else { throw PDBError.membersTooOld }
      try await Task.sleep(for: .milliseconds(20))
      version = headline.version
    }
    return version
  }

  /// How long a change waits until all members have said that they understand it.
  private static let meetingPatience = Duration.seconds(2)

  /// Skips the entry that the state stopped before, on all members.
  ///
  /// - Throws: `conflict` if that is another entry, or none, or one that a member has applied.
  func skip(_ index: Index, _ stamp: Stamp) async throws -> Receipt {
    let term = status.poisoned.map { $0.index == index ? $0.term : 0 } ?? 0
    let entry = LogPosition(index: index, term: term)
    let operation = StampedOperation(stamp: stamp, operation: .skipEntry(entry))
    return try await withCheckedThrowingContinuation { continuation in
      ask(.skip(entry, operation.encoded()), .receipt(continuation))
    }
  }

  package func read<T: Sendable>(
    _ consistency: Consistency, _ reach: ReadReach,
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> T
  ) async throws -> T {
    try await catchUp(consistency)
    do {
      if reach == .keys, let result = try state.readOnWriter(body) { return result }
      return try await state.read(body)
    } catch  where SQLite.isDamage(error) {
      throw found(damage: error)
    }
  }

  /// What is read is not what was written: the caller gets an error, and the node ends, if its next
  /// start can mend the state.
  private func found(damage: any Error) -> PDBError {
    let damage = StateDamage(reason: SQLite.damage(damage))
    logger.error("the state is damaged", metadata: ["reason": "\(damage.reason)"])
    if canMend { damages.yield(damage) }
    return damage.error
  }

  private var canMend: Bool {
    let status = status
    return StateOpening.canMend(
      logBegin: status.firstIndex - 1, memberCount: status.members.count)
  }

  private func endWhenDamaged() async throws {
    for await damage in foundDamages { throw damage }
  }

  package func snapshot(_ consistency: Consistency) async throws -> StateSnapshot {
    try await catchUp(consistency)
    return try snapshot()
  }

  private func snapshot() throws -> StateSnapshot {
    do {
      return try state.snapshot { self.found(damage: $0) }
    } catch  where SQLite.isDamage(error) {
      throw found(damage: error)
    }
  }

  /// Waits until the state is as fresh as asked.
  private func catchUp(_ consistency: Consistency) async throws {
    guard consistency == .linearizable else { return }
    try await withCheckedThrowingContinuation { continuation in
      ask(.read, .done(continuation), limit: Limits.readsInFlight)
    }
  }

  private func ask(
    _ request: Coordinator.Request, _ continuation: Waiters.Continuation,
    limit: Int = .max
  ) {
    if inbox.post(.request(request, continuation), limit: limit) { return }
    continuation.fail(inbox.isClosed ? .stopping : .overloaded)
  }

  /// Tells the node what happened outside it. Dropped if as many inputs as `limit` wait already, or
  /// when the node has stopped.
  func report(_ input: Coordinator.Input, limit: Int = .max) {
    inbox.post(.input(input), limit: limit)
  }

  /// Adds, promotes or removes a member; returns when the change is committed.
  func change(_ change: MembershipChange) async throws {
    try await withCheckedThrowingContinuation { continuation in
      ask(.change(change), .done(continuation))
    }
  }

  /// Hands leadership to a voter, to the most suitable one if `nil`; returns the leader when
  /// this node no longer leads.
  @discardableResult
  func transferLeadership(to target: NodeID?) async throws -> Member? {
    try await withCheckedThrowingContinuation { continuation in
      ask(.transfer(to: target), .member(continuation))
    }
  }

  /// Asks the node to stop as if its process had been told to.
  package func requestStop() { stopRequested.yield() }

  // MARK: Running

  /// Runs the node until the task is cancelled, or until its disk fails.
  ///
  /// - Throws: the first error of the log or the state. It is never retried: the node's
  ///   process must end, and begin again from what is durable. A full disk is no error.
  package func run() async throws {
    // What is committed need not be applied once more at the next start.
    defer { try? state.commitPending() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.writeLog() }
      group.addTask { try await self.changeState() }
      group.addTask { try await self.runSideTasks() }
      group.addTask { try await self.tick() }
      group.addTask { try await self.scrub() }
      group.addTask { try await self.commit() }
      group.addTask { try await self.tidyValues() }
      group.addTask { try await self.pulse() }
      group.addTask { try await self.endWhenDamaged() }
      group.addTask { try await self.trace.run(self.executor.sleep) }
      group.addTask { try await self.drive() }
      defer { group.cancelAll() }
      do {
        try await group.next()
      } catch is CancellationError {
      } catch  where SQLite.isDamage(error) {
        throw StateDamage(reason: SQLite.damage(error))
      }
    }
  }

  private func drive() async throws {
    var waiters = Waiters()
    var coordinator = Coordinator(
      node: node, identity: identity, mark: state.mark(),
      firstReadID: UInt64.random(in: 0...(.max >> 1)))
    statusChanges.started(coordinator.status)
    events.withLock { $0.started(coordinator.status, at: .now) }
    defer {
      waiters.answer(coordinator.stop().replies)
      for case .request(_, let continuation) in inbox.end() { continuation.fail(.stopping) }
    }
    network.update(node.membership.members)
    while let posted = await inbox.take() {
      let inputs = posted.map { posted -> Coordinator.Input in
        switch posted {
        case .input(let input): return input
        case .request(let request, let continuation):
          return .request(request, waiters.add(continuation))
        }
      }
      let actions = coordinator.handle(inputs, at: .now)
      observer?(coordinator)
      trace.sent(actions.send)
      trace.look(at: coordinator)
      carryOut(actions)
      if let broken = actions.brokenPromise { throw error(of: broken) }
      note(actions, waiters)
      published.withLock { $0 = coordinator.status }
      waiters.answer(actions.replies)
      if coordinator.divergesFromMajority {
        throw error(ofDifferingFrom: coordinator.differingMembers)
      }
    }
  }

  private func error(ofDifferingFrom members: [Member]) -> PDBError {
    let mark = state.mark()
    let others = members.map(\.address).joined(separator: ", ")
    return PDBError(
      .corrupt,
      "this node's state in '\(state.path)', at entry \(mark.appliedIndex) of term \(mark.appliedTerm), "
        + "differs from that of the majority: \(others)",
      hint:
        "keep a copy of its files, for this is a bug or a bad disk. Then remove this node ('pdb cluster "
        + "remove'), move its files away and start it with --join")
  }

  private func error(of broken: BrokenPromise) -> PDBError {
    let leader = status.membership[broken.leader]?.address ?? broken.leader.text
    return PDBError(
      .corrupt,
      "entry \(broken.index) of term \(broken.expected) is committed here, but \(leader), which leads "
        + "term \(broken.term), sends one of term \(broken.found) for it; committed here up to entry "
        + "\(broken.commitIndex), in '\(log.path)'",
      hint:
        "a member lost what it had confirmed, as if older files had been put back. Keep a copy of "
        + "this node's files: they may be the only ones with changes that were acknowledged. Then "
        + "remove this node ('pdb cluster remove'), move its files away and start it with --join")
  }

  private func carryOut(_ actions: Coordinator.Actions) {
    if let members = actions.members { network.update(members) }
    // Members of version 0.1 have no word for this.
    let isUnderstood = published.withLock { $0.mark.version } >= .checksums
    network.send(isUnderstood ? actions.send : actions.send.filter { !$0.message.isConfirmations })
    for batch in actions.persist { batches.post(batch) }
    if !actions.apply.isEmpty { stateJobs.post(.apply(actions.apply)) }
    for request in actions.sendSnapshots { sideTasks.post(.sendState(request)) }
    if actions.makeStateDurable { sideTasks.post(.makeStateDurable) }
    if let hash = actions.stateHash { network.send(hash) }
  }

  private func note(_ actions: Coordinator.Actions, _ waiters: Waiters) {
    if !actions.committed.isEmpty {
      let now = ContinuousClock.now
      meters.note { measurements in
        for ticket in actions.committed {
          measurements.commit.record(waiters.begun(ticket).duration(to: now) / .seconds(1))
        }
      }
    }
    for news in actions.news {
      statusChanges.tell(news)
      let term = status.term
      events.withLock { $0.note(news, term: term, at: .now) }
      meters.note { $0.count(news) }
    }
  }

  private func writeLog() async throws {
    while let batches = await batches.take() {
      if batches.contains(where: { !$0.isEmpty }) {
        try await untilThereIsSpace(for: "log") { try await self.append(batches) }
      }
      // The log has made room: now the received state may take the place of the old one.
      for case let mark? in batches.map(\.snapshot) {
        try await withCheckedThrowingContinuation { continuation in
          if !stateJobs.post(.install(mark, continuation)) {
            continuation.resume(throwing: CancellationError())
          }
        }
      }
      let messages = batches.flatMap(\.messages)
      trace.sent(messages)
      network.send(messages)
      report(.persisted(number: batches.last!.number))
    }
  }

  private func append(_ batches: [Persist]) async throws {
    let start = ContinuousClock.now
    try await faults?.beforeWriting(to: log.path, executor.sleep)
    let entries = batches.reduce(0) { $0 + $1.entries.count }
    if entries > 1 && isLeader {
      // Where several changes are under way there is other work while the disk syncs; for one
      // alone, and for a follower, the way to another thread and back would only take time.
      try await NIOThreadPool.singleton.runIfActive { [log] in try log.append(batches) }
    } else {
      try log.append(batches)
    }
    let time = start.duration(to: .now) / .seconds(1)
    meters.note {
      $0.logWrite.record(time)
      if entries > 0 { $0.logBatch.record(Double(entries)) }
    }
  }

  private func changeState() async throws {
    var queue = ApplyQueue()
    while let jobs = await stateJobs.take() {
      for job in jobs {
        switch job {
        case .apply(let entries): queue.add(entries)
        case .install(let mark, let continuation):
          do {
            try await apply(&queue)
            try state.install(mark.index)
            queue.drop(through: mark.index)
            feed.reset(to: state.mark().revision)
            report(.applied([], state.mark()))
            continuation.resume()
          } catch {
            continuation.resume(throwing: error)
            throw error
          }
        }
      }
      try await apply(&queue)
    }
  }

  /// Applies what waits, up to an entry that cannot be applied.
  private func apply(_ queue: inout ApplyQueue) async throws {
    let entries = queue.take()
    do { try await apply(entries) } catch let poisoned as PoisonedEntry {
      let end = entries.firstIndex { $0.index == poisoned.index } ?? entries.endIndex
      queue.putBack(entries[end...], poisoned)
      try await apply(Array(entries[..<end]))
      report(.poisoned(poisoned))
    }
  }

  private func apply(_ entries: [Entry]) async throws {
    guard !entries.isEmpty else { return }
    let start = ContinuousClock.now
    let isLong = entries.contains(where: \.mayTakeLong)
    let (applied, mark) = try await untilThereIsSpace(for: "state") {
      if isLong { return try await self.state.applyLong(entries, on: .singleton) }
      return try self.state.apply(entries)
    }
    let time = start.duration(to: .now) / .seconds(1)
    meters.note {
      $0.apply.record(time)
      $0.applyBatch.record(Double(entries.count))
    }
    feed.publish(applied.compactMap(\.made))
    report(.applied(applied, mark))
  }

  /// A write that the disk has no space for left nothing behind, and is tried again until
  /// there is space. Meanwhile the node takes no changes and hands leadership over.
  private func untilThereIsSpace<T: Sendable>(
    for file: String, _ write: () async throws -> T
  ) async throws -> T {
    var isFull = false
    while true {
      do {
        let result = try await write()
        if isFull { setFull(false, file) }
        return result
      } catch  where DiskFailure.isFullDisk(error) {
        if !isFull { setFull(true, file) }
        isFull = true
        try await executor.sleep(for: .milliseconds(200))
      }
    }
  }

  private func setFull(_ isFull: Bool, _ file: String) {
    let isAnyFull = fullDisks.withLock { files in
      if isFull { files.insert(file) } else { files.remove(file) }
      return !files.isEmpty
    }
    report(.storageFull(isAnyFull))
  }

  private func runSideTasks() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await self.learnBirth() }
      group.addTask { try await self.raiseVersion() }
      group.addTask { try await self.expireLeases() }
      while let tasks = await sideTasks.take() {
        for task in tasks {
          group.addTask {
            switch task {
            case .sendState(let request): await self.sendState(request)
            case .sendStateOver(let channel, let peer): await self.send(over: channel, to: peer)
            case .makeStateDurable: try await self.makeStateDurable()
            }
          }
        }
      }
      group.cancelAll()
    }
  }

  /// A peer asks for the state over a connection of its own.
  func sendState(over channel: any Channel, to peer: NodeID) {
    if !sideTasks.post(.sendStateOver(channel, to: peer)) { channel.close(promise: nil) }
  }

  private func send(over channel: any Channel, to peer: NodeID) async {
    let address = status.membership[peer]?.address ?? peer.text
    do {
      let snapshot = try snapshot()
      logger.notice(
        "sending the state to a peer that lost its own", metadata: ["peer": "\(address)"])
      try await SnapshotSender.write(snapshot, as: status.term, to: channel) { channel.isActive }
    } catch {
      logger.warning(
        "the state was not sent", metadata: ["peer": "\(address)", "reason": "\(error)"])
      channel.close(promise: nil)
    }
  }

  private func sendState(_ request: SendSnapshot) async {
    let peer = status.membership[request.to]?.address ?? request.to.text
    var index: Index?
    do {
      let snapshot = try snapshot()
      logger.notice(
        "sending the state",
        metadata: ["peer": "\(peer)", "entry": "\(snapshot.mark.appliedIndex)"])
      index = try await network.send(snapshot, as: request) {
        let status = self.status
        return status.isLeader && status.term == request.term
      }
      logger.notice("sent the state", metadata: ["peer": "\(peer)"])
    } catch {
      logger.warning(
        "the state was not sent", metadata: ["peer": "\(peer)", "reason": "\(error)"])
    }
    report(.snapshotSent(to: request.to, index: index))
  }

  private func makeStateDurable() async throws {
    let index = try await untilThereIsSpace(for: "state") {
      try await self.state.makeDurable(on: .singleton)
    }
    report(.stateDurable(index))
  }

  /// Disks forget. What was altered behind the state's back is noticed here at the latest, and
  /// ends the process: another node has it right.
  private func scrub() async throws {
    while true {
      try await executor.sleep(for: .seconds(Self.scrubSeconds))
      do { try await state.scrub() } catch let error as PDBError where error.code == .corrupt {
        throw StateDamage(reason: error.message)
      }
    }
  }

  /// How often a running node verifies its whole state.
  private static let scrubSeconds = 600

  /// What was applied is committed after a moment even if nobody asks for it: then it need not be
  /// applied once more after a crash.
  private func commit() async throws {
    while true {
      try await executor.sleep(for: Self.commitInterval)
      try await untilThereIsSpace(for: "state") { try self.state.commitPending() }
      try await state.checkpoint(on: .singleton)
    }
  }

  /// The space of values that are no longer needed is given back after a moment.
  private func tidyValues() async throws {
    while true {
      try await executor.sleep(for: .seconds(2))
      try await untilThereIsSpace(for: "state") {
        try await self.state.tidyValues(on: .singleton)
      }
    }
  }

  private static let commitInterval = Duration.milliseconds(200)

  /// Every listener says every now and then where it is: a client that hears nothing takes the node
  /// for dead.
  private func pulse() async throws {
    while true {
      try await executor.sleep(for: Self.pulseInterval)
      feed.pulse()
    }
  }

  private static let pulseInterval = Duration.seconds(2)

  /// Finds the cluster's birth in the state. A leader that finds none sets one, once: a second
  /// attempt is refused by the state itself.
  private func learnBirth() async throws {
    for attempt in 0... {
      let birth = try? await read(.stale, .keys) { view, _ in
        try view.get(SystemKeys.birth)?.value
      }
      if let birth = birth ?? nil {
        report(.birth(String(decoding: birth, as: UTF8.self)))
        return
      }
      if status.isLeader {
        let stamp = Stamp(time: .now, author: "", request: nil)
        _ = try? await propose(
          StampedOperation(stamp: stamp, operation: .setBirth(.random(in: 1 ... .max))))
      }
      // Under a leader that knows of no births there is nothing to come soon.
      let pause = attempt < 100 ? Tick.milliseconds : 1000
      try await executor.sleep(for: .milliseconds(pause))
    }
  }

  /// A peer said which cluster versions it understands.
  func note(_ peer: NodeID, understands version: ClusterVersion) {
    understood.withLock { $0.note(peer, understands: version) }
  }

  /// What all members understand; `nil` as long as some have not been met.
  private var commonVersion: ClusterVersion? {
    let members = status.membership.members
    return understood.withLock { $0.common(of: members, besides: identity.node) }
  }

  /// Raises the cluster's version when this node leads and all members understand more.
  private func raiseVersion() async throws {
    while true {
      let status = status
      if status.mark.version == .newest { return }
      if status.isLeader, let common = commonVersion, common > status.mark.version {
        let stamp = Stamp(time: .now, author: "", request: nil)
        let operation = Operation.raiseVersion(min(common, .newest))
        if (try? await propose(StampedOperation(stamp: stamp, operation: operation))) != nil {
          logger.notice(
            "all members understand a newer version", metadata: ["version": "\(common.number)"])
        }
      }
      try await executor.sleep(for: .milliseconds(100))
    }
  }

  /// Ends the leases that are due while this node leads.
  private func expireLeases() async throws {
    while true {
      try await executor.sleep(for: .milliseconds(Tick.milliseconds))
      guard let operation = published.withLock({ $0.leaseWork }) else { continue }
      let stamp = Stamp(time: .now, author: "", request: nil)
      _ = try? await propose(StampedOperation(stamp: stamp, operation: operation))
    }
  }

  /// One tick per interval, never a burst: a process that was stopped for a while has not
  /// heard its peers in that time, and must not count it against them.
  private func tick() async throws {
    while true {
      try await executor.sleep(for: .milliseconds(Tick.milliseconds))
      report(.tick)
    }
  }

  // MARK: Stopping

  /// Hands leadership over, refuses changes from then on, and waits until those under way are
  /// answered, or for a second.
  package func drain() async {
    if status.isLeader { _ = try? await transferLeadership(to: nil) }
    isDraining.store(true, ordering: .relaxed)
    feed.end()
    trace.end()
    for _ in 0..<100 where status.waitingProposals > 0 {
      try? await executor.sleep(for: .milliseconds(Tick.milliseconds))
    }
  }
}

extension Message {
  fileprivate var isConfirmations: Bool { if case .confirmations = self { true } else { false } }
}

extension Persist {
  /// Whether there is nothing to write, only messages that wait for what was written before.
  fileprivate var isEmpty: Bool {
    hardState == nil && entries.isEmpty && snapshot == nil && compaction == nil
      && confirmed.isEmpty
  }
}
