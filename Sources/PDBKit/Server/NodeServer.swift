// The HTTP server of one node.

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

enum NodeServer {
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

  /// A service that listens on `address` and answers from `engine`.
  ///
  /// - Parameter isListening: called once, when connections are accepted.
  static func application(
    address: NodeAddress, engine: any Engine, receiver: any PeerReceiver, token: String?,
    logger: Logger, isListening: @escaping @Sendable () async -> Void
  ) -> some Service {
    var quiet = Logger(label: "pdb.http")
    quiet.logLevel = .error
    return Server(
      childChannelSetup: NodeChannel(
        requests: RequestGuard(engine: engine, token: token, logger: logger),
        executor: .shared, receiver: receiver, logger: logger),
      configuration: ServerConfiguration(
        address: .hostname(address.host, port: address.port), serverName: nil, backlog: 1024,
        availableConnectionsDelegate: MaximumAvailableConnections(connectionLimit)),
      onServerRunning: { _ in await isListening() },
      eventLoopGroup: LoopExecutor.shared.loop, logger: quiet)
  }
}
