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
  /// Other programs change what is there: nothing of it can be kept from one list to the next.
  package var order: KnownTaskOrder { KnownTaskOrder() }
  package let address: NodeAddress
  /// The front's own id: another one with every start.
  package let id = UInt64.random(in: 1 ... .max)
  private let registry: FrontRegistry
  private let found: ClusterIdentity
  private let isInsecure: Bool
  private let started = Timestamp.now
  private let stopping = AsyncStream.makeStream(of: Void.self)

  /// - Throws: `no_input` if there is no database.
  package init(
    _ etcd: EtcdAddress, _ access: EtcdAccess, at address: NodeAddress, isInsecure: Bool = false
  ) async throws {
    self.address = address
    self.isInsecure = isInsecure
    let store = try EtcdStore(etcd, access, timeout: .seconds(Limits.requestSeconds))
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
      group.addTask { await engine.watch() }
      group.addTask { try? await engine.expireLeases() }
      group.addTask { await registry.run() }
      group.addTask { await self.verify() }
      await group.waitForAll()
    }
    engine.feed.end()
    await engine.shutdown()
  }

  /// The one that leads reads everything now and then, as nodes do with their files.
  private func verify() async {
    while (try? await Task.sleep(for: .seconds(600))) != nil {
      guard registry.known.leader == registry.id else {
        registry.isAltered = false
        continue
      }
      do {
        _ = try await engine.verify()
        registry.isAltered = false
      } catch let error as PDBError where error.code == .corrupt {
        registry.isAltered = true
      } catch {
        // Without an answer of etcd nothing is known.
      }
    }
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
      revision: mark.revision, hash: mark.hash, alarms: known.alarms, poisoned: nil,
      version: pdbVersion)
    status.isInsecure = isInsecure
    status.started = started
    return status
  }

  package var currentView: ClusterView {
    let known = registry.known
    var view = ClusterView(
      identity: found, node: address, isLeader: known.leader == registry.id, term: known.term,
      quorum: 1, members: known.members, removed: [])
    view.engine = .etcd
    return view
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
