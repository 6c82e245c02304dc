// How the parts of a server are put together.

import HTTPTypes
package import Logging
package import NIOCore
package import PDBClient
package import PDBCluster
import PDBModel
import PDBStore

extension NodeChannel {
  /// What serves a store.
  ///
  /// - Parameters:
  ///   - limit: the connections up to which each one is welcome.
  ///   - receiver: what peers are handed to.
  ///   - token: what clients must know.
  ///   - executor: where all connections are, and what answers them.
  init(
    serving store: any ServedStore, to limit: Int, receiver: any PeerReceiver, tls: NodeTLS,
    token: String?, forwarding: Forwarding?, executor: LoopExecutor, logger: Logger
  ) {
    let connections = OpenConnections(softLimit: limit, on: executor.loop, logger: logger)
    self.init(
      requests: RequestGuard(
        store, receiver.trust, connections: connections, token: token, forwarding: forwarding,
        logger: logger),
      executor: executor, connections: connections,
      room: AnswerRoom(Limits.answerBytes, on: executor.loop), receiver: receiver, tls: tls,
      logger: logger)
  }
}

/// A server without a port: whoever has a channel can have it served. For tests.
package struct ChannelServer: Sendable {
  private let channels: NodeChannel

  /// - Parameter executor: of the loop that all channels are on.
  package init(
    _ store: ClusterStore, receiver: any PeerReceiver, executor: LoopExecutor, logger: Logger
  ) throws {
    let configuration = NodeConfiguration(
      address: store.nodeStatus.address, dataDirectory: "")
    channels = NodeChannel(
      serving: store, to: Limits.connections, receiver: receiver,
      tls: try NodeTLS(receiver.trust, configuration, logger), token: nil, forwarding: nil,
      executor: executor, logger: logger)
  }

  /// What has come of all requests and is not answered yet; known on the loop of the channels.
  package var requestBytes: Int { channels.connections.requestBytes }

  package func serve(_ channel: any Channel) -> EventLoopFuture<Void> { channels.setUp(channel) }

  /// Every route: its method, its path as the table has it, and the names that may stand in the query.
  package static var routes: [(method: String, path: String, query: [String])] {
    Endpoint.all.map { ($0.method.rawValue, $0.path, $0.query ?? []) }
  }
}
