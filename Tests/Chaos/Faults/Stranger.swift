// One connection of a stranger: it costs the node something, and never becomes anything.

import Foundation

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

/// A connection.
final class Stranger {
  /// No cluster gets there by elections.
  static let inventedTerm: UInt64 = 1 << 40

  private let descriptor: Int32
  /// What the node has not taken yet.
  private var rest: ArraySlice<UInt8>

  /// - Parameters:
  ///   - address: `host:port`, IPv4.
  ///   - bytes: all that is said.
  init?(_ address: String, saying bytes: [UInt8]) {
    let parts = address.split(separator: ":")
    guard parts.count == 2, let port = UInt16(parts[1]) else { return nil }
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    guard inet_pton(AF_INET, String(parts[0]), &place.sin_addr) == 1 else { return nil }
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    rest = bytes[...]
    guard descriptor >= 0 else { return nil }
    // What the node sends stays with it.
    var room: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    _ = withUnsafePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Sends what the node takes now.
  func push() {
    guard !rest.isEmpty else { return }
    let count = rest.withUnsafeBytes {
      send(descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
    }
    if count > 0 { rest = rest.dropFirst(count) }
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
