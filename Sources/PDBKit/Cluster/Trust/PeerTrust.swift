// How a node proves itself to peers, and what it demands of them: TLS 1.3 (RFC 8446) with the cluster's
// key as the only authority, and inside of it the handshake of Handshake.swift, which both ends prove
// the cluster's secret by and which is bound to the certificate.

import Crypto
import NIOCore
package import NIOSSL
package import PDBModel

/// A node's credentials among its peers; made anew at each start.
package struct PeerTrust: Sendable {
  package let secret: ClusterSecret
  /// The key of the cluster.
  package let key: ClusterKey
  /// The certificate of that key.
  package let root: NIOSSLCertificate
  /// What peers of version 0.1 prove on a connection without TLS, while the cluster has that version
  /// still; `nil`: they are not heard.
  let old: OldTrust?
  private let leaf: ClusterKey.Leaf
  private let client: NIOSSLContext

  /// What members of version 0.1 know.
  package enum OldTrust: Sendable {
    case secret(ClusterSecret)
    /// They trusted every process of their machine.
    case everybody

    var secret: ClusterSecret? {
      if case .secret(let secret) = self { secret } else { nil }
    }
  }

  /// The name by which peers ask for this certificate, and not for the one that clients are shown.
  package static let serverName = "peer.pdb"

  package init(_ secret: ClusterSecret, old: OldTrust? = nil) throws {
    self.secret = secret
    self.old = old
    key = ClusterKey(secret)
    leaf = try key.issue(to: "pdb peer", hosts: [Self.serverName])
    root = try NIOSSLCertificate(bytes: try key.root(), format: .der)
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv13
    // A frozen peer does not take leave.
    configuration.shutdownTimeout = .milliseconds(200)
    configuration.trustRoots = .certificates([root])
    client = try NIOSSLContext(configuration: configuration)
  }

  /// What a node shows to the peers that connect to it.
  package var identity: NIOSSLContextConfigurationOverride {
    get throws {
      var identity = NIOSSLContextConfigurationOverride()
      identity.certificateChain = [
        .certificate(try NIOSSLCertificate(bytes: leaf.certificate, format: .der))
      ]
      identity.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: leaf.key, format: .der))
      return identity
    }
  }

  /// What the proofs on connections to this node are bound to.
  package var binding: Bytes { Self.binding(to: leaf.certificate) }

  /// What the proofs are bound to on a connection to a node that showed this certificate.
  package static func binding(to certificate: Bytes) -> Bytes {
    Bytes(SHA256.hash(data: certificate))
  }

  /// What is proved on a connection to this node.
  func handshake(on wire: WireVersion) -> Handshake {
    guard wire == .first else { return handshake(boundTo: leaf.certificate) }
    return Handshake(secret: old.map(\.secret) ?? secret, binding: nil)
  }

  /// What is proved on a connection to a node that showed this certificate.
  func handshake(boundTo certificate: Bytes) -> Handshake {
    Handshake(secret: secret, binding: Self.binding(to: certificate))
  }

  /// The connecting end of TLS.
  package func clientHandler() throws -> NIOSSLClientHandler {
    try NIOSSLClientHandler(context: client, serverHostname: Self.serverName)
  }
}
