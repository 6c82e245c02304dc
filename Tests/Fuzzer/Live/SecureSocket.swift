// A TCP connection in TLS, as a peer opens it.

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL
import PDBCluster
import PDBModel

/// Sends bytes as they are, in TLS. Every wait has an end.
final class SecureSocket {
  private let channel: any Channel
  private let incoming: Incoming
  /// What the proofs on the connection are bound to.
  let binding: Bytes

  /// What has come and was not taken yet.
  private final class Incoming: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private struct State {
      var bytes: Bytes = []
      var isClosed = false
    }

    /// Whether there is something to take, or nothing more will come.
    private let isReady = ConditionLock(value: false)
    private let state = NIOLockedValueBox(State())

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let buffer = unwrapInboundIn(data)
      change { $0.bytes += buffer.readableBytesView }
    }

    func channelInactive(context: ChannelHandlerContext) { change { $0.isClosed = true } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }

    private func change(_ body: (inout State) -> Void) {
      isReady.lock()
      state.withLockedValue(body)
      isReady.unlock(withValue: true)
    }

    /// - Returns: `nil` when nothing more will come.
    /// - Throws: `TimedOut` if nothing comes for ten seconds.
    func take(waiting isWaiting: Bool) throws -> Bytes? {
      if !isWaiting {
        isReady.lock()
      } else if !isReady.lock(whenValue: true, timeoutSeconds: 10) {
        throw Socket.TimedOut()
      }
      let taken = state.withLockedValue { state in
        defer { state.bytes = [] }
        return state
      }
      isReady.unlock(withValue: taken.isClosed)
      return taken.bytes.isEmpty && taken.isClosed ? nil : taken.bytes
    }
  }

  init(_ address: NodeAddress, _ trust: PeerTrust) throws {
    let incoming = Incoming()
    channel = try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([trust.clientHandler(), incoming])
        }
      }
      .connect(host: address.host, port: address.port).wait()
    self.incoming = incoming
    // The first bytes that are sent wait for the certificate.
    try channel.writeAndFlush(ByteBuffer()).wait()
    let certificate = try channel.nioSSL_peerCertificate().wait()
    binding = PeerTrust.binding(to: try certificate?.toDERBytes() ?? [])
  }

  deinit { channel.close(promise: nil) }

  /// - Returns: whether the node took all of it; `false` if it has closed the connection.
  func send(_ bytes: Bytes) throws -> Bool {
    (try? channel.writeAndFlush(ByteBuffer(bytes: bytes)).wait()) != nil
  }

  /// What comes next; `nil` when the node has closed the connection.
  func receive() throws -> Bytes? { try incoming.take(waiting: true) }

  /// What has come already; `nil` when the node has closed the connection.
  func receiveNow() throws -> Bytes? { try incoming.take(waiting: false) }
}
