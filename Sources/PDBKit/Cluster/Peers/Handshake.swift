// How two nodes prove to each other that they know the cluster's secret.
//
//   proof of the accepting node   HMAC-SHA256(secret, "accept"  || hello || nonce || incarnation)
//   proof of the connecting node  HMAC-SHA256(secret, "connect" || hello || nonce || incarnation)
//
// `hello` is the whole hello frame with the connecting node's nonce, `nonce` and `incarnation`
// are the accepting node's; every part is preceded by its length. Both nonces are 16 random
// bytes, so no proof can be used twice (RFC 2104; FIPS 198-1). Without a secret proofs are
// empty: then every process that can reach the port is trusted, so it must be loopback.

import Crypto
import PDBModel
import Raft

/// What the members of a cluster share, and no other process knows.
package struct ClusterSecret: Sendable {
  private let key: SymmetricKey?

  /// - Parameter secret: `nil` for a cluster that trusts every process that can reach it.
  package init(_ secret: String?) { key = secret.map { SymmetricKey(data: Bytes(utf8: $0)) } }

  var isSet: Bool { key != nil }

  enum Side: String {
    case accept, connect
  }

  func proof(_ side: Side, _ hello: Frame.Hello, nonce: Bytes, incarnation: UInt64) -> Bytes {
    guard let key else { return [] }
    let text = Self.text(side, hello, nonce, incarnation)
    return Bytes(HMAC<SHA256>.authenticationCode(for: text, using: key))
  }

  /// Takes the same time whatever the proof is.
  func accepts(
    _ proof: Bytes, _ side: Side, _ hello: Frame.Hello, nonce: Bytes, incarnation: UInt64
  ) -> Bool {
    guard let key else { return true }
    let text = Self.text(side, hello, nonce, incarnation)
    return HMAC<SHA256>.isValidAuthenticationCode(proof, authenticating: text, using: key)
  }

  private static func text(
    _ side: Side, _ hello: Frame.Hello, _ nonce: Bytes, _ incarnation: UInt64
  ) -> Bytes {
    var writer = BinaryWriter()
    writer.write(side.rawValue)
    writer.write(Frame.hello(hello).encoded())
    writer.write(nonce)
    writer.write(incarnation)
    return writer.bytes
  }

  static func nonce() -> Bytes {
    var random = SystemRandomNumberGenerator()
    return (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
  }
}
