// The HTTP clients for nodes that are reached in TLS: made when the first one is.

import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import PDBModel

/// Connections to nodes that must prove that they belong to a cluster.
actor SecureConnections {
  private let security: TransportSecurity
  private let configuration: HTTPClient.Configuration
  private var settings: TLSConfiguration?
  private var clients: [TimeAmount?: HTTPClient] = [:]

  /// - Parameter configuration: of the clients, but for TLS.
  init(_ security: TransportSecurity, _ configuration: HTTPClient.Configuration) {
    self.security = security
    self.configuration = configuration
  }

  /// A client for this node and the others of its cluster.
  ///
  /// - Parameter silence: how long an answer may pause; `nil`: as long as it wants.
  /// - Throws: ``PDBError`` if the node is not to be trusted; what the network throws.
  func client(for address: NodeAddress, silence: TimeAmount?) async throws -> HTTPClient {
    if let client = clients[silence] { return client }
    var configuration = configuration
    configuration.tlsConfiguration = try await tls(meeting: address)
    configuration.timeout.read = silence
    // It may have been made meanwhile.
    if let client = clients[silence] { return client }
    let client = HTTPClient(
      eventLoopGroupProvider: .shared(Loops.group), configuration: configuration)
    clients[silence] = client
    return client
  }

  func shutdown() async {
    for client in clients.values { try? await client.shutdown() }
    clients = [:]
  }

  private func tls(meeting address: NodeAddress) async throws -> TLSConfiguration {
    if let settings { return settings }
    var tls = TLSConfiguration.makeClientConfiguration()
    if let key = security.key {
      let shown = try await ShownCertificates(address)
      guard let root = shown.root(with: key) else { throw Self.strange(address, shown.key) }
      tls.minimumTLSVersion = .tlsv13
      tls.trustRoots = .certificates([root])
      // The key says who it is; a name could say no more.
      tls.certificateVerification = .noHostnameVerification
    } else if let file = security.authorities {
      do { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file)) } catch {
        throw PDBError(
          .badConfiguration, "'\(file)' cannot be read, or holds no certificates in PEM")
      }
    }
    settings = tls
    return tls
  }

  private static func strange(_ address: NodeAddress, _ shown: KeyHash?) -> PDBError {
    PDBError(
      .untrusted, "'\(address)' does not show the key of the cluster that is meant",
      hint: shown.map { "it shows \($0); 'pdb cluster cert --hash' on a node prints the right one" }
    )
  }

  /// What is to be said of a node whose certificate nobody signed who is trusted here.
  static func untrusted(_ address: NodeAddress) async -> PDBError {
    let shown = try? await ShownCertificates(address).key
    guard let shown else {
      return PDBError(
        .untrusted, "nobody whom this machine trusts says that '\(address)' is what it seems to be",
        hint: "--tls-ca FILE names an authority to trust")
    }
    return PDBError(
      .untrusted, "'\(address)' shows a key that is not known here: \(shown)",
      hint:
        "compare it with what 'pdb cluster cert --hash' prints on that machine; if it is the same, "
        + "--cluster-key \(shown) trusts it, and 'pdb remote add' remembers that")
  }
}

/// The certificates that a node shows, whoever signed them.
private struct ShownCertificates {
  private let chain: [NIOSSLCertificate]

  /// Connects, looks, and sends nothing.
  init(_ address: NodeAddress) async throws {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .noHostnameVerification
    let context = try NIOSSLContext(configuration: configuration)
    let loop = Loops.group.any()
    let shown = loop.makePromise(of: [NIOSSLCertificate].self)
    let channel = try await ClientBootstrap(group: loop)
      .connectTimeout(.seconds(1))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let handler = try NIOSSLClientHandler(
            context: context, serverHostname: nil,
            customVerificationCallback: { chain, decision in
              shown.succeed(chain)
              decision.succeed(.failed)
            })
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .connect(host: address.host, port: address.port).get()
    channel.closeFuture.whenComplete { _ in shown.fail(ChannelError.eof) }
    let patience = loop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
    defer {
      patience.cancel()
      channel.close(promise: nil)
    }
    chain = try await shown.futureResult.get()
  }

  /// The certificate that is about this key.
  func root(with key: KeyHash) -> NIOSSLCertificate? { chain.first { Self.hash(of: $0) == key } }

  /// The key that the others were signed with.
  var key: KeyHash? { chain.last.flatMap(Self.hash) }

  private static func hash(of certificate: NIOSSLCertificate) -> KeyHash? {
    (try? certificate.extractPublicKey().toSPKIBytes()).map { KeyHash(ofPublicKey: $0) }
  }
}
