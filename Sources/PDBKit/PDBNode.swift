// One node, put together: files, engine, peers, server.

import Foundation
import GRDB
public import Logging
import NIOCore
import Raft
import ServiceLifecycle
import UnixSignals

/// What a node is told when it starts.
public struct NodeConfiguration: Sendable {
  /// Where the node listens.
  public var address: NodeAddress
  /// The folder of its files; several nodes may share one.
  public var dataDirectory: String
  /// The first members of a new cluster, this node among them. `nil`: what the files say, or
  /// a cluster of one.
  public var cluster: [NodeAddress]?
  /// When set, every client must know it.
  public var token: String?
  /// Listen beyond this machine although anybody there could read and write.
  public var isInsecure = false
  /// How often a leader is heard, in milliseconds.
  public var heartbeatMilliseconds = 60
  /// How long a leader may be silent, in milliseconds.
  public var electionMilliseconds = 600

  public init(address: NodeAddress, dataDirectory: String) {
    self.address = address
    self.dataDirectory = dataDirectory
  }
}

/// A node of a pdb cluster.
public struct PDBNode: Sendable {
  private let configuration: NodeConfiguration
  private let logger: Logger
  /// Holds the lock on the files while the node exists.
  private let directory: DataDirectory
  private let engine: RaftEngine
  private let peers: Peers

  /// Opens or creates the node's files and checks them.
  ///
  /// - Throws: ``PDBError`` if the node must not or cannot start; nothing was changed then.
  public init(_ configuration: NodeConfiguration, logger: Logger) throws {
    try Self.check(configuration)
    self.configuration = configuration
    self.logger = logger
    directory = try DataDirectory(
      path: configuration.dataDirectory, port: configuration.address.port)
    let log = try LogStore(path: directory.logPath)
    let contents = try Self.loadOrBootstrap(log, configuration)
    let state = try StateStore(path: directory.statePath)
    let mark = try state.mark()
    guard mark.appliedIndex <= contents.entries.last?.index ?? 0 else {
      throw SQLite.damaged(
        directory.logPath,
        "it ends at entry \(contents.entries.last?.index ?? 0), "
          + "but entry \(mark.appliedIndex) was applied; part of the log is gone")
    }
    let tick = RaftEngine.tickMilliseconds
    let node = Node(
      id: contents.identity.node, membership: contents.membership,
      configuration: Raft.Configuration(
        electionTicks: configuration.electionMilliseconds / tick,
        electionSpreadTicks: configuration.electionMilliseconds / tick,
        heartbeatTicks: configuration.heartbeatMilliseconds / tick),
      hardState: contents.hardState, entries: contents.entries,
      appliedIndex: mark.appliedIndex, seed: .random(in: 0 ... .max))
    engine = RaftEngine(
      identity: contents.identity, node: node, log: log, state: state, mark: mark,
      logger: logger)
    peers = Peers(contents.membership.members, receiver: engine, logger: logger)
  }

  /// Serves until the process is asked to stop (SIGTERM, SIGINT) or the disk fails.
  ///
  /// - Parameter isListening: called once, when connections are accepted.
  public func run(isListening: @escaping @Sendable () async -> Void = {}) async throws {
    let server = NodeServer.application(
      address: configuration.address, engine: engine, receiver: engine,
      token: configuration.token, logger: logger, isListening: isListening)
    var quiet = Logger(label: "pdb.lifecycle")
    quiet.logLevel = .error
    // They stop in the reverse order: first no new changes are taken and those under way are
    // finished, then the server closes, then the rest.
    var services = ServiceGroupConfiguration(
      services: [
        .init(service: EngineService(engine: engine, peers: peers)),
        .init(service: server),
        .init(service: DrainService(engine: engine, logger: logger)),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    services.maximumGracefulShutdownDuration = .seconds(5)
    do {
      try await ServiceGroup(configuration: services).run()
    } catch let error as DatabaseError {
      throw PDBError(
        .diskFailed, "the node's files could not be read or written: \(error.description)",
        outcome: .unknown,
        hint: "nothing acknowledged is lost; see to the disk, then start the node again")
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw PDBError(
        .portInUse, "'\(configuration.address)' is in use by another process",
        hint: "choose another port with --port")
    } catch let error as IOError where [EACCES, EADDRNOTAVAIL].contains(error.errnoCode) {
      throw PDBError(
        .badConfiguration,
        "cannot listen on '\(configuration.address)': \(String(cString: strerror(error.errnoCode)))"
      )
    } catch is SocketAddressError {
      throw PDBError(
        .badConfiguration, "cannot listen on '\(configuration.address)': no such host")
    }
    logger.notice("stopped")
  }

  // MARK: Starting

  private static func check(_ configuration: NodeConfiguration) throws {
    let heartbeat = configuration.heartbeatMilliseconds
    guard heartbeat >= RaftEngine.tickMilliseconds,
      configuration.electionMilliseconds >= 3 * heartbeat
    else {
      throw PDBError(
        .badConfiguration,
        "a heartbeat takes at least \(RaftEngine.tickMilliseconds) ms, "
          + "and the election timeout at least three heartbeats")
    }
    if let cluster = configuration.cluster {
      guard Set(cluster).count == cluster.count else {
        throw PDBError(.badConfiguration, "the cluster's list names a node twice")
      }
      guard cluster.contains(configuration.address) else {
        throw PDBError(
          .badConfiguration, "the cluster's list lacks this node, '\(configuration.address)'",
          hint: "give every first member the same list, itself included")
      }
    }
    let isAlone = (configuration.cluster ?? []).count <= 1
    guard
      configuration.address.isLoopback || configuration.isInsecure
        || (configuration.token != nil && isAlone)
    else {
      throw PDBError(
        .badConfiguration,
        "'\(configuration.address)' can be reached from other machines, "
          + "and there anybody could read and change the data",
        hint: "a single node needs --token-file; nodes that talk over a network trust it only "
          + "with --insecure")
    }
  }

  private static func loadOrBootstrap(
    _ log: LogStore, _ configuration: NodeConfiguration
  ) throws -> LogStore.Contents {
    if let contents = try log.load() {
      let members = contents.membership.members.map(\.address)
      if let cluster = configuration.cluster, Set(cluster.map(\.description)) != Set(members) {
        throw PDBError(
          .wrongCluster,
          "the files of node \(configuration.address.port) belong to the cluster "
            + members.joined(separator: ","),
          hint: "leave --cluster out to continue it, or choose another --data-dir")
      }
      guard contents.identity.address == configuration.address else {
        throw PDBError(
          .wrongCluster,
          "the files of node \(configuration.address.port) belong to "
            + "'\(contents.identity.address)'",
          hint: "start it with that address, or choose another --data-dir")
      }
      return contents
    }
    let addresses = configuration.cluster ?? [configuration.address]
    let cluster =
      addresses.count > 1
      ? Membership.clusterID(addresses) : UInt64.random(in: 1 ... .max).text
    let identity = Identity(
      cluster: cluster, node: Membership.nodeID(configuration.address, cluster: cluster),
      address: configuration.address)
    let membership = Membership.bootstrap(addresses, cluster: cluster)
    try log.bootstrap(identity, membership)
    return LogStore.Contents(
      identity: identity, membership: membership, hardState: HardState(), entries: [])
  }
}

// MARK: Services

private struct EngineService: Service {
  let engine: RaftEngine
  let peers: Peers

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await peers.run() }
        try await engine.run(over: peers)
        group.cancelAll()
      }
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
