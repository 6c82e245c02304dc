// The cluster's own certificate authority. Its signing key follows from the cluster's secret, so every
// member has it without being told, and it is known by its hash, whatever certificates say.

import Crypto
import Foundation
package import PDBModel
import SwiftASN1
import X509

/// The key that signs the certificates of a cluster's nodes.
package struct ClusterKey: Sendable {
  private let key: P256.Signing.PrivateKey
  /// By which clients know it.
  package let hash: KeyHash

  package init(_ secret: ClusterSecret) {
    key = Self.signingKey(secret)
    hash = KeyHash(ofPublicKey: Bytes(key.publicKey.derRepresentation))
  }

  /// One number in 2^32 is no private key.
  private static func signingKey(_ secret: ClusterSecret) -> P256.Signing.PrivateKey {
    for attempt in 0... {
      let bytes = secret.key(for: "signing key \(attempt)").withUnsafeBytes { Bytes($0) }
      if let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) { return key }
    }
    fatalError("no bytes are a key")
  }

  /// A certificate, in DER, with the key that it is about.
  package struct Leaf: Sendable {
    package let certificate: Bytes
    /// In DER.
    package let key: Bytes
  }

  /// When certificates are valid whose time nobody needs to check: who issues them has the key now.
  private static let always =
    Date(timeIntervalSince1970: 1_577_836_800)...Date(timeIntervalSince1970: 4_733_510_400)

  /// The certificate of the key itself, in DER; another one each time, of the same name and key.
  package func root() throws -> Bytes {
    try certificate(
      of: Certificate.PublicKey(key.publicKey), named: name, at: Self.always,
      Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true))
        SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
      })
  }

  /// The same as text (RFC 7468).
  package var rootInPEM: String {
    get throws { PEMDocument(type: "CERTIFICATE", derBytes: try root()).pemString + "\n" }
  }

  /// A certificate for a server, with a key that was made for it.
  ///
  /// - Parameters:
  ///   - name: what people read.
  ///   - hosts: names and IP addresses by which the server is reached.
  ///   - days: how long it is valid from now on; `nil`: always.
  package func issue(to name: String, hosts: [String], days: Int? = nil) throws -> Leaf {
    let key = P256.Signing.PrivateKey()
    let now = Date()
    // Clocks differ.
    let validity = days.map {
      now.addingTimeInterval(-86_400)...now.addingTimeInterval(Double($0) * 86_400)
    }
    let names = hosts.map { host in
      Self.address(host).map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        ?? GeneralName.dnsName(host)
    }
    let certificate = try certificate(
      of: Certificate.PublicKey(key.publicKey),
      named: DistinguishedName {
        OrganizationName("pdb")
        CommonName(name)
      },
      at: validity ?? Self.always,
      Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(names)
        AuthorityKeyIdentifier(
          keyIdentifier: SubjectKeyIdentifier(hash: Certificate.PublicKey(self.key.publicKey))
            .keyIdentifier)
      })
    return Leaf(certificate: certificate, key: Bytes(key.derRepresentation))
  }

  /// The bytes of an IP address; `nil` for a name.
  private static func address(_ host: String) -> Bytes? {
    var bytes = Bytes(repeating: 0, count: 16)
    if inet_pton(AF_INET, host, &bytes) == 1 { return Bytes(bytes.prefix(4)) }
    return inet_pton(AF_INET6, host, &bytes) == 1 ? bytes : nil
  }

  private var name: DistinguishedName {
    get throws {
      try DistinguishedName {
        OrganizationName("pdb")
        CommonName("pdb cluster \(hash)")
      }
    }
  }

  private func certificate(
    of subject: Certificate.PublicKey, named name: DistinguishedName,
    at validity: ClosedRange<Date>, _ extensions: Certificate.Extensions
  ) throws -> Bytes {
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: subject,
      notValidBefore: validity.lowerBound, notValidAfter: validity.upperBound,
      issuer: self.name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: extensions, issuerPrivateKey: Certificate.PrivateKey(key))
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }
}
