// One node of a cluster, put together: files, engine, peers; without HTTP.

import Foundation
import GRDB
package import Logging
import PDBCoordinator
import PDBModel
import PDBStorage
import Raft

/// A node that keeps its part of a cluster and talks to its peers.
package struct ClusterNode: Sendable {
  /// Holds the lock on the files while the node exists.
  private let directory: DataDirectory
  private let engine: RaftEngine
  private let gate: PeerGate
  /// What peers are handed to.
  package var receiver: any PeerReceiver { gate }
  /// The node's data.
  package let store: ClusterStore

  /// Opens or creates the node's files and checks them; asks a cluster to be admitted, if it is told
  /// to join one.
  ///
  /// - Throws: ``PDBError`` if the node must not or cannot start.
  package init(_ configuration: NodeConfiguration, _ logger: Logger) async throws {
    let files = OwnFiles(configuration: configuration)
    directory = try files.directory()
    if let warning = DataDirectory.warning(of: directory.path) { logger.warning("\(warning)") }
    let log: LogStore
    let opened: StateOpening.Opened
    let trust: PeerTrust
    do {
      var known: LogContents
      (log, known) = try await Self.loadOrBootstrap(directory, configuration, logger)
      known = try files.readdress(log, known)
      trust = try SecretSource(directory: directory, configuration: configuration).trust(of: known)
      opened = try await StateOpening(
        path: directory.statePath, log: log, trust: trust, logger: logger
      ).open(known)
      // From here on the files say it, and peers of version 0.1 are not heard again.
      if trust.old == nil || opened.state.mark().version > .first {
        try directory.keep(secret: trust.secret.text)
      }
    } catch {
      throw PDBError(ofFiles: error) ?? error
    }
    let (state, contents) = (opened.state, opened.contents)
    let (mark, appliedIndex) = (contents.mark, state.mark().appliedIndex)
    let tick = Tick.milliseconds
    let node = Node(
      id: contents.identity.node, snapshot: mark,
      configuration: Raft.Configuration(
        electionTicks: configuration.electionMilliseconds / tick,
        electionSpreadTicks: configuration.electionMilliseconds / tick,
        heartbeatTicks: configuration.heartbeatMilliseconds / tick,
        maxLogEntries: configuration.logEntries, maxLogBytes: Limits.logBytes),
      hardState: contents.hardState, entries: contents.entries, appliedIndex: appliedIndex,
      confirmed: contents.confirmed, needsVouchers: true,
      seed: .random(in: 0 ... .max))
    let peers = Peers(own: contents.identity.node, logger: logger)
    var identity = contents.identity
    identity.address = configuration.reachableAddress
    engine = RaftEngine(
      identity: identity, node: node, log: log, state: state,
      network: configuration.faults.map { FaultyPeers(peers, $0) } ?? peers,
      faults: configuration.faults, logger: logger)
    if opened.isMended { engine.noteRepair() }
    gate = PeerGate(
      engine, trust: trust, peers: peers, log: log,
      statePath: directory.statePath, faults: configuration.faults, logger: logger)
    store = ClusterStore(
      engine,
      neighbours: NeighbourFiles(
        directory: directory.path, options: configuration.sharedOptions),
      isInsecure: configuration.servesInsecurely)
  }

  /// Runs the node until the task is cancelled.
  ///
  /// - Throws: `disk_failed` when the disk fails; `corrupt` when the state differs from that of the
  ///   majority.
  package func run() async throws {
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await gate.run() }
        try await engine.run()
        group.cancelAll()
      }
    } catch let damage as StateDamage {
      throw damage.error
    } catch {
      throw PDBError(ofFiles: error) ?? error
    }
  }

  /// The node can be reached now: programs that find its files ask it from here on.
  package func announce() { directory.announce(store.engine.identity.address) }

  /// Yields when a client asks the node to stop.
  package var stopRequests: AsyncStream<Void> { engine.stopRequests }

  /// Hands leadership over, refuses changes from then on, and waits a moment for those under way.
  package func drain() async { await engine.drain() }

  // MARK: Starting

  private static func loadOrBootstrap(
    _ directory: DataDirectory, _ configuration: NodeConfiguration, _ logger: Logger
  ) async throws -> (LogStore, LogContents) {
    let hasFiles = directory.hasFiles
    do {
      // Files are made when there is something to keep: a node that is stopped while it waits to be
      // admitted has none.
      let made = hasFiles ? nil : try await bootstrap(directory, configuration, logger)
      let log = try directory.openLog()
      if let contents = try log.load() {
        try configuration.check(contents)
        try await Joining(configuration, logger)?.confirm(contents, in: directory.path)
        return (log, contents)
      }
      let (identity, membership, secret) =
        if let made { made } else { try await bootstrap(directory, configuration, logger) }
      try directory.keep(secret: secret.text)
      try log.bootstrap(identity, .beginning(membership))
      return (log, LogContents(identity, .beginning(membership)))
    } catch {
      if !hasFiles { directory.discard() }
      throw error
    }
  }

  /// The identity of a node without files, the first members that it knows, and the secret that they
  /// share.
  private static func bootstrap(
    _ directory: DataDirectory, _ configuration: NodeConfiguration, _ logger: Logger
  ) async throws -> (Identity, Membership, ClusterSecret) {
    let address = configuration.reachableAddress
    let source = SecretSource(directory: directory, configuration: configuration)
    if let joining = Joining(configuration, logger) {
      let (identity, secret) = try await joining.admission(of: address, source)
      return (identity, Membership([]), secret)
    }
    if configuration.cluster == nil {
      try directory.checkEmpty(options: configuration.sharedOptions)
    }
    let addresses = configuration.cluster ?? [address]
    let cluster =
      addresses.count > 1 ? Membership.clusterID(addresses) : UInt64.random(in: 1 ... .max).text
    let identity = Identity(
      cluster: cluster, node: Membership.nodeID(address, cluster: cluster), address: address)
    logger.notice(
      "making a new cluster of \(addresses.count == 1 ? "one node" : "\(addresses.count) nodes")",
      metadata: ["cluster": "\(cluster)", "files": "\(configuration.dataDirectory)"])
    return (
      identity, Membership.bootstrap(addresses, cluster: cluster),
      try source.secret(ofNew: cluster, members: addresses)
    )
  }
}
