// One node, put together: files, engine, peers, server.

import Foundation
import GRDB
public import Logging
import NIOCore
import PDBClient
public import PDBCluster
import PDBCoordinator
public import PDBModel
import PDBStorage
public import PDBStore
import Raft
public import ServiceLifecycle

/// A node of a pdb cluster, as a service that any program can run.
///
/// ```swift
/// let node = try await PDBNode(configuration, logger: logger)
/// try await ServiceGroup(
///   services: [node], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
/// ).run()
/// ```
public struct PDBNode: Service {
  private let configuration: NodeConfiguration
  private let logger: Logger
  /// Holds the lock on the files while the node exists.
  private let directory: DataDirectory
  private let engine: RaftEngine
  private let gate: PeerGate
  private let listener: NodeListener
  private let isListening: @Sendable () async -> Void
  private let clusterStore: ClusterStore

  /// The data, without a way over HTTP. Before ``run()`` nothing is answered.
  public var store: any Clustered { clusterStore }

  /// Takes the node's port, then opens or creates its files and checks them.
  ///
  /// - Parameter isListening: called once, when connections are accepted.
  /// - Throws: ``PDBError`` if the node must not or cannot start; nothing was changed then, neither
  ///   here nor in the cluster that it was to join.
  public init(
    _ configuration: NodeConfiguration, logger: Logger,
    isListening: @escaping @Sendable () async -> Void = {}
  ) async throws {
    try configuration.check()
    let listener = try await NodeListener(configuration.address)
    do {
      try await self.init(configuration, listener, logger, isListening)
    } catch {
      await listener.close()
      throw error
    }
  }

  private init(
    _ configuration: NodeConfiguration, _ listener: NodeListener, _ logger: Logger,
    _ isListening: @escaping @Sendable () async -> Void
  ) async throws {
    self.isListening = isListening
    self.configuration = configuration
    self.logger = logger
    self.listener = listener
    directory = try DataDirectory(
      path: configuration.dataDirectory, port: configuration.address.port)
    let (log, contents) = try await Self.loadOrBootstrap(directory, configuration, logger)
    let mark = contents.mark
    try StateStore.recover(directory.statePath, logBegin: mark)
    let state = try StateStore(
      path: directory.statePath, membership: mark.index == 0 ? mark.membership : Membership([]))
    try state.verify()
    let appliedIndex = state.mark().appliedIndex
    let lastIndex = contents.entries.last?.index ?? mark.index
    guard appliedIndex <= lastIndex else {
      throw SQLite.damaged(
        directory.logPath,
        "it ends at entry \(lastIndex), but entry \(appliedIndex) was applied; "
          + "part of the log is gone")
    }
    guard appliedIndex >= mark.index else {
      throw SQLite.damaged(
        directory.statePath,
        "it ends at entry \(appliedIndex), but the log begins after \(mark.index)")
    }
    let tick = Tick.milliseconds
    let node = Node(
      id: contents.identity.node, snapshot: mark,
      configuration: Raft.Configuration(
        electionTicks: configuration.electionMilliseconds / tick,
        electionSpreadTicks: configuration.electionMilliseconds / tick,
        heartbeatTicks: configuration.heartbeatMilliseconds / tick,
        maxLogEntries: configuration.logEntries, maxLogBytes: Limits.logBytes),
      hardState: contents.hardState, entries: contents.entries, appliedIndex: appliedIndex,
      seed: .random(in: 0 ... .max))
    let peers = Peers(own: contents.identity.node, logger: logger)
    engine = RaftEngine(
      identity: contents.identity, node: node, log: log, state: state, network: peers,
      logger: logger)
    gate = try PeerGate(
      engine, secret: ClusterSecret(configuration.clusterSecret), peers: peers, log: log,
      statePath: directory.statePath, logger: logger)
    clusterStore = ClusterStore(
      engine,
      neighbours: NeighbourFiles(
        directory: directory.path, options: configuration.sharedOptions))
  }

