// The engine on real files, with a network in memory.

import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Raft
import Testing

@testable import PDBClient
@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBLocal
@testable import PDBModel
@testable import PDBServer
@testable import PDBStorage
@testable import PDBStore

/// Three engines that hand their messages to each other, unless one is cut off.
private final class TestEngines: Sendable {
  struct Network: PeerNetwork {
    let engines: @Sendable () -> TestEngines?

    func send(_ envelopes: [Envelope]) { engines()?.deliver(envelopes) }

    func send(_ state: StateHash) {}

    func send(
      _ state: StateSnapshot, as request: SendSnapshot,
      isWanted: @escaping @Sendable () -> Bool
    ) async throws -> Index {
      guard let engines = engines() else { throw CancellationError() }
      return try await engines.deliver(state, as: request)
    }

    func update(_ members: [Member]) {}
  }

  private let directory: TemporaryDirectory
  let members: [Member]
  private let engines: NIOLockedValueBox<[NodeID: RaftEngine]>
  private let gates: NIOLockedValueBox<[NodeID: PeerGate]>
  /// Why engines have ended.
  let failures = NIOLockedValueBox<[NodeID: PDBError]>([:])
  private let cut = NIOLockedValueBox<Set<NodeID>>([])

  /// - Parameters:
  ///   - maxLogEntries: where the logs are compacted.
  ///   - entries: of the first term, which all of them have.
  init(count: Int, maxLogEntries: Int = 100_000, entries: [Entry] = []) throws {
    directory = try TemporaryDirectory()
    let addresses = (1...count).map { NodeAddress(host: "127.0.0.1", port: $0) }
    let membership = Membership.bootstrap(addresses, cluster: "test")
    members = membership.members
    let itself = NIOLockedValueBox<WeakReference?>(nil)
    var engines: [NodeID: RaftEngine] = [:]
    var gates: [NodeID: PeerGate] = [:]
    for (member, address) in zip(membership.members, addresses) {
      let log = LogStore(FolderDisk(path: directory.path), name: "\(address.port).log")
      let identity = Identity(cluster: "test", node: member.id, address: address)
      try log.bootstrap(identity, .beginning(membership))
      let node = Node(
        id: member.id, snapshot: .beginning(membership),
        configuration: Raft.Configuration(
          electionTicks: 20, electionSpreadTicks: 20, heartbeatTicks: 4,
          maxLogEntries: maxLogEntries),
        hardState: HardState(term: entries.isEmpty ? 0 : 1), entries: entries, seed: member.id)
      let state = try StateStore(
        path: "\(directory.path)/\(address.port).db", membership: membership)
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let engine = RaftEngine(
        identity: identity, node: node, log: log, state: state,
        network: Network { itself.withLockedValue { $0?.engines } }, logger: logger)
      engines[member.id] = engine
      gates[member.id] = PeerGate(
        engine, trust: try PeerTrust(ClusterSecret("the secret of a test")),
        peers: Peers(own: member.id, logger: logger),
        log: log, statePath: state.path, logger: logger)
    }
    self.engines = NIOLockedValueBox(engines)
    self.gates = NIOLockedValueBox(gates)
    itself.withLockedValue { $0 = WeakReference(engines: self) }
  }

  private struct WeakReference {
    weak var engines: TestEngines?
  }

  var all: [RaftEngine] {
    engines.withLockedValue { $0.values.sorted { $0.identity.node < $1.identity.node } }
  }

  /// Where what peers say to a node comes in.
  func gate(of id: NodeID) -> PeerGate? { gates.withLockedValue { $0[id] } }

  func deliver(_ envelopes: [Envelope]) {
    let cut = cut.withLockedValue { $0 }
    for envelope in envelopes where !cut.contains(envelope.from) && !cut.contains(envelope.to) {
      gate(of: envelope.to)?.receive(envelope)
    }
  }

  /// Carries a state from one engine to another, piece by piece.
  func deliver(_ state: StateSnapshot, as request: SendSnapshot) async throws -> Index {
    guard let receiver = gate(of: request.to),
      !cut.withLockedValue({ $0.contains(request.to) })
    else { throw CancellationError() }
    let staging = try receiver.beginReceiving(state.mark)
    var position = StateSnapshot.Position.beginning(.current)
    loop: while true {
      if case .end = position { break loop }
      let (piece, next) = try await state.piece(at: position)
      try staging.add(piece)
      position = next
    }
    try staging.finish()
    let mark = SnapshotMark(
      index: state.mark.appliedIndex, term: state.mark.appliedTerm,
      membership: state.mark.membership)
    let sender = all.first { $0.status.isLeader && $0.status.term == request.term }
    receiver.receive(
      Envelope(
        from: sender?.identity.node ?? 0, to: request.to,
        message: .installSnapshot(InstallSnapshot(term: request.term, mark: mark))))
    return mark.index
  }

