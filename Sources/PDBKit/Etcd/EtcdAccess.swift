// By what a program may use an etcd: certificates, and a user with a password.

import NIOConcurrencyHelpers
import NIOSSL
public import PDBModel

/// What is shown to an etcd, and what it must show.
public struct EtcdAccess: Sendable {
  /// A file with the authorities that signed the members' certificates, in PEM; `nil`: the system's.
  public var authorities: String?
  /// The files of the certificate that is shown, and of its key, in PEM.
  public var certificate: (certificate: String, key: String)?
  /// A user of etcd, and the password.
  public var user: (name: String, password: String)?

  /// An access; without anything else it is that of everybody.
  public init() {}

  /// - Throws: `bad_configuration` for files that cannot be read, and for a password that would be sent in
  ///   clear.
  func tls(for address: EtcdAddress) throws(PDBError) -> TLSConfiguration? {
    guard address.isSecure else {
      guard user == nil || address.endpoints.allSatisfy(\.isLoopback) else {
        throw PDBError(
          .badConfiguration, "the password for '\(address)' would be sent in clear",
          hint: "name it as etcds://..., in TLS")
      }
      return nil
    }
    var tls = TLSConfiguration.makeClientConfiguration()
    do {
      if let authorities {
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorities))
      }
      if let certificate {
        tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate.certificate).map {
          .certificate($0)
        }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem))
      }
    } catch {
      throw PDBError(
        .badConfiguration, "a certificate or key for etcd cannot be read: \(error)",
        hint: "'pdb config list' shows core.etcd-ca, core.etcd-cert and core.etcd-key")
    }
    return tls
  }
}