  /// - Throws: `port_in_use` if another process has one of the addresses.
  public static func checkPorts(of addresses: [NodeAddress]) async throws {
    for address in addresses { await (try NodeListener(address)).close() }
  }

  /// Serves until it is shut down gracefully, until a client asks it to stop, until the task is
  /// cancelled, or until the disk fails.
  ///
  /// - Throws: ``PDBError`` when the disk fails, or when the node's state differs from that of the
  ///   majority.
  public func run() async throws {
    let server = NodeServer(
      listener: listener, store: clusterStore,
      receiver: configuration.hearsPeers ? gate : nil, token: configuration.token,
      logger: logger, isListening: isListening)
    var quiet = Logger(label: "pdb.lifecycle")
    quiet.logLevel = .error
    // They stop in the reverse order: first no new changes are taken and those under way are
    // finished, then the server closes, then the rest.
    var services = ServiceGroupConfiguration(
      services: [
        .init(service: EngineService(engine: engine, gate: gate)),
        .init(service: server),
        .init(service: DrainService(engine: engine, logger: logger)),
        .init(
          service: StopService(engine: engine),
          successTerminationBehavior: .gracefullyShutdownGroup),
      ],
      logger: quiet)
    services.maximumGracefulShutdownDuration = .seconds(5)
    do {
      try await withTaskExecutorPreference(LoopExecutor.shared) {
        try await ServiceGroup(configuration: services).run()
      }
    } catch let error as DatabaseError {
      throw PDBError(
        .diskFailed, "the node's files could not be read or written: \(error.description)",
        outcome: .unknown,
        hint: "nothing acknowledged is lost; see to the disk, then start the node again")
    }
    logger.notice("stopped")
  }

  // MARK: Starting

  private static func loadOrBootstrap(
    _ directory: DataDirectory, _ configuration: NodeConfiguration, _ logger: Logger
  ) async throws -> (LogStore, LogStore.Contents) {
    let hasFiles = directory.hasFiles
    do {
      // Files are made when there is something to keep: a node that is stopped while it waits to be
      // admitted has none.
      let made = hasFiles ? nil : try await bootstrap(directory, configuration, logger)
      let log = try LogStore(path: directory.logPath)
      if let contents = try log.load() {
        try configuration.check(contents)
        try await Joining(configuration, logger)?.confirm(contents, in: directory.path)
        return (log, contents)
      }
      let (identity, membership) =
        if let made { made } else { try await bootstrap(directory, configuration, logger) }
      try log.bootstrap(identity, .beginning(membership))
      let contents = LogStore.Contents(
        identity: identity, mark: .beginning(membership), hardState: HardState(), entries: [])
      return (log, contents)
    } catch {
      if !hasFiles { directory.discard() }
      throw error
    }
  }

  /// The identity of a node without files, and the first members that it knows.
  private static func bootstrap(
    _ directory: DataDirectory, _ configuration: NodeConfiguration, _ logger: Logger
  ) async throws -> (Identity, Membership) {
    let address = configuration.reachableAddress
    if let joining = Joining(configuration, logger) {
      return (try await joining.admission(of: address), Membership([]))
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
    return (identity, Membership.bootstrap(addresses, cluster: cluster))
  }
}

// MARK: Services

private struct EngineService: Service {
  let engine: RaftEngine
  let gate: PeerGate

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await gate.run() }
        try await engine.run()
        group.cancelAll()
      }
    }
  }
}

/// Ends when a client asks the node to stop, and with it the rest.
private struct StopService: Service {
  let engine: RaftEngine

  func run() async throws {
    await cancelWhenGracefulShutdown {
      for await _ in engine.stopRequests { break }
    }
  }
}

/// Stops taking changes when the process is asked to stop, and lets those under way finish.
private struct DrainService: Service {
  let engine: RaftEngine
  let logger: Logger

  func run() async throws {
    try? await gracefulShutdown()
    logger.notice("stopping")
    await engine.drain()
  }
}
