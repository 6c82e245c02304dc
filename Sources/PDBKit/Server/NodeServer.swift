// The HTTP server of one node.

import Logging
import PDBClient
import PDBCluster
import PDBModel
import PDBStore
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Serves clients and peers on one port.
struct NodeServer: Service {
  /// As many connections as the limits of pdb and of the process allow. Descriptors are kept
  /// back for files and peers: a process without any cannot even open its own files.
  private static var connectionLimit: Int {
    var limit = rlimit()
    #if canImport(Darwin)
      let resource = RLIMIT_NOFILE
    #else
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #endif
    guard getrlimit(resource, &limit) == 0 else { return 256 }
    limit.rlim_cur = min(limit.rlim_max, rlim_t(Limits.connections + reservedDescriptors))
    setrlimit(resource, &limit)
    guard getrlimit(resource, &limit) == 0 else { return 256 }
    let available = Int(clamping: limit.rlim_cur) - reservedDescriptors
    return max(16, min(Limits.connections, available))
  }

  private static let reservedDescriptors = 64

  let listener: NodeListener
  let store: any ServedStore
  /// `nil` if no peers are heard.
  let receiver: (any PeerReceiver)?
  /// What clients must know.
  let token: String?
  let logger: Logger
  /// Called once, when connections are accepted.
  let isListening: @Sendable () async -> Void

  func run() async throws {
    let limit = Self.connectionLimit
    let connections = OpenConnections(
      softLimit: limit - min(Self.reservedConnections, limit / 8), on: LoopExecutor.shared.loop,
      logger: logger)
    // Most clients would lose their token on the way to the leader.
    let forwarding = token == nil ? nil : Forwarding(from: store.nodeStatus.address)
    let requests = RequestGuard(
      store, connections: connections, token: token, forwarding: forwarding, logger: logger)
    let channels = NodeChannel(
      requests: requests, executor: .shared, connections: connections, receiver: receiver,
      logger: logger)
    do {
      try await listener.serve(channels, limit: limit, isListening: isListening)
    } catch {
      await forwarding?.shutdown()
      throw error
    }
    await forwarding?.shutdown()
  }

  /// Kept for probes and peers when clients have all others in use.
  private static let reservedConnections = 64
}
