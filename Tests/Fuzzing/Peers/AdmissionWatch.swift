// When a peer's proof was judged, which happens beside the event loop.

import NIOCore
import PDBCluster
import Synchronization

/// Stands before the acceptor of a connection: every proof that comes in is followed by something that goes
/// out, or by the end of the connection.
final class AdmissionWatch: ChannelDuplexHandler, Sendable {
  typealias InboundIn = Frame
  typealias InboundOut = Frame
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let judgement = Mutex<EventLoopPromise<Void>?>(nil)

  /// Fulfilled when no proof waits to be judged.
  var isJudged: EventLoopFuture<Void>? { judgement.withLock { $0?.futureResult } }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .proof = unwrapInboundIn(data), context.channel.isActive {
      let loop = context.eventLoop
      judgement.withLock { $0 = $0 ?? loop.makePromise() }
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    judge()
    context.write(data, promise: promise)
  }

  func channelInactive(context: ChannelHandlerContext) {
    judge()
    context.fireChannelInactive()
  }

  private func judge() {
    judgement.withLock { judgement in
      defer { judgement = nil }
      return judgement
    }?.succeed()
  }
}
