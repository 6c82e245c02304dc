// The certificate by which the nodes of a cluster are known.

public import PDBModel

/// The certificate of a cluster's key, which signs those of its nodes.
public struct ClusterCertificate: Sendable {
  /// By which the key is known.
  public let key: KeyHash
  /// As text (RFC 7468).
  public let pem: String

  package init(key: KeyHash, pem: String) {
    self.key = key
    self.pem = pem
  }
}
