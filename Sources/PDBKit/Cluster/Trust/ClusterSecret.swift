// What makes a node one of a cluster: all keys of the cluster follow from one secret.

package import Crypto
import PDBModel

/// What the members of a cluster share, and no other process knows.
package struct ClusterSecret: Hashable, Sendable {
  /// Visible ASCII characters.
  package let text: String

  /// - Parameter text: as secret as it is hard to guess: strangers can try guesses by themselves.
  package init(_ text: String) { self.text = text }

  /// One that nobody can guess.
  package static func random() -> ClusterSecret {
    ClusterSecret(SymmetricKey(size: .bits256).withUnsafeBytes { Bytes($0) }.hexadecimal)
  }

  /// What nodes prove to each other that they know: the HMAC key of Handshake.swift.
  var key: SymmetricKey { SymmetricKey(data: Bytes(utf8: text)) }

  /// A key for one purpose, from which neither the secret follows nor another key (HKDF, RFC 5869).
  func key(for purpose: String) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: key, salt: Bytes(utf8: "pdb"), info: Bytes(utf8: purpose),
      outputByteCount: 32)
  }

  /// The secret of one cluster, where this is that of a user who has several.
  func secret(ofCluster cluster: String) -> ClusterSecret {
    ClusterSecret(key(for: "cluster \(cluster)").withUnsafeBytes { Bytes($0) }.hexadecimal)
  }
}

extension [UInt8] {
  fileprivate var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
