// How a node reaches another: connect, upgrade, prove and be proved.

import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import PDBClient
import PDBCoordinator
import PDBModel
import Raft

/// Opens connections to one peer.
struct PeerDialer: Sendable {
  let member: Member
  let receiver: any PeerReceiver

  /// A connection could not be made.
  struct Failure: Error {
    let reason: String
    /// The peer is simply not there; worth one line, not one per attempt.
    let isOrdinary: Bool
    /// What one of the two has against the other.
    var refusal: PeerRefusal?
    /// The other side answers, but not in TLS: it may be of version 0.1.
    var speaksNoTLS = false
  }

  /// Bytes that may wait in a connection; beyond it messages are dropped, and sent again by
  /// Raft when the peer can take them.
  private static let waitingBytes = ChannelOptions.Types.WriteBufferWaterMark(
    low: 16 << 20, high: 32 << 20)
  /// What the other machine's kernel does not acknowledge for so long ends the connection
  /// (RFC 5482). Otherwise a connection that was cut silently heals only when TCP's next
  /// retransmission is due, which after a minute of silence may take another.
  #if os(Linux)
    private static let unacknowledged = NIOBSDSocket.Option(rawValue: 18)  // TCP_USER_TIMEOUT
    private static let unacknowledgedLimit: ChannelOptions.Types.SocketOption.Value = 1000  // ms
  #else
    private static let unacknowledged = NIOBSDSocket.Option(rawValue: 0x80)  // TCP_RXT_CONNDROPTIME
    private static let unacknowledgedLimit: ChannelOptions.Types.SocketOption.Value = 1  // s
  #endif
  private static let greetingPatience = TimeAmount.seconds(2)

  /// A connection on which the peer has welcomed this node.
  struct Connection: Sendable {
    let channel: any Channel
    /// The version that both agreed on.
    let wire: WireVersion
  }

  /// Connects and shakes hands.
  ///
  /// - Throws: ``Failure``, or `CancellationError`.
  func connect(for purpose: Frame.Purpose) async throws -> Connection {
    do {
      return try await connect(on: .second, for: purpose)
    } catch let failure as Failure where failure.speaksNoTLS && receiver.mayHearOldPeers {
      return try await connect(on: .first, for: purpose)
    }
  }

  private func connect(
    on wire: WireVersion, for purpose: Frame.Purpose
  ) async throws -> Connection {
    let address: NodeAddress
    do { address = try NodeAddress(parsing: member.address) } catch {
      throw Failure(reason: "bad address", isOrdinary: false)
    }
    do {
      let upgraded = try await ClientBootstrap(group: LoopExecutor.shared.loop)
        .connectTimeout(.seconds(1))
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelOption(.writeBufferWaterMark, value: Self.waitingBytes)
        .channelOption(
          .tcpOption(Self.unacknowledged), value: Self.unacknowledgedLimit
        )
        .connect(host: address.host, port: address.port) { channel in
          channel.eventLoop.makeCompletedFuture { try configure(channel, address, wire, purpose) }
        }
      return try await upgraded.get()
    } catch let failure as Failure {
      throw failure
    } catch is CancellationError {
      throw CancellationError()
    } catch let error as NIOSSLError {
      throw Failure(ofTLS: error)
    } catch {
      throw Failure(reason: "not listening", isOrdinary: true)
    }
  }

  private func configure(
    _ channel: any Channel, _ address: NodeAddress, _ wire: WireVersion, _ purpose: Frame.Purpose
  ) throws -> EventLoopFuture<Connection> {
    if wire != .first {
      try channel.pipeline.syncOperations.addHandler(try receiver.trust.clientHandler())
    }
    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/peer")
    head.headers.add(name: "Host", value: address.description)
    let greeted = channel.eventLoop.makePromise(of: Connection.self)
    let configuration = NIOTypedHTTPClientUpgradeConfiguration(
      upgradeRequestHead: head,
      upgraders: [
        PeerClientUpgrader(
          wire: wire, hello: hello(on: wire, for: purpose), receiver: receiver, greeted: greeted)
      ],
      notUpgradingCompletionHandler: { channel in
        channel.eventLoop.makeFailedFuture(
          Failure(reason: "it does not speak the wire between nodes", isOrdinary: false))
      })
    let upgraded = try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
      configuration: .init(upgradeConfiguration: configuration))
    upgraded.whenComplete { result in
      switch result {
      case .success(let hello):
        channel.writeAndFlush(ByteBuffer(.hello(hello)), promise: nil)
      case .failure(let error):
        greeted.fail(error)
        channel.close(promise: nil)
      }
    }
    // A process that was stopped still accepts connections, and then says nothing.
    let patience = channel.eventLoop.scheduleTask(in: Self.greetingPatience) {
      greeted.fail(Failure(reason: "no greeting", isOrdinary: true))
      channel.close(promise: nil)
    }
    greeted.futureResult.whenComplete { _ in patience.cancel() }
    return greeted.futureResult
  }

  private func hello(on wire: WireVersion, for purpose: Frame.Purpose) -> Frame.Hello {
    let own = receiver.identity
    return Frame.Hello(
      version: wire.rawValue, cluster: own.cluster, from: own.node, to: member.id,
      incarnation: own.incarnation, purpose: purpose, nonce: Handshake.nonce(),
      understands: wire == .first ? .first : .newest, confirmed: receiver.confirmed(by: member.id))
  }
}

