// One connection of a stranger: it costs the node something, and never becomes anything.

import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// What strangers do with a connection. None of them ever reads.
enum StrangerKind: CaseIterable, Sendable {
  /// Says nothing.
  case silent
  /// Announces a large body, and sends half of it.
  case unfinishedBody
  /// Asks for a long list again and again.
  case deafClient
  /// Listens to all changes, and takes none.
  case deafStream
  /// Speaks on `/peer`, but not what nodes speak.
  case garblingPeer
  /// Plays a node that is no member, with a proof that is none, and votes.
  case inventedPeer
  /// Plays another member, with a proof that is none, and sends entries.
  case falsePeer
}

/// A connection in TLS, of which nothing is taken that the node says.
final class Stranger: Sendable {
  /// No cluster gets there by elections.
  static let inventedTerm: UInt64 = 1 << 40

  private let connection: EventLoopFuture<any Channel>

  /// - Parameters:
  ///   - address: `host:port`.
  ///   - serverName: for whom the node shall take it.
  ///   - bytes: all that is said.
  init?(_ address: String, as serverName: String?, saying bytes: [UInt8]) {
    let parts = address.split(separator: ":")
    guard parts.count == 2, let port = Int(parts[1]) else { return nil }
    connection = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(1))
      .channelOption(.socketOption(.so_rcvbuf), value: 4096)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          var tls = TLSConfiguration.makeClientConfiguration()
          tls.certificateVerification = .none
          try channel.pipeline.syncOperations.addHandlers([
            NIOSSLClientHandler(
              context: NIOSSLContext(configuration: tls), serverHostname: serverName),
            Deafness(ByteBuffer(bytes: bytes)),
          ])
        }
      }
      .connect(host: String(parts[0]), port: port)
  }

  deinit { connection.whenSuccess { $0.close(mode: .all, promise: nil) } }

  /// Speaks as soon as it can, and reads no more from then on.
  private final class Deafness: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bytes: ByteBuffer

    init(_ bytes: ByteBuffer) { self.bytes = bytes }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      guard case .handshakeCompleted = event as? TLSUserEvent else { return }
      try? context.channel.syncOptions?.setOption(.autoRead, value: false)
      if bytes.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}

extension StrangerKind {
  /// Nodes are asked for by a name of their own.
  var serverName: String? {
    switch self {
    case .garblingPeer, .inventedPeer, .falsePeer: "peer.pdb"
    case .silent, .unfinishedBody, .deafClient, .deafStream: nil
    }
  }
}

// MARK: What they say

/// The node that is spoken to, as strangers may know it.
struct StrangerTarget {
  let address: String
  let token: String
  let status: NodeStatus?
  /// The id of another member.
  let peer: String?

  func words(_ kind: StrangerKind, _ dice: inout Randomness) -> [UInt8] {
    let start = " HTTP/1.1\r\nHost: \(address)\r\n"
    let token = "Authorization: Bearer \(token)\r\n\r\n"
    switch kind {
    case .silent: return []
    case .unfinishedBody:
      let head =
        "POST /set\(start)Content-Type: application/json\r\nContent-Length: 1000000\r\n\(token)"
      return Array(head.utf8) + [UInt8](repeating: 0x20, count: 500_000)
    case .deafClient:
      return Array(String(repeating: "GET /kv?consistency=stale\(start)\(token)", count: 2000).utf8)
    case .deafStream: return Array("GET /events?since=0\(start)\(token)".utf8)
    case .garblingPeer:
      return upgrade + (0..<dice.below(20_000)).map { _ in UInt8(dice.below(256)) }
    case .inventedPeer:
      return upgrade + hello(from: dice.next(), &dice) + proof(&dice)
        + frame(18, numbers: [Stranger.inventedTerm, 1 << 30, Stranger.inventedTerm, 1])
    case .falsePeer:
      let member = peer.flatMap { UInt64($0, radix: 16) } ?? 0
      return upgrade + hello(from: member, &dice) + proof(&dice)
        + frame(20, numbers: [Stranger.inventedTerm, 0, 0, 1, 0, 0])
    }
  }

  private var upgrade: [UInt8] {
    let head = "GET /peer HTTP/1.1\r\nHost: \(address)\r\nConnection: upgrade\r\n"
    return Array((head + "Upgrade: pdb-raft/2\r\n\r\n").utf8)
  }

  /// `Frame.swift` specifies the bytes.
  private func hello(from id: UInt64, _ dice: inout Randomness) -> [UInt8] {
    let to = status.flatMap { UInt64($0.node, radix: 16) } ?? 0
    let cluster = Array((status?.cluster ?? "").utf8)
    return frame(
      1,
      Self.number(2) + Self.number(UInt64(cluster.count)) + cluster + Self.number(id)
        + Self.number(to) + Self.number(dice.next()) + Self.number(0) + nonce(&dice)
        + Self.number(1) + [0])
  }

  private func proof(_ dice: inout Randomness) -> [UInt8] { frame(3, nonce(&dice)) }

  private func nonce(_ dice: inout Randomness) -> [UInt8] {
    Self.number(32) + (0..<32).map { _ in UInt8(dice.below(256)) }
  }

  private func frame(_ type: UInt8, numbers: [UInt64]) -> [UInt8] {
    frame(type, numbers.flatMap(Self.number))
  }

  private func frame(_ type: UInt8, _ fields: [UInt8]) -> [UInt8] {
    let length = UInt32(fields.count + 1)
    return (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + [type] + fields
  }

  /// Seven bits a byte, the low ones first.
  private static func number(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