  func cutOff(_ engine: RaftEngine) { cut.withLockedValue { _ = $0.insert(engine.identity.node) } }

  func heal() { cut.withLockedValue { $0 = [] } }

  /// Runs all engines while `body` runs.
  func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for engine in all {
        group.addTask {
          do { try await engine.run() } catch {
            self.failures.withLockedValue { $0[engine.identity.node] = error as? PDBError }
            throw error
          }
        }
      }
      try await body()
      group.cancelAll()
    }
  }

  /// The engine that leads and knows that it may: its first entry is applied.
  func leader(other: RaftEngine? = nil) async throws -> RaftEngine {
    try await waitFor {
      self.all.first { engine in
        engine !== other && engine.status.isLeader
          && engine.status.mark.appliedTerm == engine.status.term
      }
    }
  }
}

struct TimedOut: Error {}

/// Waits until `condition` gives a value.
func waitFor<T>(
  within limit: Duration = .seconds(900), _ condition: () async throws -> T?
) async throws -> T {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if let value = try await condition() { return value }
    try await Task.sleep(for: .milliseconds(5))
  }
  throw TimedOut()
}

@Suite(.timeLimit(.minutes(10))) struct EngineTests {
  private func increment(_ id: String? = nil) -> StampedOperation {
    StampedOperation(
      stamp: Stamp(
        time: .now, author: "",
        request: id.map { RequestID(id: $0, fingerprint: 1, firstSent: nil) }),
      operation: .increment(key: [0x6E], by: 1))
  }

  private func number(_ engine: RaftEngine, _ consistency: Consistency) async throws -> String? {
    try await engine.read(consistency, .ranges) { view, _ in try view.get([0x6E])?.value.utf8String
    }
  }

  private func entry(_ index: Index, _ operation: PDBModel.Operation) -> Entry {
    let stamp = Stamp(time: Timestamp(milliseconds: 0), author: "", request: nil)
    return Entry(
      index: index, term: 1,
      payload: .operation(StampedOperation(stamp: stamp, operation: operation).encoded()))
  }

  @Test func `an entry that cannot be applied stops changes, and no node, until it is skipped`()
    async throws
  {
    let engines = try TestEngines(
      count: 3,
      entries: [
        entry(1, .raiseVersion(.newest)), entry(2, .increment(key: [0x6E], by: 5)),
        Entry(index: 3, term: 1, payload: .operation([0xFF])),
        entry(4, .increment(key: [0x6E], by: 2)),
      ])
    try await engines.run {
      for engine in engines.all {
        _ = try await waitFor { engine.status.alarms == [.poisonedEntry] ? true : nil }
        #expect(engine.status.poisoned?.position == LogPosition(index: 3, term: 1))
        #expect(engine.status.mark.appliedIndex == 2)
        #expect(try await number(engine, .stale) == "5")
      }
      let leader = try #require(engines.all.first { $0.status.isLeader })
      let change = await #expect(throws: PDBError.self) {
        _ = try await leader.propose(increment())
      }
      #expect(change?.code == .poisonedEntry && change?.outcome == .notApplied)
      #expect(change?.hint?.contains("pdb cluster skip 3") == true)
      for engine in engines.all {
        let read = await #expect(throws: PDBError.self) {
          _ = try await number(engine, .linearizable)
        }
        #expect(read?.code == .poisonedEntry)
      }
      let stamp = Stamp(time: .now, author: "an", request: nil)
      for index in [2, 4] as [Index] {
        let other = await #expect(throws: PDBError.self) { _ = try await leader.skip(index, stamp) }
        #expect(other?.code == .conflict)
      }
      _ = try await leader.skip(3, stamp)
      #expect(try await number(leader, .linearizable) == "7")
      _ = try await leader.propose(increment())
      for engine in engines.all {
        #expect(try await number(engine, .linearizable) == "8")
        #expect(engine.status.alarms.isEmpty && engine.status.poisoned == nil)
        let record = try await engine.read(.linearizable, .ranges) { view, _ in try view.revision(2)
        }
        #expect(record?.operation == "cluster skip 3" && record?.stamp.author == "an")
        #expect(record?.index == 3)
      }
    }
  }

  @Test func `a leader that stopped makes way for a member that went on`() async throws {
    let engines = try TestEngines(
      count: 3,
      entries: [
        entry(1, .raiseVersion(.newest)), Entry(index: 2, term: 1, payload: .operation([0xFF])),
      ])
    try await engines.run {
      let leader = try await waitFor {
        engines.all.first { $0.status.isLeader && $0.status.poisoned != nil }
      }
      let other = try #require(engines.all.first { $0 !== leader })
      let gate = try #require(engines.gate(of: leader.identity.node))
      gate.receive(StateHash(index: 2, hash: 1), from: other.identity.node)
      _ = try await waitFor { other.status.isLeader ? true : nil }
    }
  }

  @Test func `an entry that cannot be read is taken once it is committed, and not before`()
    async throws
  {
    let engines = try TestEngines(count: 3)
    let (engine, peer) = (engines.all[0], engines.all[1].identity.node)
    let gate = try #require(engines.gate(of: engine.identity.node))
    for other in engines.all.dropFirst() { engines.cutOff(other) }
    try await engines.run {
      func send(_ term: Term, commit: Index) {
        let entry = Entry(index: 1, term: term, payload: .operation([0xFF]))
        let message = AppendEntries(
          term: term, prevLogIndex: 0, prevLogTerm: 0, entries: [entry], leaderCommit: commit,
          round: 0)
        gate.receive(
          Envelope(from: peer, to: engine.identity.node, message: .appendEntries(message)))
      }
      send(100, commit: 0)
      send(101, commit: 1)
      _ = try await waitFor { engine.status.poisoned?.term == 101 ? true : nil }
    }
  }

  // A peer that is heard before the first tick must not take the node for one that was rolled back.
  @Test func `what a node has is known before it runs`() throws {
    let engines = try TestEngines(
      count: 3, entries: [Entry(index: 1, term: 1, payload: .noop)])
    let (engine, peer) = (engines.all[0], engines.all[1].identity.node)
    let gate = try #require(engines.gate(of: engine.identity.node))
    #expect(gate.has(Reach(term: 1, index: 1), knownBy: peer))
    #expect(!gate.has(Reach(term: 1, index: 2), knownBy: peer))
  }

  @Test func `who lacks what the log forgot is given the whole state`() async throws {
    let engines = try TestEngines(count: 3, maxLogEntries: 20)
    try await engines.run {
      let leader = try await engines.leader()
      let late = engines.all.first { $0 !== leader }!
      engines.cutOff(late)
      for round in 0..<200 { _ = try await leader.propose(increment("request \(round)")) }
      _ = try await waitFor { leader.status.firstIndex > 100 ? true : nil }
      #expect(leader.status.logEntries <= 80)
      engines.heal()
      _ = try await waitFor { late.status.mark == leader.status.mark ? true : nil }
      #expect(late.status.firstIndex > 100)
      // It knows the requests that came before its log.
      let again = try await leader.propose(increment("request 7"))
      #expect(again.answer.pair?.value == Bytes(utf8: "8"))
      // And it goes on with the log from there.
      _ = try await leader.propose(increment())
      _ = try await waitFor { late.status.mark == leader.status.mark ? true : nil }
      let value = try await late.read(.linearizable, .ranges) { view, _ in
        try view.get([0x6E])?.value
      }
      #expect(value == Bytes(utf8: "201"))
    }
  }

  @Test func `a state that differs raises an alarm; one that differs from most ends the node`()
    async throws
  {
    let engines = try TestEngines(count: 3)
    try await engines.run {
      let leader = try await engines.leader()
      _ = try await leader.propose(increment())
      let others = engines.members.map(\.id).filter { $0 != leader.identity.node }
      let gate = try #require(engines.gate(of: leader.identity.node))
      let wrong = StateHash(index: leader.status.mark.appliedIndex, hash: 1)
      gate.receive(wrong, from: others[0])
      _ = try await waitFor { leader.status.alarms == [.stateDiffers] ? true : nil }
      _ = try await leader.propose(increment())
      gate.receive(wrong, from: others[1])
      let failure = try await waitFor {
        engines.failures.withLockedValue { $0[leader.identity.node] }
      }
      #expect(failure.code == .corrupt)
    }
  }

  @Test func `a change is acknowledged once, and every node reads it at once`() async throws {
    let engines = try TestEngines(count: 3)
    try await engines.run {
      let leader = try await engines.leader()
      for round in 1...20 {
        let outcome = try await leader.propose(increment())
        #expect(outcome.revision == UInt64(round))
        for engine in engines.all {
          #expect(try await number(engine, .linearizable) == String(round))
        }
      }
    }
  }

  @Test func `many changes at once are all applied, each once`() async throws {
    let engines = try TestEngines(count: 3)
    try await engines.run {
      let leader = try await engines.leader()
      try await withThrowingTaskGroup(of: Receipt.self) { group in
        for _ in 0..<500 { group.addTask { try await leader.propose(increment()) } }
        var revisions: Set<UInt64> = []
        for try await receipt in group { revisions.insert(receipt.revision) }
        // Each receipt carries its own revision: none was answered for another.
        #expect(revisions == Set(1...500))
      }
      #expect(try await number(leader, .linearizable) == "500")
    }
  }

  @Test func `a follower refuses changes and names the leader`() async throws {
    let engines = try TestEngines(count: 3)
    try await engines.run {
      let leader = try await engines.leader()
      let follower = engines.all.first { $0 !== leader }!
      _ = try await waitFor { follower.status.leader }
      let error = await #expect(throws: PDBError.self) {
        _ = try await follower.propose(increment())
      }
      #expect(error?.code == .notLeader && error?.outcome == .notApplied)
      #expect(
        error?.details.first?.value.string == "http://\(leader.identity.address)")
    }
  }

  @Test func `a leader that is cut off answers truthfully and serves no stale read`() async throws {
    let engines = try TestEngines(count: 3)
    try await engines.run {
      let old = try await engines.leader()
      _ = try await old.propose(increment("first"))
      engines.cutOff(old)
      // It cannot know what becomes of this one.
      async let lost = Result.of { try await old.propose(increment("lost")) }
      let new = try await engines.leader(other: old)
      _ = try await new.propose(increment("second"))
      if case .failure(let error as PDBError) = await lost {
        #expect(error.outcome == .unknown)
      } else {
        Issue.record("nothing can be acknowledged without a quorum")
      }
      #expect(try await number(old, .stale) == "1")
      await #expect(throws: PDBError.self) { _ = try await number(old, .linearizable) }
      engines.heal()
      let read = try await waitFor { try? await number(old, .linearizable) }
      #expect(read == "2")
    }
  }

  @Test func `without a quorum a change is refused, and service resumes by itself`() async throws {
    let engines = try TestEngines(count: 3)
    try await engines.run {
      let leader = try await engines.leader()
      for engine in engines.all where engine !== leader { engines.cutOff(engine) }
      _ = try await waitFor { leader.status.isLeader ? nil : true }
      let error = await #expect(throws: PDBError.self) {
        _ = try await leader.propose(increment())
      }
      #expect(error?.code == .noLeader && error?.outcome == .notApplied)
      engines.heal()
      let next = try await engines.leader()
      _ = try await next.propose(increment())
    }
  }

  @Test func `a repeated request is applied once, also by the next leader`() async throws {
    let engines = try TestEngines(count: 3)
    try await engines.run {
      let old = try await engines.leader()
      let first = try await old.propose(increment("same"))
      engines.cutOff(old)
      let new = try await engines.leader(other: old)
      let second = try await new.propose(increment("same"))
      #expect(first.answer.pair == second.answer.pair)
      #expect(try await number(new, .linearizable) == "1")
    }
  }

  @Test func `an engine that stops lets nobody wait`() async throws {
    let engines = try TestEngines(count: 3)
    let leader = NIOLockedValueBox<RaftEngine?>(nil)
    try await engines.run {
      let found = try await engines.leader()
      leader.withLockedValue { $0 = found }
    }
    let stopped = try #require(leader.withLockedValue { $0 })
    await #expect(throws: PDBError.self) { _ = try await stopped.propose(increment()) }
    await #expect(throws: PDBError.self) { _ = try await number(stopped, .linearizable) }
  }
}

