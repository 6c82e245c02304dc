// A node that serves HTTP, as a service.

public import Logging
import PDBClient
public import PDBCluster
public import PDBEtcd
public import PDBModel
public import PDBStore
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
  private let node: any NodeCore
  private let listener: NodeListener
  private let tls: NodeTLS
  private let isListening: @Sendable () async -> Void

  /// The data, without a way over HTTP. Before ``run()`` nothing is answered.
  public var store: any Clustered { node.store }

  /// Where the data are that a node serves.
  public enum Kind: Sendable {
    /// In its own files; it is a member of a cluster.
    case member
    /// In an etcd.
    case front(EtcdAddress, EtcdAccess = EtcdAccess())
  }

  /// Takes the node's port, then opens or creates its files and checks them.
  ///
  /// - Parameters:
  ///   - logger: where the node writes what happens to it.
  ///   - isListening: called once, when connections are accepted.
  /// - Throws: ``PDBError`` if the node must not or cannot start; nothing was changed then, neither
  ///   here nor in the cluster that it was to join.
  public init(
    _ configuration: NodeConfiguration, as kind: Kind = .member, logger: Logger,
    isListening: @escaping @Sendable () async -> Void = {}
  ) async throws {
    try configuration.check()
    let listener = try await NodeListener(configuration.address)
    do {
      node =
        switch kind {
        case .member: try await ClusterNode(configuration, logger)
        case .front(let etcd, let access): try await FrontNode(etcd, access, configuration, logger)
        }
      tls = try NodeTLS(node.receiver.trust, configuration, logger)
    } catch {
      await listener.close()
      throw error
    }
    self.configuration = configuration
    self.logger = logger
    self.listener = listener
    self.isListening = isListening
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
      listener: listener, store: node.store, receiver: node.receiver, tls: tls,
      token: configuration.token, logger: logger
    ) {
      node.announce()
      await isListening()
    }
    var quiet = Logger(label: "pdb.lifecycle")
    quiet.logLevel = .error
    // They stop in the reverse order: first no new changes are taken and those under way are
    // finished, then the server closes, then the rest.
    var services = ServiceGroupConfiguration(
      services: [
        .init(service: NodeService(node: node)),
        .init(service: server),
        .init(service: DrainService(node: node, logger: logger)),
        .init(
          service: StopService(node: node),
          successTerminationBehavior: .gracefullyShutdownGroup),
      ],
      logger: quiet)
    if let reloader = tls.reloader { services.services.append(.init(service: reloader)) }
    services.maximumGracefulShutdownDuration = .seconds(5)
    try await withTaskExecutorPreference(LoopExecutor.shared) {
      try await ServiceGroup(configuration: services).run()
    }
    logger.notice("stopped")
  }
}

/// What keeps the data of a node and answers its peers, without HTTP.
protocol NodeCore: Sendable {
  associatedtype Served: ServedStore
  var store: Served { get }
  var receiver: any PeerReceiver { get }
  /// Yields when a client asks the node to stop.
  var stopRequests: AsyncStream<Void> { get }
  /// Runs the node until the task is cancelled.
  func run() async throws
  /// The node can be reached now.
  func announce()
  /// Refuses changes from then on, and waits a moment for those under way.
  func drain() async
}

extension ClusterNode: NodeCore {}

// MARK: Services

private struct NodeService: Service {
  let node: any NodeCore

  func run() async throws {
    try await cancelWhenGracefulShutdown { try await node.run() }
  }
}

/// Ends when a client asks the node to stop, and with it the rest.
private struct StopService: Service {
  let node: any NodeCore

  func run() async throws {
    await cancelWhenGracefulShutdown {
      for await _ in node.stopRequests { break }
    }
  }
}

/// Stops taking changes when the process is asked to stop, and lets those under way finish.
private struct DrainService: Service {
  let node: any NodeCore
  let logger: Logger

  func run() async throws {
    try? await gracefulShutdown()
    logger.notice("stopping")
    await node.drain()
  }
}
