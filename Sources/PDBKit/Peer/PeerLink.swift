// The sending end: one long-lived connection to one peer.

import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Raft
import NIOConcurrencyHelpers

/// Keeps a connection to one peer open and writes messages to it.
final class PeerLink: Sendable {
  private let member: Member
  private let receiver: any PeerReceiver
  private let logger: Logger
  private let channel = NIOLockedValueBox<(any Channel)?>(nil)

  /// Bytes that may wait in a connection; beyond it messages are dropped, and sent again by
  /// Raft when the peer can take them.
  private static let waitingBytes = ChannelOptions.Types.WriteBufferWaterMark(
    low: 16 << 20, high: 32 << 20)

  init(to member: Member, receiver: any PeerReceiver, logger: Logger) {
    self.member = member
    self.receiver = receiver
    var logger = logger
    logger[metadataKey: "peer"] = "\(member.address)"
    self.logger = logger
  }

  func send(_ messages: [Message]) {
    guard let channel = channel.withLockedValue({ $0 }), channel.isWritable else { return }
    var buffer = channel.allocator.buffer(capacity: 256)
    for message in messages { buffer.write(.message(message)) }
    channel.writeAndFlush(buffer, promise: nil)
  }

  /// Connects, and connects again, until the task is cancelled.
  func run() async throws {
    var delay = Self.shortestDelay
    var trouble = Trouble()
    while true {
      do {
        let connection = try await connect()
        if trouble.isReported { logger.notice("reached the peer again") }
        trouble = Trouble()
        delay = Self.shortestDelay
        channel.withLockedValue { $0 = connection }
        try await withTaskCancellationHandler {
          try await connection.closeFuture.get()
        } onCancel: {
          connection.close(promise: nil)
        }
        channel.withLockedValue { $0 = nil }
        receiver.lostConnection(to: member.id)
        try Task.checkCancellation()
        logger.warning("lost the connection to the peer")
        trouble.isReported = true
      } catch let failure as ConnectFailure {
        if trouble.isWorthReporting(failure) {
          logger.warning("cannot reach the peer", metadata: ["reason": "\(failure.reason)"])
        }
      }
      try await Task.sleep(for: delay)
      delay = min(delay * 2, Self.longestDelay)
    }
  }

  private static let shortestDelay = Duration.milliseconds(20)
  private static let longestDelay = Duration.milliseconds(320)
  private static let greetingPatience = TimeAmount.seconds(2)

  private struct ConnectFailure: Error {
    let reason: String
    /// The peer is simply not there; worth one line, not one per attempt.
    let isOrdinary: Bool
  }

  /// The failures since the peer was last reached. They are told once, not once per attempt: a
  /// peer that is not there only after a moment, for it may be about to start.
  private struct Trouble {
    private let start = ContinuousClock.now
    private var reason: String?
    var isReported = false

    mutating func isWorthReporting(_ failure: ConnectFailure) -> Bool {
      if failure.isOrdinary {
        guard !isReported, start.duration(to: .now) >= .seconds(1) else { return false }
      } else if failure.reason == reason {
        return false
      }
      reason = failure.reason
      isReported = true
      return true
    }
  }

  private func connect() async throws -> any Channel {
    let address: NodeAddress
    do { address = try NodeAddress(parsing: member.address) } catch {
      throw ConnectFailure(reason: "bad address", isOrdinary: false)
    }
    do {
      let upgraded = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(.seconds(1))
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelOption(.writeBufferWaterMark, value: Self.waitingBytes)
        .connect(host: address.host, port: address.port) { channel in
          channel.eventLoop.makeCompletedFuture { try self.configure(channel, address) }
        }
      return try await upgraded.get()
    } catch let failure as ConnectFailure {
      throw failure
    } catch let refusal as PeerGreeter.Refused {
      throw ConnectFailure(reason: refusal.reason, isOrdinary: false)
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw ConnectFailure(reason: "not listening", isOrdinary: true)
    }
  }

  private func configure(
    _ channel: any Channel, _ address: NodeAddress
  ) throws -> EventLoopFuture<any Channel> {
    let own = receiver.identity
    let hello = Frame.Hello(
      version: Frame.version, cluster: own.cluster, from: own.node, to: member.id)
    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/peer")
    head.headers.add(name: "Host", value: address.description)
    let greeted = channel.eventLoop.makePromise(of: (any Channel).self)
    let configuration = NIOTypedHTTPClientUpgradeConfiguration(
      upgradeRequestHead: head,
      upgraders: [PeerClientUpgrader(greeted: greeted)],
      notUpgradingCompletionHandler: { channel in
        channel.eventLoop.makeFailedFuture(PeerGreeter.Refused(reason: "not a pdb node"))
      })
    let upgraded = try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
      configuration: .init(upgradeConfiguration: configuration))
    upgraded.whenComplete { result in
      switch result {
      case .success:
        channel.writeAndFlush(ByteBuffer(.hello(hello)), promise: nil)
      case .failure(let error):
        greeted.fail(error)
        channel.close(promise: nil)
      }
    }
    // A process that was stopped still accepts connections, and then says nothing.
    let patience = channel.eventLoop.scheduleTask(in: Self.greetingPatience) {
      greeted.fail(ConnectFailure(reason: "no greeting", isOrdinary: true))
      channel.close(promise: nil)
    }
    greeted.futureResult.whenComplete { _ in patience.cancel() }
    return greeted.futureResult
  }
}

/// Turns an upgraded client connection into a stream of frames.
private struct PeerClientUpgrader: NIOTypedHTTPClientProtocolUpgrader {
  let supportedProtocol = Frame.protocolName
  let requiredUpgradeHeaders: [String] = []
  let greeted: EventLoopPromise<any Channel>

  func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {}

  func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool { true }

  func upgrade(channel: any Channel, upgradeResponse: HTTPResponseHead) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandlers([
        ByteToMessageHandler(FrameDecoder()),
        PeerGreeter(greeted: greeted),
      ])
    }
  }
}

/// Waits to be welcome after the hello.
private final class PeerGreeter: ChannelInboundHandler {
  typealias InboundIn = Frame

  /// The peer does not want this node.
  struct Refused: Error {
    let reason: String
  }

  private let greeted: EventLoopPromise<any Channel>

  init(greeted: EventLoopPromise<any Channel>) { self.greeted = greeted }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .welcome:
      greeted.succeed(context.channel)
    case .refused(let reason):
      greeted.fail(Refused(reason: reason))
      context.close(promise: nil)
    case .hello, .message:
      greeted.fail(Refused(reason: "it does not keep to the protocol"))
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    greeted.fail(ChannelError.eof)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    greeted.fail(error)
    context.close(promise: nil)
  }
}