extension Result where Failure == any Error {
  /// What an asynchronous `body` returns or throws.
  fileprivate static func of(_ body: () async throws -> Success) async -> Self {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}

@Suite struct MailboxTests {
  @Test func `what waits is taken at one go, in order`() async {
    let mailbox = Mailbox<Int>()
    for item in 1...3 { mailbox.post(item) }
    #expect(await mailbox.take() == [1, 2, 3])
  }

  @Test func `a full mailbox takes no more`() async {
    let mailbox = Mailbox<Int>()
    #expect(mailbox.post(1, limit: 1))
    #expect(!mailbox.post(2, limit: 1))
    #expect(await mailbox.take() == [1])
  }

  @Test func `a reader that waits gets what comes, and is let go when it closes`() async {
    let mailbox = Mailbox<Int>()
    async let taken = mailbox.take()
    mailbox.post(7)
    #expect(await taken == [7])
    async let nothing = mailbox.take()
    mailbox.close()
    #expect(await nothing == nil)
    #expect(!mailbox.post(8))
  }

  @Test func `nothing is lost between many writers and one reader`() async {
    let mailbox = Mailbox<Int>()
    async let sum = Task {
      var count = 0
      var sum = 0
      while count < 8000, let items = await mailbox.take() {
        count += items.count
        sum += items.reduce(0, +)
      }
      return sum
    }.value
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask { for item in 0..<1000 { mailbox.post(writer * 1000 + item) } }
      }
    }
    #expect(await sum == (0..<8000).reduce(0, +))
  }
}
