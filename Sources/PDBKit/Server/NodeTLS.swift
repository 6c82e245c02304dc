// What a node shows to those who connect to it in TLS: to peers what they pin, to clients a certificate
// with the names by which they reach it.

import Foundation
import Logging
import NIOCertificateReloading
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL
import PDBCluster
import PDBModel

/// The accepting end of TLS on a node's port.
struct NodeTLS: Sendable {
  let context: NIOSSLContext
  /// How this node reaches others as a client of theirs.
  let forNodes: TLSConfiguration
  /// Reads the certificate for clients again when its files change; to be run.
  let reloader: TimedCertificateReloader?

  /// - Throws: `bad_configuration` if a file with a certificate or a key cannot be read.
  init(_ trust: PeerTrust, _ configuration: NodeConfiguration, _ logger: Logger) throws {
    let forPeers = try trust.identity
    let reloader = try configuration.tlsCertificate.map { try Self.reloader($0, logger) }
    self.reloader = reloader
    let issued = ClientCertificates(trust.key, hosts: Self.hosts(of: configuration))
    let forClients = { @Sendable in
      if let reloader { reloader.sslContextConfigurationOverride } else { try issued.current() }
    }
    // For clients there may be none, so their certificate waits for the first of them.
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: forPeers.certificateChain!, privateKey: forPeers.privateKey!)
    tls.minimumTLSVersion = .tlsv12
    tls.shutdownTimeout = .milliseconds(200)
    tls.sslContextCallback = { values, decision in
      if values.serverHostname == PeerTrust.serverName {
        decision.succeed(forPeers)
      } else {
        decision.completeWith(Result { try forClients() })
      }
    }
    context = try NIOSSLContext(configuration: tls)
    var forNodes = TLSConfiguration.makeClientConfiguration()
    if let file = configuration.tlsAuthorities {
      do { forNodes.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file)) } catch {
        throw PDBError(
          .badConfiguration, "--tls-ca: '\(file)' cannot be read, or holds no certificates in PEM")
      }
    }
    forNodes.additionalTrustRoots = [.certificates([trust.root])]
    self.forNodes = forNodes
  }

  private static func reloader(
    _ files: (certificate: String, key: String), _ logger: Logger
  ) throws -> TimedCertificateReloader {
    let isFailing = NIOLockedValueBox(true)
    let reloading = TimedCertificateReloader.Configuration(
      refreshInterval: .seconds(10),
      certificateSource: .init(location: .file(path: files.certificate), format: .pem),
      privateKeySource: .init(location: .file(path: files.key), format: .pem)
    ) { configuration in
      configuration.onCertificateLoaded = { _ in isFailing.withLockedValue { $0 = false } }
      configuration.onCertificateLoadFailed = { failure in
        let isNews = isFailing.withLockedValue { isFailing in
          defer { isFailing = true }
          return !isFailing
        }
        guard isNews else { return }
        logger.warning(
          "the certificate for clients cannot be read again: the one before is shown",
          metadata: ["error": "\(failure.error)"])
      }
    }
    do { return try .makeReloaderValidatingSources(configuration: reloading) } catch {
      throw PDBError(
        .badConfiguration,
        "'\(files.certificate)' and '\(files.key)' are not a certificate and its key: \(error)")
    }
  }

  /// By which clients may reach the node.
  private static func hosts(of configuration: NodeConfiguration) -> [String] {
    var hosts = ["localhost", "127.0.0.1", "::1"]
    for host in [configuration.reachableAddress.host, configuration.address.host]
    where !hosts.contains(host) { hosts.insert(host, at: 0) }
    return hosts
  }
}

/// Certificates that browsers take: they accept none that is valid for much more than a year.
private final class ClientCertificates: Sendable {
  private let key: ClusterKey
  private let hosts: [String]
  private let issued = NIOLockedValueBox<(NIOSSLContextConfigurationOverride, Date)?>(nil)

  private static let validDays = 397
  private static let renewal: TimeInterval = 30 * 86_400

  init(_ key: ClusterKey, hosts: [String]) {
    self.key = key
    self.hosts = hosts
  }

  /// A node that runs for long issues a new one from time to time.
  func current() throws -> NIOSSLContextConfigurationOverride {
    try issued.withLockedValue { issued in
      let now = Date()
      if let (identity, date) = issued, abs(now.timeIntervalSince(date)) < Self.renewal {
        return identity
      }
      let leaf = try key.issue(to: "pdb \(hosts[0])", hosts: hosts, days: Self.validDays)
      var identity = NIOSSLContextConfigurationOverride()
      identity.certificateChain = try [leaf.certificate, key.root()].map {
        .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
      }
      identity.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: leaf.key, format: .der))
      issued = (identity, now)
      return identity
    }
  }
}
