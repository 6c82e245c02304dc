// One port for everybody: HTTP for clients, an upgrade to the peer wire for nodes.

import Logging
import NIOCore
import NIOHTTP1

/// A connection that is HTTP until a peer asks for the wire between nodes.
struct NodeChannel: Sendable {
  /// What a connection turned out to be.
  enum Negotiated: Sendable {
    case http, peer
  }

  let requests: RequestGuard
  let executor: LoopExecutor
  /// `nil` on a node that hears no peers: to it the wire between nodes is like any protocol that it
  /// does not know.
  let receiver: (any PeerReceiver)?
  let logger: Logger

  /// Makes an accepted connection ready.
  func setUp(_ channel: any Channel) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(
        HesitationHandler(), name: HesitationHandler.name)
      var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
        upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
          upgraders: receiver.map { [PeerServerUpgrader(receiver: $0, logger: logger)] } ?? [],
          notUpgradingCompletionHandler: { channel in
            channel.eventLoop.makeCompletedFuture {
              try configureHTTP(channel)
              return .http
            }
          }))
      // HTTPConnection sees to that: the handler for it makes two more system calls a request.
      configuration.enablePipelining = false
      configuration.enableResponseHeaderValidation = false
      configuration.decoderConfiguration.maxHeaderFieldSize = Limits.headBytes
      configuration.decoderConfiguration.maxHeaderListSize = Limits.headBytes
      let negotiated = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
        configuration: configuration)
      try channel.pipeline.syncOperations.addHandler(FarewellHandler())
      negotiated.whenComplete { result in
        channel.pipeline.removeHandler(name: HesitationHandler.name, promise: nil)
        if case .failure(let error) = result {
          logger.debug("connection failed", metadata: ["error": "\(error)"])
          channel.close(promise: nil)
        }
      }
    }
  }

  private func configureHTTP(_ channel: any Channel) throws {
    // HTTPConnection writes bytes, and errors as well.
    let pipeline = channel.pipeline.syncOperations
    for context in [
      try pipeline.context(handlerType: HTTPResponseEncoder.self),
      try pipeline.context(handlerType: HTTPServerProtocolErrorHandler.self),
    ] {
      pipeline.removeHandler(context: context, promise: nil)
    }
    try pipeline.addHandler(HTTPConnection(requests, executor: executor))
  }
}

/// Closes a connection that has not said yet what it wants when it hesitates too long, says
/// goodbye, or the server shuts down.
private final class HesitationHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  static let name = "hesitation"

  private var deadline: Scheduled<Void>?

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: .seconds(Int64(Limits.idleSeconds))) {
      channel.close(promise: nil)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed {
      context.close(promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }
}

/// Closes a connection that failed, for example with bytes that are no HTTP. An answer that
/// says so is on its way by then.
private final class FarewellHandler: ChannelInboundHandler {
  typealias InboundIn = Any

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.fireErrorCaught(error)
    context.close(promise: nil)
  }
}

/// Turns an HTTP connection into a stream of frames.
private struct PeerServerUpgrader: NIOTypedHTTPServerProtocolUpgrader {
  let supportedProtocol = Frame.protocolName
  let requiredUpgradeHeaders: [String] = []
  let receiver: any PeerReceiver
  let logger: Logger

  func buildUpgradeResponse(
    channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
  ) -> EventLoopFuture<HTTPHeaders> {
    channel.eventLoop.makeSucceededFuture(initialResponseHeaders)
  }

  func upgrade(
    channel: any Channel, upgradeRequest: HTTPRequestHead
  ) -> EventLoopFuture<NodeChannel.Negotiated> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandlers([
        ByteToMessageHandler(FrameDecoder()),
        PeerAcceptor(receiver: receiver, logger: logger),
      ])
      return .peer
    }
  }
}