extension PeerDialer.Failure {
  /// TLS could not be agreed on.
  fileprivate init(ofTLS error: NIOSSLError) {
    if error.isAboutTrust {
      self.init(
        reason: "it does not prove that it knows this cluster's secret", isOrdinary: false,
        refusal: .secret)
    } else {
      self.init(reason: "it does not speak TLS", isOrdinary: false, speaksNoTLS: true)
    }
  }
}

/// Turns an upgraded client connection into a stream of frames.
private struct PeerClientUpgrader: NIOTypedHTTPClientProtocolUpgrader {
  let wire: WireVersion
  let requiredUpgradeHeaders: [String] = []
  let hello: Frame.Hello
  let receiver: any PeerReceiver
  let greeted: EventLoopPromise<PeerDialer.Connection>

  var supportedProtocol: String { wire.protocolName }

  func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {}

  func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool { true }

  /// The hello that is to be said now.
  func upgrade(
    channel: any Channel, upgradeResponse: HTTPResponseHead
  ) -> EventLoopFuture<Frame.Hello> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      let handshake =
        if wire == .first {
          receiver.trust.handshake(on: wire)
        } else {
          receiver.trust.handshake(
            boundTo: try pipeline.nioSSL_peerCertificate()?.toDERBytes() ?? [])
        }
      try pipeline.addHandlers([
        ByteToMessageHandler(FrameDecoder()),
        PeerGreeter(
          wire: wire, hello: hello, handshake: handshake, receiver: receiver, greeted: greeted),
      ])
      return hello
    }
  }
}

/// The connecting side of the handshake. Afterwards it passes on what the peer sends back.
private final class PeerGreeter: ChannelInboundHandler {
  typealias InboundIn = Frame

  private let wire: WireVersion
  private let hello: Frame.Hello
  private let handshake: Handshake
  private let receiver: any PeerReceiver
  private let greeted: EventLoopPromise<PeerDialer.Connection>

  init(
    wire: WireVersion, hello: Frame.Hello, handshake: Handshake, receiver: any PeerReceiver,
    greeted: EventLoopPromise<PeerDialer.Connection>
  ) {
    self.wire = wire
    self.hello = hello
    self.handshake = handshake
    self.receiver = receiver
    self.greeted = greeted
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .challenge(let challenge): answer(challenge, context)
    case .welcome(let welcome):
      guard receiver.has(welcome?.confirmed, knownBy: hello.to) else {
        return fail("this node " + PeerRefusal.ownRollback, context, .rolledBack)
      }
      greeted.succeed(PeerDialer.Connection(channel: context.channel, wire: wire))
    case .refused(let code):
      guard let refusal = PeerRefusal(rawValue: code) else {
        return fail("it refuses this node: \(code.prefix(100))", context)
      }
      receiver.refused(by: hello.to, refusal)
      fail("it refuses this node: \(refusal.message)", context, refusal)
    case .message(let message):
      receiver.receive(
        Envelope(from: hello.to, to: receiver.identity.node, message: message))
    case .snapshotReceived: context.fireUserInboundEventTriggered(SnapshotReceived())
    case .snapshotBegin, .snapshotPart, .snapshotEnd:
      guard hello.purpose == .fetch else {
        return fail("it does not keep to the protocol", context)
      }
      context.fireChannelRead(data)
    default: fail("it does not keep to the protocol", context)
    }
  }

  private func answer(_ challenge: Frame.Challenge, _ context: ChannelHandlerContext) {
    guard
      handshake.accepts(
        challenge.proof, .accept, hello, nonce: challenge.nonce,
        incarnation: challenge.incarnation)
    else { return fail(PeerRefusal.secret.message, context, .secret) }
    let proof = handshake.proof(
      .connect, hello, nonce: challenge.nonce, incarnation: challenge.incarnation)
    let (receiver, peer) = (receiver, hello.to)
    let decision = context.eventLoop.makeFutureWithTask {
      await receiver.objection(
        to: peer, incarnation: challenge.incarnation, understands: challenge.understands ?? .first)
    }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    decision.whenSuccess { objection in
      let (greeter, context) = bound.value
      if let objection { return greeter.fail(objection.message, context, objection) }
      context.writeAndFlush(NIOAny(ByteBuffer(.proof(proof))), promise: nil)
    }
  }

  private func fail(
    _ reason: String, _ context: ChannelHandlerContext, _ refusal: PeerRefusal? = nil
  ) {
    greeted.fail(PeerDialer.Failure(reason: reason, isOrdinary: false, refusal: refusal))
    context.close(promise: nil)
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

/// The peer has the whole state, safe on its disk.
struct SnapshotReceived: Sendable {}
