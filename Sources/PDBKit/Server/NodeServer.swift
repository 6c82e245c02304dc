// The HTTP server of one node.

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

enum NodeServer {
  /// A service that listens on `address` and answers from `engine`.
  ///
  /// - Parameter isListening: called once, when connections are accepted.
  static func application(
    address: NodeAddress, engine: any Engine, receiver: any PeerReceiver, token: String?,
    logger: Logger, isListening: @escaping @Sendable () async -> Void
  ) -> Application<RequestGuard> {
    var quiet = Logger(label: "pdb.http")
    quiet.logLevel = .error
    return Application(
      responder: RequestGuard(engine: engine, token: token),
      server: HTTPServerBuilder { responder in
        NodeChannel(responder: responder, receiver: receiver, logger: logger)
      },
      configuration: ApplicationConfiguration(
        address: .hostname(address.host, port: address.port), serverName: nil, backlog: 1024,
        availableConnectionsDelegate: MaximumAvailableConnections(Limits.connections)),
      onServerRunning: { _ in await isListening() },
      logger: quiet)
  }
}
