// Somebody between two ends of a connection.

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

@testable import PDBModel

/// Takes connections in the place of a node, and hands on to the node what comes, perhaps changed.
final class Relay: Sendable {
  /// Where it listens.
  let address: NodeAddress
  private let server: any Channel
  /// What clients have sent.
  private let seen = NIOLockedValueBox(ByteBuffer())
  private let change = NIOLockedValueBox<@Sendable (inout ByteBuffer) -> Void>({ _ in })

  init(to node: NodeAddress) async throws {
    let (seen, change) = (seen, change)
    server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { client in
        ClientBootstrap(group: client.eventLoop).connect(host: node.host, port: node.port).flatMap {
          node in
          client.eventLoop.makeCompletedFuture {
            try node.pipeline.syncOperations.addHandler(Handing(to: client) { _ in })
            try client.pipeline.syncOperations.addHandler(
              Handing(to: node) { bytes in
                seen.withLockedValue { $0.writeImmutableBuffer(bytes) }
                change.withLockedValue { $0 }(&bytes)
              })
          }
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    address = NodeAddress(host: "127.0.0.1", port: server.localAddress!.port!)
  }

  /// Changes what clients send from now on.
  func begin(_ body: @escaping @Sendable (inout ByteBuffer) -> Void) {
    change.withLockedValue { $0 = body }
  }

  /// Whether clients have sent this in clear.
  func saw(_ text: String) -> Bool {
    seen.withLockedValue { String(buffer: $0).contains(text) }
  }

  func close() async throws { try await server.close() }

  private final class Handing: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let look: @Sendable (inout ByteBuffer) -> Void

    init(to other: any Channel, _ look: @escaping @Sendable (inout ByteBuffer) -> Void) {
      self.other = other
      self.look = look
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var bytes = unwrapInboundIn(data)
      look(&bytes)
      other.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
  }
}
