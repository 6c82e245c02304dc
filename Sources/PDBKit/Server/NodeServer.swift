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
  /// back for files and connections to peers: a process without any cannot even open its own files.
  private static var connectionLimit: Int {
    let descriptors = raisedDescriptorLimit()
    return max(16, min(Limits.connections, descriptors - min(reservedDescriptors, descriptors / 4)))
  }

  /// Raises the soft limit to the hard one, or as far as it goes.
  private static func raisedDescriptorLimit() -> Int {
    var limit = rlimit()
    #if canImport(Darwin)
      let resource = RLIMIT_NOFILE
    #else
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #endif
    guard getrlimit(resource, &limit) == 0 else { return 256 }
    // Darwin takes no limit above its own, whatever it says that the hard one is.
    let needed = max(limit.rlim_cur, rlim_t(Limits.connections + reservedDescriptors))
    for wanted in [limit.rlim_max, min(limit.rlim_max, needed)] {
      limit.rlim_cur = wanted
      if setrlimit(resource, &limit) == 0 { break }
    }
    guard getrlimit(resource, &limit) == 0 else { return 256 }
    return Int(clamping: limit.rlim_cur)
  }

  /// For the node's files and its own connections; a long list that is read has four files open.
  private static let reservedDescriptors = 128 + 4 * Limits.longLists

  let listener: NodeListener
  let store: any ServedStore
  let receiver: any PeerReceiver
  let tls: NodeTLS
  /// What clients must know.
  let token: String?
  let logger: Logger
  /// Called once, when connections are accepted.
  let isListening: @Sendable () async -> Void

  func run() async throws {
    let limit = Self.connectionLimit
    // Most clients would lose their token on the way to the leader.
    let forwarding =
      token == nil ? nil : Forwarding(from: store.nodeStatus, tls: tls.forNodes)
    let channels = NodeChannel(
      serving: store, to: limit - min(Self.reservedConnections, limit / 8), receiver: receiver,
      tls: tls, token: token, forwarding: forwarding, executor: .shared, logger: logger)
    do {
      try await listener.serve(channels, limit: limit, isListening: isListening)
    } catch {
      await forwarding?.shutdown()
      throw error
    }
    await forwarding?.shutdown()
  }

  /// Kept for peers, probes and administrators when clients have all others in use.
  private static let reservedConnections = 64
}
