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
    let router = Router(context: BasicRequestContext.self)
    for endpoint in Endpoint.all {
      router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
        let body = try await request.body.collect(upTo: Limits.bodyBytes)
        return try await endpoint.handle(
          Exchange(
            request: request, parameters: context.parameters, engine: engine,
            body: Bytes(buffer: body)))
      }
    }
    var quiet = Logger(label: "pdb.http")
    quiet.logLevel = .error
    return Application(
      responder: RequestGuard(engine: engine, token: token, routes: router.buildResponder()),
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
