// How a node proves that it knows the token before it is sent it, where no certificate does: on this
// machine, where any user may listen on the port of a node that is down.

import Crypto
package import PDBModel

/// The proof: HMAC-SHA256 (RFC 2104) of a challenge and of the address that was connected to, with the token as the
/// key. Over another address the proof is another one: nobody can have a node prove it for him.
package enum TokenProof {
  /// In a question: 16 bytes in Base64 that nobody can have foreseen.
  package static let challengeField = "PDB-Challenge"
  /// In the answer.
  package static let proofField = "PDB-Proof"

  /// A challenge that was not used before.
  package static func challenge() -> String {
    var random = SystemRandomNumberGenerator()
    return Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) })
  }

  /// - Parameter address: of the accepting end of the connection.
  package static func proof(
    of token: Bytes, for challenge: String, at address: NodeAddress
  ) -> String {
    let text = "pdb token \(address) \(challenge)"
    let code = HMAC<SHA256>.authenticationCode(
      for: Bytes(utf8: text), using: SymmetricKey(data: token))
    return Base64.encode(Bytes(code))
  }
}
