// How two nodes prove to each other that they know the cluster's secret.
//
//   proof of the accepting node   HMAC-SHA256(secret, "accept"  || hello || nonce || incarnation || binding)
//   proof of the connecting node  HMAC-SHA256(secret, "connect" || hello || nonce || incarnation || binding)
//
// `hello` is the whole hello frame with the connecting node's nonce, `nonce` and `incarnation`
// are the accepting node's; every part is preceded by its length. Both nonces are 16 random
// bytes, so no proof can be used twice (RFC 2104; FIPS 198-1). `binding` is the SHA-256 of the
// certificate that the accepting node showed, so no proof can be used on another connection.
//
// On a wire of version 1 there is no certificate and no binding, and members that have no secret prove
// nothing.

import Crypto
import PDBModel
import Raft

/// What one connection between nodes is proved by.
struct Handshake: Sendable {
  /// `nil`: every proof is accepted.
  let secret: ClusterSecret?
  /// `nil` on a wire of version 1.
  let binding: Bytes?

  enum Side: String {
    case accept, connect
  }

  func proof(_ side: Side, _ hello: Frame.Hello, nonce: Bytes, incarnation: UInt64) -> Bytes {
    guard let secret else { return [] }
    let text = text(side, hello, nonce, incarnation)
    return Bytes(HMAC<SHA256>.authenticationCode(for: text, using: secret.key))
  }

  /// Takes the same time whatever the proof is.
  func accepts(
    _ proof: Bytes, _ side: Side, _ hello: Frame.Hello, nonce: Bytes, incarnation: UInt64
  ) -> Bool {
    guard let secret else { return true }
    let text = text(side, hello, nonce, incarnation)
    return HMAC<SHA256>.isValidAuthenticationCode(proof, authenticating: text, using: secret.key)
  }

  private func text(
    _ side: Side, _ hello: Frame.Hello, _ nonce: Bytes, _ incarnation: UInt64
  ) -> Bytes {
    var writer = BinaryWriter()
    writer.write(side.rawValue)
    writer.write(Frame.hello(hello).encoded())
    writer.write(nonce)
    writer.write(incarnation)
    if let binding { writer.write(binding) }
    return writer.bytes
  }

  static func nonce() -> Bytes {
    var random = SystemRandomNumberGenerator()
    return (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }
}
