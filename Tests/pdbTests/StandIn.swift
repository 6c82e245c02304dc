// A server that is no node.

import NIOCore
import NIOPosix
import PDBKit

/// Answers whatever it is asked with 200 and the same words.
enum StandIn {
  /// - Parameter port: where it listens; 0 for any free port.
  static func running<T>(
    at port: Int = 0, _ content: String, headers: [String: String] = [:],
    _ body: (NodeAddress) async throws -> T
  ) async throws -> T {
    let head =
      ["HTTP/1.1 200 OK", "Content-Length: \(content.utf8.count)", "Connection: close"]
      + headers.map { "\($0): \($1)" }
    let answer = head.joined(separator: "\r\n") + "\r\n\r\n" + content
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { $0.pipeline.addHandler(Answering(answer: answer)) }
      .bind(host: "127.0.0.1", port: port).get()
    let address = NodeAddress(host: "127.0.0.1", port: server.localAddress!.port!)
    do {
      let result = try await body(address)
      try await server.close()
      return result
    } catch {
      try? await server.close()
      throw error
    }
  }
}

private final class Answering: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let answer: String

  init(answer: String) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    context.close(promise: nil)
  }
}
