// A node in front of an etcd: it holds nothing, and any number of them may run.
//
// Each says that it is there by a key with a lease, and one of them leads by another one: it counts the time of
// keys that end. All of them make changes: what one compares keeps them apart.

import Foundation
import NIOConcurrencyHelpers
package import PDBCoordinator
package import PDBLocal
package import PDBModel
package import PDBStore

/// The store of a node that stands in front of an etcd.
package final class EtcdFront: LocalStore, Clustered {
  package let engine: EtcdEngine
  package let order = KnownTaskOrder()
  package let address: NodeAddress
  /// The front's own id: another one with every start.
  package let id = UInt64.random(in: 1 ... .max)
  private let registry: FrontRegistry
  private let found: ClusterIdentity
  private let isInsecure: Bool
  private let stopping = AsyncStream.makeStream(of: Void.self)

  /// - Throws: `no_input` if there is no database.
  package init(
    _ etcd: EtcdAddress, at address: NodeAddress, isInsecure: Bool = false
  ) async throws {
    self.address = address
    self.isInsecure = isInsecure
    let store = EtcdStore(etcd, timeout: .seconds(Limits.requestSeconds))
    engine = store.engine
    do { found = try await store.identity() } catch {
      await store.shutdown()
      throw error
    }
    registry = FrontRegistry(engine, id: String(id, radix: 16), address: address)
  }

  package func identity() async throws(PDBError) -> ClusterIdentity { found }

  /// Runs until the task is cancelled.
  package func run() async throws {
    await withTaskGroup(of: Void.self) { [engine, registry] group in
      group.addTask { try? await engine.watch() }
      group.addTask { try? await engine.expireLeases() }
      group.addTask { await registry.run() }
      group.addTask {
        while (try? await Task.sleep(for: .seconds(2))) != nil { engine.feed.pulse() }
      }
      await group.waitForAll()
    }
    engine.feed.end()
    await engine.gateway.shutdown()
  }

  /// Takes its name off the list, so that clients need not wait for it.
  package func drain() async { await registry.leave() }

  package func requestStop() { stopping.continuation.yield() }
  package var stopRequests: AsyncStream<Void> { stopping.stream }

  // MARK: Changing

  package func apply(_ change: Change, from origin: Origin) async throws(PDBError) -> Receipt {
    do { return try await make(change, from: origin) } catch {
      // Only the one that leads counts the time.
      guard error.code == .notSupported, error.outcome == .notApplied else { throw error }
      let known = registry.known
      guard let leader = known.leaderAddress, known.leader != registry.id else {
        throw PDBError(
          .noLeader, "no node in front of etcd leads just now", hint: "try again in a moment")
      }
      throw PDBError(
        .notLeader, "only the leading node counts the time of keys that end",
        details: [.init("leader", .string(NodeAddress.url(of: leader, isInsecure: isInsecure)))])
    }
  }

  // MARK: Listening

  package func changes(
    since revision: UInt64?, _ filter: HistoryFilter, at moment: Moment
  ) async throws(PDBError) -> ChangeStream {
    let isKnown = revision.map { $0 <= engine.mark.revision } ?? false
    let start = if let revision, isKnown { revision } else { try await start(revision, moment) }
    let source = ChangeFeedSource(engine.feed, after: start, filter) {
      [self] since throws(PDBError) in try await events(after: since, filter)
    }
    return ChangeStream(after: start, source)
  }

  package func backup(at moment: Moment) async throws(PDBError) -> ByteStream {
    throw EtcdStore.cannotCopy
  }

  // MARK: The fronts

  package var headline: Headline {
    Headline(
      revision: engine.mark.revision, term: registry.known.term, birth: found.birth,
      version: .newest)
  }

  package var nodeStatus: NodeStatus {
    let (mark, known) = (engine.mark, registry.known)
    let isLeader = known.leader == registry.id
    var status = NodeStatus(
      node: registry.id, identity: found, incarnation: registry.id, address: address,
      role: isLeader ? "leader" : "follower", leader: known.leaderAddress, term: known.term,
      peers: known.fronts.filter { $0.id != registry.id }.map(\.address),
      lastHeartbeat: known.time, commitIndex: mark.appliedIndex,
      settledCommitIndex: mark.appliedIndex, appliedIndex: mark.appliedIndex,
      lastIndex: mark.appliedIndex, firstIndex: mark.appliedIndex, logEntries: 0, logBytes: 0,
      revision: mark.revision, hash: mark.hash, alarms: [], poisoned: nil, version: pdbVersion)
    status.isInsecure = isInsecure
    return status
  }

  package var currentView: ClusterView {
    let known = registry.known
    return ClusterView(
      identity: found, node: address, isLeader: known.leader == registry.id, term: known.term,
      quorum: 1,
      members: known.fronts.map { front in
        var member = ClusterMember(id: front.id, address: front.address)
        member.isLeader = front.id == known.leader
        return member
      },
      removed: [])
  }

  package func view() async throws(PDBError) -> ClusterView { currentView }

  package func add(_ address: NodeAddress) async throws(PDBError) -> ClusterMember {
    throw notOfFronts("a node in front of etcd is added by starting it")
  }

  package func remove(_ member: String, force: Bool) async throws(PDBError) -> ClusterMember {
    throw notOfFronts("a node in front of etcd is removed by stopping it")
  }

  package func transferLeadership(to member: String?) async throws(PDBError) -> String? {
    throw notOfFronts("nodes in front of etcd do not hand leadership over")
  }

  package func skip(_ index: UInt64, from origin: Origin) async throws(PDBError) -> Receipt {
    throw notOfFronts("in etcd there are no entries to skip")
  }

  private func notOfFronts(_ reason: String) -> PDBError {
    PDBError(
      .notSupported, reason,
      hint:
        "for the members of etcd:  etcdctl --endpoints \(engine.gateway.address.endpoints[0]) member list"
    )
  }
}

