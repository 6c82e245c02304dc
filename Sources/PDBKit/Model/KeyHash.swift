// By which the key of a cluster is known.

import Crypto

/// The SHA-256 of a cluster's public key as certificates have it (RFC 5280, section 4.1.2.7), written
/// `SHA256:` and base64 without padding, as OpenSSH writes those of its keys.
public struct KeyHash: Hashable, Sendable, CustomStringConvertible {
  /// 32 bytes.
  package let bytes: Bytes

  /// - Parameter bytes: 32 of them.
  package init(_ bytes: Bytes) { self.bytes = bytes }

  /// - Parameter key: in DER.
  package init(ofPublicKey key: Bytes) { bytes = Bytes(SHA256.hash(data: key)) }

  /// Reads what ``description`` writes.
  ///
  /// - Throws: `bad_configuration` if it is something else.
  public init(parsing text: String) throws {
    let encoded = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : Substring(text)
    guard let bytes = Base64.decode(encoded), bytes.count == 32 else {
      throw PDBError(
        .badConfiguration, "'\(text.escapingControlCharacters)' is not the hash of a key",
        hint: "'pdb cluster cert --hash' prints it: SHA256 and 43 characters")
    }
    self.init(bytes)
  }

  public var description: String { Self.prefix + Base64.encode(bytes) }

  private static let prefix = "SHA256:"
}
