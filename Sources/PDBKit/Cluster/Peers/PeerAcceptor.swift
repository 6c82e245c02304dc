// The receiving end of a peer's connection.

package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import PDBCoordinator
package import PDBModel
import Raft

/// Greets a peer that connected and passes on what it says.
package final class PeerAcceptor: ChannelInboundHandler {
  typealias InboundIn = Frame

  private enum State {
    case awaitingHello
    case awaitingProof(Frame.Hello, nonce: Bytes)
    case admitting
    case messages(NodeID)
    case snapshot(SnapshotReception)
    case fetch(NodeID)
    case closed
  }

  private let wire: WireVersion
  private let receiver: any PeerReceiver
  private let handshake: Handshake
  private let logger: Logger
  private var state = State.awaitingHello
  private var deadline: Scheduled<Void>?

  /// - Parameter wire: the version that the peer and this node agreed on.
  package init(_ wire: WireVersion, receiver: any PeerReceiver, logger: Logger) {
    self.wire = wire
    self.receiver = receiver
    handshake = receiver.trust.handshake(on: wire)
    self.logger = logger
  }

  /// A peer that upgraded and then says nothing is let go.
  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: .seconds(5)) { channel.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (unwrapInboundIn(data), state) {
    case (.hello(let hello), .awaitingHello): challenge(hello, context)
    case (.proof(let proof), .awaitingProof(let hello, let nonce)):
      check(proof, of: hello, nonce, context)
    case (.message(let message), .messages(let peer)):
      receiver.receive(Envelope(from: peer, to: receiver.identity.node, message: message))
    case (.stateHash(let hash), .messages(let peer)):
      receiver.receive(hash, from: peer)
    case (.stateRequest, .fetch(let peer)):
      receiver.sendState(over: context.channel, to: peer)
    // The peer has all of it.
    case (.snapshotReceived, .fetch): close(context)
    case (let frame, .snapshot(let reception)):
      reception.receive(frame, context)
    default:
      close(context)
    }
  }

  // MARK: The handshake

  private func challenge(_ hello: Frame.Hello, _ context: ChannelHandlerContext) {
    guard hello.version == wire.rawValue else {
      return refuse(hello.from, .version, context)
    }
    let (nonce, own) = (Handshake.nonce(), receiver.identity.incarnation)
    state = .awaitingProof(hello, nonce: nonce)
    let proof = handshake.proof(.accept, hello, nonce: nonce, incarnation: own)
    var challenge = Frame.Challenge(nonce: nonce, incarnation: own, proof: proof)
    challenge.understands = wire == .first ? nil : .newest
    write(.challenge(challenge), context)
  }

  private func check(
    _ proof: Bytes, of hello: Frame.Hello, _ nonce: Bytes, _ context: ChannelHandlerContext
  ) {
    let own = receiver.identity
    guard
      handshake.accepts(
        proof, .connect, hello, nonce: nonce, incarnation: own.incarnation)
    else { return refuse(hello.from, .secret, context) }
    if hello.cluster != own.cluster { return refuse(hello.from, .cluster, context) }
    if hello.to != own.node { return refuse(hello.from, .node, context) }
    state = .admitting
    let receiver = receiver
    let decision = context.eventLoop.makeFutureWithTask {
      await receiver.objection(
        to: hello.from, incarnation: hello.incarnation, understands: hello.understands)
    }
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    decision.whenSuccess { objection in
      let (handler, context) = bound.value
      guard case .admitting = handler.state else { return }
      if let objection { return handler.refuse(hello.from, objection, context) }
      handler.admit(hello, context)
    }
  }

  private func admit(_ hello: Frame.Hello, _ context: ChannelHandlerContext) {
    guard receiver.has(hello.confirmed, knownBy: hello.from) else {
      return refuse(hello.from, .rolledBack, context)
    }
    deadline?.cancel()
    switch hello.purpose {
    case .messages:
      state = .messages(hello.from)
      receiver.connectionOpened(by: hello.from, context.channel)
    case .snapshot:
      state = .snapshot(
        SnapshotReception(from: hello.from, receiver: receiver, logger: logger))
    case .fetch: state = .fetch(hello.from)
    }
    write(
      .welcome(wire == .first ? nil : Frame.Welcome(receiver.confirmed(by: hello.from))), context)
    context.fireUserInboundEventTriggered(PeerAdmitted())
  }

  private func refuse(
    _ peer: NodeID, _ reason: PeerRefusal, _ context: ChannelHandlerContext
  ) {
    receiver.noteRefusal(of: peer, reason)
    write(.refused(reason.rawValue), context)
    close(context)
  }

  private func write(_ frame: Frame, _ context: ChannelHandlerContext) {
    context.writeAndFlush(NIOAny(ByteBuffer(frame)), promise: nil)
  }

  // MARK: The end

  private func close(_ context: ChannelHandlerContext) {
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    switch state {
    case .messages(let peer):
      receiver.connectionClosed(by: peer, context.channel)
      receiver.lostConnection(to: peer)
    case .snapshot(let reception): reception.abandon()
    default: break
    }
    state = .closed
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

/// A peer that connected has proved itself, and is heard.
package struct PeerAdmitted: Sendable {}