/// Which fronts there are.
final class FrontRegistry: Sendable {
  struct Front: Sendable {
    let id: String
    let address: String
  }

  struct Known: Sendable {
    var fronts: [Front] = []
    var leader: String?
    var term: UInt64 = 0
    var time: Timestamp?

    var leaderAddress: String? { fronts.first { $0.id == leader }?.address }
  }

  let id: String
  private let address: NodeAddress
  private let engine: EtcdEngine
  private let box = NIOLockedValueBox(Known())
  private let lease = NIOLockedValueBox<Int64?>(nil)

  init(_ engine: EtcdEngine, id: String, address: NodeAddress) {
    (self.engine, self.id, self.address) = (engine, id, address)
  }

  var known: Known { box.withLockedValue { $0 } }

  private static let leaseSeconds = 10
  private static let marginSeconds = 4
  private static let pause = Duration.seconds(1)
  private static let patience = Duration.seconds(3)

  func run() async {
    while !Task.isCancelled {
      // Without an answer of etcd what is known stays so; whoever asks for data is told.
      try? await renew()
      do { try await Task.sleep(for: Self.pause) } catch { return }
    }
  }

  /// Says that this front is there, and looks who else is.
  private func renew() async throws {
    let end = ContinuousClock.now + Self.patience
    if let lease = lease.withLockedValue({ $0 }) {
      let answer = try await ask(
        "/v3/lease/keepalive", ["ID": .string(String(lease))], until: end)
      let left = answer["result"]?["TTL"]?.string.flatMap { Int64($0) } ?? 0
      if left <= 0 { self.lease.withLockedValue { $0 = nil } }
    }
    if lease.withLockedValue({ $0 }) == nil { try await enter(until: end) }
    try await look(until: end)
  }

  private func ask(
    _ path: String, _ body: JSON, until end: ContinuousClock.Instant
  ) async throws -> JSON {
    try await engine.gateway.ask(path, body, until: end)
  }

  private func enter(until end: ContinuousClock.Instant) async throws {
    let granted = try await ask(
      "/v3/lease/grant", ["TTL": .string(String(Self.leaseSeconds))], until: end)
    guard let text = granted["ID"]?.string, let lease = Int64(text) else {
      throw PDBError(.badAnswer, "etcd granted no lease")
    }
    let value: JSON = [
      "address": .string(address.description), "version": .string(pdbVersion),
    ]
    _ = try await ask(
      "/v3/kv/put",
      [
        "key": .string(engine.layout.front(id).base64),
        "value": .string(value.serialized().base64), "lease": .string(text),
      ], until: end)
    self.lease.withLockedValue { $0 = lease }
  }

  private func look(until end: ContinuousClock.Instant) async throws {
    guard let lease = lease.withLockedValue({ $0 }) else { return }
    let layout = engine.layout
    let key = JSON.string(layout.leader.base64)
    // The first one that finds no leader leads.
    let body: JSON = [
      "compare": [["key": key, "target": "CREATE", "create_revision": "0"]],
      "success": [
        [
          "request_put": [
            "key": key, "value": .string(Bytes(utf8: id).base64), "lease": .string(String(lease)),
          ]
        ],
        EtcdRequest.range(KeyRange(layout.leader), limit: 1, revision: 0).json,
        EtcdRequest.range(layout.fronts, limit: 1000, revision: 0).json,
      ],
      "failure": [
        EtcdRequest.range(KeyRange(layout.leader), limit: 1, revision: 0).json,
        EtcdRequest.range(layout.fronts, limit: 1000, revision: 0).json,
      ],
    ]
    let begin = ContinuousClock.now
    let answer = try await ask("/v3/kv/txn", body, until: end)
    let ranges = (answer["responses"]?.array ?? []).compactMap { $0["response_range"]?.etcdRange }
    guard ranges.count == 2 else {
      throw PDBError(.badAnswer, "etcd answered otherwise than asked")
    }
    let leader = ranges[0].pairs.first
    let prefix = layout.fronts.lower.count
    var known = Known()
    known.leader = leader?.value.utf8String
    known.term = UInt64(max(0, leader?.modified ?? 0))
    known.time = .now
    known.fronts = ranges[1].pairs.compactMap { pair in
      guard let address = (try? JSON(parsing: pair.value))?["address"]?.string else { return nil }
      return Front(
        id: String(decoding: pair.key.dropFirst(prefix), as: UTF8.self), address: address)
    }.sorted { $0.address < $1.address }
    let found = known
    box.withLockedValue { $0 = found }
    guard let leader, known.leader == id else { return engine.follow() }
    // The key stands for as long as the lease does, which was renewed before this was asked.
    let sure = begin + .seconds(Self.leaseSeconds - Self.marginSeconds)
    try await engine.lead(leader.modified, until: sure)
  }

  /// Leaves the list, and the lead.
  func leave() async {
    engine.follow()
    let lease = lease.withLockedValue { lease in
      defer { lease = nil }
      return lease
    }
    guard let lease else { return }
    _ = try? await ask(
      "/v3/lease/revoke", ["ID": .string(String(lease))], until: .now + Self.patience)
  }
}
