// One port for all: HTTP for clients, an upgrade to the peer wire for nodes, either of them in TLS.
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOSSL
import PDBClient
import PDBCluster
import PDBModel

/// A connection that is HTTP, perhaps in TLS, until a peer asks for the wire between nodes.
struct NodeChannel: Sendable {
  /// What a connection turned out to be.
  enum Negotiated: Sendable {
    case http, peer
  }

  let requests: RequestGuard
  let executor: LoopExecutor
  let connections: OpenConnections
  let room: AnswerRoom
  let receiver: any PeerReceiver
  let tls: NodeTLS
  let logger: Logger

  /// Makes an accepted connection ready.
  func setUp(_ channel: any Channel) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      let slot = NIOLoopBound(connections.admit(channel), eventLoop: channel.eventLoop)
      try pipeline.addHandler(NegotiationTimeoutHandler(), name: NegotiationTimeoutHandler.name)
      try pipeline.addHandler(
        TLSDetector { isTLS in
          if isTLS {
            // A client that ends its half of TLS ends all of it; waiting for more would keep the
            // connection, and the node's end, for seconds.
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
            // What has come waits in more than one place on its way through TLS: a record at a time.
            try channel.syncOptions?.setOption(
              .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 << 10))
            try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
          }
          try negotiate(on: channel, isTLS: isTLS, slot)
        })
    }
  }

  /// Without TLS the wire between nodes is, but for peers of version 0.1, like any protocol that this
  /// node does not know.
  private func wires(isTLS: Bool) -> [WireVersion] {
    if isTLS { return [.second] }
    return receiver.mayHearOldPeers ? [.first] : []
  }

  private func negotiate(
    on channel: any Channel, isTLS: Bool, _ slot: NIOLoopBound<OpenConnections.Slot>
  ) throws {
    let pipeline = channel.pipeline.syncOperations
    let upgraders = wires(isTLS: isTLS).map {
      PeerServerUpgrader(wire: $0, receiver: receiver, logger: logger, slot: slot)
    }
    var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
      upgradeConfiguration: NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
        upgraders: upgraders,
        notUpgradingCompletionHandler: { channel in
          channel.eventLoop.makeCompletedFuture {
            try configureHTTP(channel, isTLS: isTLS, slot.value)
            return .http
          }
        }))
    // HTTPConnection sees to that: the handler for it makes two more system calls a request.
    configuration.enablePipelining = false
    configuration.enableResponseHeaderValidation = false
    // The answer to what is no HTTP has a body of pdb's: NegotiationErrorHandler.
    configuration.enableErrorHandling = false
    configuration.decoderConfiguration.maxHeaderFieldSize = Limits.headBytes
    configuration.decoderConfiguration.maxHeaderListSize = Limits.headBytes
    let negotiated = try pipeline.configureUpgradableHTTPServerPipeline(
      configuration: configuration)
    let decoder = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
    try pipeline.addHandler(
      UpgradeFilter(protocols: upgraders.map { $0.supportedProtocol.lowercased() }),
      position: .after(decoder.handler))
    try pipeline.addHandler(NegotiationErrorHandler(requests), name: NegotiationErrorHandler.name)
    negotiated.whenComplete { result in
      channel.pipeline.removeHandler(name: NegotiationTimeoutHandler.name, promise: nil)
      if case .failure(let error) = result {
        logger.debug("connection failed", metadata: ["error": "\(error)"])
        channel.close(promise: nil)
      }
    }
  }

  /// What may wait for a client before it is waited for: there may be thousands of them.
  private static let waitingBytes = ChannelOptions.Types.WriteBufferWaterMark(
    low: 8 << 10, high: 32 << 10)

  /// The system would take some megabytes for a client that reads nothing, and each of them would have
  /// to be made.
  #if os(Linux)
    private static let unsentLimit = NIOBSDSocket.Option(rawValue: 25)  // TCP_NOTSENT_LOWAT
  #else
    private static let unsentLimit = NIOBSDSocket.Option(rawValue: 0x201)  // TCP_NOTSENT_LOWAT
  #endif

  private func configureHTTP(
    _ channel: any Channel, isTLS: Bool, _ slot: OpenConnections.Slot
  ) throws {
    // HTTPConnection writes bytes, and errors as well.
    let pipeline = channel.pipeline.syncOperations
    for context in [
      try pipeline.context(handlerType: HTTPResponseEncoder.self),
      try pipeline.context(name: NegotiationErrorHandler.name),
    ] {
      pipeline.removeHandler(context: context, promise: nil)
    }
    try channel.syncOptions?.setOption(.writeBufferWaterMark, value: Self.waitingBytes)
    try channel.syncOptions?.setOption(.tcpOption(Self.unsentLimit), value: 256 << 10)
    let isPrivate =
      isTLS || requests.isInsecure
      || channel.remoteAddress.flatMap { NodeAddress($0) }?.isLoopback == true
    let connection = HTTPConnection(
      isPrivate ? requests : requests.inClear, executor: executor, connections: connections,
      slot: slot, room: room, on: channel)
    connections.attach(connection, to: slot)
    try pipeline.addHandler(connection)
  }
}

/// Closes a connection before it is known to be a client's or a peer's, when its first request does
/// not come in time, the other end closes it, or the server shuts down.
private final class NegotiationTimeoutHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  static let name = "negotiation timeout"

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

/// Closes a connection that failed before it was known to be a client's, or as a peer's. Bytes that
/// are no HTTP are answered first.
private final class NegotiationErrorHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any
  typealias OutboundOut = HTTPServerResponsePart

  static let name = "negotiation error"

  private let requests: RequestGuard

  init(_ requests: RequestGuard) { self.requests = requests }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.fireErrorCaught(error)
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    let failure = HTTPConnection.refusal(of: error)
    let refusal = requests.refusal(failure)
    var head = HTTPResponseHead(
      version: .http1_1, status: .init(statusCode: refusal.status.code),
      headers: HTTPHeaders(refusal.headers))
    head.headers.add(name: "Connection", value: "close")
    let body = ByteBuffer(bytes: failure.json.serialized() + [UInt8(ascii: "\n")])
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      channel.close(promise: nil)
    }
  }
}

/// Turns an HTTP connection into a stream of frames.
private struct PeerServerUpgrader: NIOTypedHTTPServerProtocolUpgrader {
  let wire: WireVersion
  let requiredUpgradeHeaders: [String] = []
  let receiver: any PeerReceiver
  let logger: Logger
  let slot: NIOLoopBound<OpenConnections.Slot>

  var supportedProtocol: String { wire.protocolName }

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
        PeerAcceptor(wire, receiver: receiver, logger: logger),
        PeerAdmissionHandler(slot.value),
      ])
      return .peer
    }
  }
}

/// Gives a connection a lasting place once its peer has proved itself.
private final class PeerAdmissionHandler: ChannelInboundHandler {
  typealias InboundIn = Never

  private let slot: OpenConnections.Slot

  init(_ slot: OpenConnections.Slot) { self.slot = slot }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is PeerAdmitted {
      slot.isPeer = true
      try? context.channel.syncOptions?.setOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator())
    }
    context.fireUserInboundEventTriggered(event)
  }
}
