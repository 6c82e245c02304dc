// A web server that is no node of pdb.

import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import PDBKit

/// Answers every request with the same words, and keeps what it was sent.
final class WebServer: Sendable {
  private let requests: NIOLockedValueBox<[HTTPRequestHead]>
  private let channel: any Channel

  /// - Parameter headers: of every answer.
  init(_ address: NodeAddress, headers: HTTPHeaders = [:]) async throws {
    let requests = NIOLockedValueBox<[HTTPRequestHead]>([])
    self.requests = requests
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(WebAnswer(requests, headers))
        }
      }
      .bind(host: address.host, port: address.port).get()
  }

  deinit { channel.close(promise: nil) }

  var heads: [HTTPRequestHead] { requests.withLockedValue { $0 } }

  /// How many requests came with a token.
  var tokens: Int { heads.count { $0.headers.contains(name: "Authorization") } }
}

private final class WebAnswer: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let requests: NIOLockedValueBox<[HTTPRequestHead]>
  private let headers: HTTPHeaders

  init(_ requests: NIOLockedValueBox<[HTTPRequestHead]>, _ headers: HTTPHeaders) {
    self.requests = requests
    self.headers = headers
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): requests.withLockedValue { $0.append(head) }
    case .body: break
    case .end:
      let body = ByteBuffer(string: "{}")
      var head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
      head.headers.add(name: "Content-Length", value: String(body.readableBytes))
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}
