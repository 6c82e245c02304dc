// Which nodes stand in front of an etcd, and which of them leads: keys with a lease, so that those of a node
// that died go by themselves.

import Foundation
import NIOConcurrencyHelpers
import PDBModel
import PDBStore

final class FrontRegistry: Sendable {
  struct Front: Sendable {
    let id: String
    let address: String
  }

  /// What is known of the fronts.
  struct Known: Sendable {
    var fronts: [Front] = []
    var leader: String?
    /// etcd's revision of the lead: it grows with every other leader.
    var term: UInt64 = 0
    var time: Timestamp?
    /// What is wrong with etcd.
    var alarms: [String] = []

    var members: [ClusterMember] {
      fronts.map { front in
        var member = ClusterMember(id: front.id, address: front.address)
        member.isLeader = front.id == leader
        return member
      }
    }

    var leaderAddress: String? { fronts.first { $0.id == leader }?.address }
  }

  let id: String
  private let address: String
  private let engine: EtcdEngine
  private let box = NIOLockedValueBox(Known())
  private let lease = NIOLockedValueBox<Int64?>(nil)
  private let altered = NIOLockedValueBox(false)
  /// Whether another program has written below the prefix.
  var isAltered: Bool {
    get { altered.withLockedValue { $0 } }
    set { altered.withLockedValue { $0 = newValue } }
  }

  /// - Parameters:
  ///   - id: that of the front; who is none has no id.
  ///   - address: where it is reached.
  init(_ engine: EtcdEngine, id: String = "", address: NodeAddress? = nil) {
    (self.engine, self.id, self.address) = (engine, id, address?.description ?? "")
  }

  /// What was known when etcd answered last.
  var known: Known { box.withLockedValue { $0 } }

  private static let leaseSeconds = 10
  private static let marginSeconds = 4
  private static let pause = Duration.seconds(1)
  private static let patience = Duration.seconds(3)

  /// Keeps the front's keys, until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      // Without an answer of etcd what is known stays so; whoever asks for data is told.
      try? await renew()
      do { try await Task.sleep(for: Self.pause) } catch { return }
    }
  }

  /// The fronts there are, the one that leads first: for whoever is none.
  func members() async throws -> [ClusterMember] {
    let body: JSON = ["success": .array(questions)]
    let answer = try await ask("/v3/kv/txn", body, until: .now + Self.patience)
    let members = try known(from: answer).known.members
    return members.filter(\.isLeader) + members.filter { !$0.isLeader }
  }

  /// Leaves the list, and the lead.
  func leave() async {
    engine.follow()
    let lease = lease.withLockedValue { lease in
      defer { lease = nil }
      return lease
    }
    guard let lease else { return }
    // If etcd does not hear it, the lease ends by itself.
    _ = try? await ask(
      "/v3/lease/revoke", ["ID": .string(String(lease))], until: .now + .seconds(1))
  }

  private func ask(
    _ path: String, _ body: JSON, until end: ContinuousClock.Instant
  ) async throws -> JSON {
    try await engine.gateway.ask(path, body, until: end)
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

  private func enter(until end: ContinuousClock.Instant) async throws {
    let granted = try await ask(
      "/v3/lease/grant", ["TTL": .string(String(Self.leaseSeconds))], until: end)
    guard let text = granted["ID"]?.string, let lease = Int64(text) else {
      throw PDBError(.badAnswer, "etcd granted no lease")
    }
    let value: JSON = ["address": .string(address), "version": .string(pdbVersion)]
    _ = try await ask(
      "/v3/kv/put",
      [
        "key": .string(engine.layout.front(id).base64),
        "value": .string(value.serialized().base64), "lease": .string(text),
      ], until: end)
    self.lease.withLockedValue { $0 = lease }
  }

  /// The first one that finds no leader leads.
  private func look(until end: ContinuousClock.Instant) async throws {
    guard let lease = lease.withLockedValue({ $0 }) else { return }
    let key = JSON.string(engine.layout.leader.base64)
    let claimed: JSON = [
      "request_put": [
        "key": key, "value": .string(Bytes(utf8: id).base64), "lease": .string(String(lease)),
      ]
    ]
    let body: JSON = [
      "compare": [["key": key, "target": "CREATE", "create_revision": "0"]],
      "success": .array([claimed] + questions), "failure": .array(questions),
    ]
    let begin = ContinuousClock.now
    var (known, claim) = try known(from: await ask("/v3/kv/txn", body, until: end))
    let alarms = try await ask("/v3/maintenance/alarm", ["action": "GET"], until: end)
    known.alarms = (alarms["alarms"]?.array ?? []).compactMap { alarm in
      alarm["alarm"]?.string.map { "etcd_\($0.lowercased())" }
    }
    if isAltered { known.alarms.append("etcd_altered") }
    let found = known
    box.withLockedValue { $0 = found }
    guard let claim, found.leader == id else { return engine.follow() }
    // The key stands for as long as the lease does, which was renewed before this was asked.
    let sure = begin + .seconds(Self.leaseSeconds - Self.marginSeconds)
    try await engine.lead(claim, until: sure)
  }

  private var questions: [JSON] {
    [KeyRange(engine.layout.leader), engine.layout.fronts].map {
      EtcdRequest.range($0, limit: 1000, revision: 0).json
    }
  }

  /// - Returns: what an answer says of the fronts, and etcd's revision of the lead.
  private func known(from answer: JSON) throws -> (known: Known, claim: Int64?) {
    let ranges = (answer["responses"]?.array ?? []).compactMap { $0["response_range"]?.etcdRange }
    guard ranges.count == 2 else {
      throw PDBError(.badAnswer, "etcd answered otherwise than it was asked")
    }
    let leader = ranges[0].pairs.first
    let prefix = engine.layout.fronts.lower.count
    var known = Known()
    known.leader = leader?.value.utf8String
    known.term = UInt64(max(0, leader?.modified ?? 0))
    known.time = .now
    known.fronts = ranges[1].pairs.compactMap { pair in
      guard let address = (try? JSON(parsing: pair.value))?["address"]?.string else { return nil }
      let id = String(decoding: pair.key.dropFirst(prefix), as: UTF8.self)
      return Front(id: id, address: address)
    }.sorted { $0.address < $1.address }
    return (known, leader?.modified)
  }
}
