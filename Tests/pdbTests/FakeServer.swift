// A server that is no node.

import NIOCore
import NIOPosix
import PDBKit

/// Answers every request with 200 and the same body.
enum FakeServer {
  /// - Parameters:
  ///   - port: where it listens; 0 for any free port.
  ///   - view: what it says of its cluster, if not the same.
  static func running<T>(
    at port: Int = 0, _ content: String, headers: [String: String] = [:], view: String? = nil,
    _ body: (NodeAddress) async throws -> T
  ) async throws -> T {
    func answer(_ content: String) -> String {
      let head =
        ["HTTP/1.1 200 OK", "Content-Length: \(content.utf8.count)", "Connection: close"]
        + headers.map { "\($0): \($1)" }
      return head.joined(separator: "\r\n") + "\r\n\r\n" + content
    }
    let (usual, view) = (answer(content), answer(view ?? content))
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { $0.pipeline.addHandler(Answering(usual: usual, view: view)) }
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

  let usual: String
  let view: String

  init(usual: String, view: String) {
    self.usual = usual
    self.view = view
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let request = String(buffer: unwrapInboundIn(data))
    let answer = request.hasPrefix("GET /cluster/status ") ? view : usual
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    context.close(promise: nil)
  }
}
