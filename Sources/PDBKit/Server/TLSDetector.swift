// TLS or not: the first byte tells.

import NIOCore

/// Waits for a connection's first byte, has the connection made ready for what it begins with, and is
/// gone. A TLS record of a handshake begins with 22 (RFC 8446, section 5.1); no HTTP request does.
final class TLSDetector: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let prepare: (_ isTLS: Bool) throws -> Void

  /// - Parameter prepare: adds the handlers that follow.
  init(_ prepare: @escaping (_ isTLS: Bool) throws -> Void) { self.prepare = prepare }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    guard let first = bytes.readableBytesView.first else { return }
    do { try prepare(first == Self.handshake) } catch {
      return context.close(promise: nil)
    }
    context.fireChannelRead(data)
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  private static let handshake: UInt8 = 22
}
