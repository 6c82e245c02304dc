// How a node of another machine is let in: one word that says where the cluster is, by what it is known,
// and as which member the node may join.

import Crypto
public import PDBModel
package import Raft

/// What `pdb cluster invite` prints. Who has it can become a member of the cluster, once, until it
/// expires; nothing is kept of it anywhere.
///
///     pdb-invite-BASE64URL(cluster key member expiry proof [address])
///
/// `expiry` is in milliseconds since 1970, the proof is HMAC-SHA256 of everything before it, with a key
/// that follows from the cluster's secret. A member that joined, or was removed
/// again, has its id for ever: that is what makes it good for one time.
public struct Invitation: Sendable {
  /// Where the members are.
  public let addresses: [NodeAddress]
  package let cluster: String
  /// By which the cluster is known.
  package let key: KeyHash
  /// What the new member will be.
  package let member: NodeID
  package let expiry: Timestamp
  private var proof: Bytes

  private static let prefix = "pdb-invite-"

  /// An invitation to the cluster with this secret.
  package init(
    to cluster: String, at addresses: [NodeAddress], secret: ClusterSecret, until expiry: Timestamp
  ) {
    self.addresses = addresses
    self.cluster = cluster
    self.expiry = expiry
    key = ClusterKey(secret).hash
    member = .random(in: 1 ... .max)
    proof = []
    proof = Bytes(
      HMAC<SHA256>.authenticationCode(for: claim, using: Self.authenticationKey(secret)))
  }

  /// Whether a text is meant to be one.
  public static func isMeant(by text: String) -> Bool { text.hasPrefix(prefix) }

  /// Reads what ``text`` writes.
  ///
  /// - Throws: `bad_request` if it is something else.
  public init(parsing text: String) throws {
    do {
      guard let bytes = Base64.decode(text.dropFirst(Self.prefix.count), .url),
        Self.isMeant(by: text)
      else { throw Malformed() }
      var reader = BinaryReader(bytes)
      cluster = try reader.readString()
      key = KeyHash(try reader.readBytes())
      member = try reader.readUInt64()
      expiry = Timestamp(milliseconds: Int64(clamping: try reader.readUInt64()))
      proof = try reader.readBytes()
      addresses = try reader.readList { try NodeAddress(parsing: try $0.readString()) }
      try reader.finish()
      guard key.bytes.count == 32, !addresses.isEmpty else { throw Malformed() }
    } catch {
      throw PDBError(
        .badRequest, "this is not an invitation, or not all of one",
        hint: "'pdb cluster invite' on a member prints one")
    }
  }

  private struct Malformed: Error {}

  /// One word.
  public var text: String {
    var writer = BinaryWriter()
    write(to: &writer)
    writer.write(proof)
    writer.write(list: addresses) { $0.write($1.description) }
    return Self.prefix + Base64.encode(writer.bytes, .url)
  }

  /// What is proved.
  private var claim: Bytes {
    var writer = BinaryWriter()
    write(to: &writer)
    return writer.bytes
  }

  private func write(to writer: inout BinaryWriter) {
    writer.write(cluster)
    writer.write(key.bytes)
    writer.write(member)
    writer.write(UInt64(clamping: expiry.milliseconds))
  }

  private static func authenticationKey(_ secret: ClusterSecret) -> SymmetricKey {
    secret.key(for: "invitations")
  }

  /// - Parameter secret: of this node's cluster.
  /// - Throws: `unauthorized` if it is not this cluster's, or too old.
  package func check(_ secret: ClusterSecret, now: Timestamp = .now) throws(PDBError) {
    guard
      HMAC<SHA256>.isValidAuthenticationCode(
        proof, authenticating: claim, using: Self.authenticationKey(secret))
    else {
      throw PDBError(.unauthorized, "this invitation is not of this cluster")
    }
    guard now < expiry else {
      throw PDBError(
        .unauthorized, "this invitation has expired",
        hint: "'pdb cluster invite' on a member prints a new one")
    }
  }
}
