// The receiving end of a peer's connection.

import Logging
import NIOCore
import NIOHTTP1
import Raft

/// What a connection hands to the node: messages, and word of its end.
protocol PeerReceiver: Sendable {
  var identity: Identity { get }
  func isMember(_ id: NodeID) -> Bool
  func receive(_ envelope: Envelope)
  func lostConnection(to peer: NodeID)
}

/// Greets a peer that connected and passes its messages on.
final class PeerAcceptor: ChannelInboundHandler {
  typealias InboundIn = Frame

  private let receiver: any PeerReceiver
  private let logger: Logger
  private var peer: NodeID?
  private var deadline: Scheduled<Void>?

  init(receiver: any PeerReceiver, logger: Logger) {
    self.receiver = receiver
    self.logger = logger
  }

  /// A peer that upgraded and then says nothing is let go.
  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: .seconds(5)) { channel.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (unwrapInboundIn(data), peer) {
    case (.hello(let hello), nil):
      if let reason = objection(to: hello).map({ String($0.prefix(200)) }) {
        logger.warning("refused a peer", metadata: ["reason": "\(reason)"])
        context.writeAndFlush(NIOAny(ByteBuffer(.refused(reason))), promise: nil)
        context.close(promise: nil)
      } else {
        peer = hello.from
        deadline?.cancel()
        context.writeAndFlush(NIOAny(ByteBuffer(.welcome)), promise: nil)
      }
    case (.message(let message), let peer?):
      receiver.receive(
        Envelope(from: peer, to: receiver.identity.node, message: message))
    default:
      context.close(promise: nil)
    }
  }

  private func objection(to hello: Frame.Hello) -> String? {
    let own = receiver.identity
    if hello.version != Frame.version {
      return "protocol version \(hello.version), this node speaks \(Frame.version)"
    }
    if hello.cluster != own.cluster {
      return "cluster \(hello.cluster), this node belongs to \(own.cluster)"
    }
    if hello.to != own.node {
      return "looking for node \(hello.to.text), this is \(own.node.text)"
    }
    if !receiver.isMember(hello.from) { return "node \(hello.from.text) is not a member" }
    return nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    if let peer { receiver.lostConnection(to: peer) }
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // The server is shutting down, or the peer will send no more.
    if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed {
      context.close(promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    logger.debug("peer connection failed", metadata: ["error": "\(error)"])
    context.close(promise: nil)
  }
}
