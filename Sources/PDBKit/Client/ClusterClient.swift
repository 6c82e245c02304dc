// A client of the whole cluster: it finds a node, follows the leader, and tries again until
// the answer is certain or the time is up.

import AsyncHTTPClient
import Foundation
import HTTPTypes
import NIOConcurrencyHelpers
package import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL
public import PDBModel
import PDBStore

/// Sends requests to a cluster.
///
/// A change is sent with a request id, and every attempt carries the same one, so it is
/// applied once however often it is sent.
public final class ClusterClient: Sendable {
  /// Something a user may want to know about while a request is under way.
  public enum Notice: Sendable {
    /// The request moved on to another node.
    case hop(from: NodeAddress, to: NodeAddress, reason: String)
    /// No node can answer yet; the request is tried again.
    case waiting(reason: String)
  }

  /// What is known of the cluster.
  private struct Knowledge {
    /// Where to look for it, in this order.
    var addresses: [NodeAddress]
    /// Which one is meant; `nil` until one has answered.
    var identity: ClusterIdentity?
    var view: ClusterView?
    /// The nodes that have said that they belong to that cluster, where a token is sent.
    var introduced: Set<NodeAddress> = []
    /// The node that gave the last answer.
    var lastNode: NodeAddress?
    /// The newest revision that a node told.
    var revision: UInt64?
    /// The cluster that the token was sent to: no other one gets it.
    var trusted: ClusterIdentity?
  }

  private let known: NIOLockedValueBox<Knowledge>
  package let timeout: Duration
  private let token: String?
  private let author: String
  let notify: @Sendable (Notice) -> Void
  private let security: TransportSecurity
  private let http: LazyHTTPClient
  /// For answers that come bit by bit.
  private let streams: LazyHTTPClient
  /// For nodes that are reached in TLS.
  private let secure: SecureConnections

  /// - Parameters:
  ///   - addresses: where to look for the cluster, the likely leader first. Not empty.
  ///   - security: when TLS is used, and who is trusted then.
  ///   - timeout: how long one request may take, with all its attempts.
  ///   - expected: the cluster that is meant; `nil` for the one that answers first.
  ///   - author: who makes the changes, for the history.
  public init(
    addresses: [NodeAddress], over security: TransportSecurity = TransportSecurity(),
    expecting expected: ClusterIdentity? = nil, timeout: Duration, token: String? = nil,
    author: String = "",
    notify: @escaping @Sendable (Notice) -> Void = { _ in }
  ) {
    precondition(!addresses.isEmpty, "a client needs an address")
    known = NIOLockedValueBox(Knowledge(addresses: addresses, identity: expected))
    self.timeout = timeout
    self.token = token
    self.author = author
    self.notify = notify
    self.security = security
    secure = SecureConnections(security, Self.configuration)
    http = LazyHTTPClient(Self.configuration)
    var configuration = Self.configuration
    configuration.timeout.read = .seconds(Self.silenceSeconds)
    streams = LazyHTTPClient(configuration)
  }

  /// For programs that make a few requests and end: to be called before the first client.
  public static func useOneThread() { Loops.useOne() }

  private static var configuration: HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout.connect = .milliseconds(Int64(connectPatience.milliseconds))
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }

  /// Sends a request in the way that its node is reached.
  ///
  /// - Parameter isStream: whether the answer comes bit by bit; then the connection is given up when it
  ///   falls silent.
  func execute(
    _ request: HTTPClientRequest, at address: NodeAddress, isStream: Bool = false
  ) async throws -> HTTPClientResponse {
    let client =
      if security.covers(address) {
        try await secure.client(
          for: address, silence: isStream ? .seconds(Self.silenceSeconds) : nil)
      } else {
        (isStream ? streams : http).client
      }
    do {
      // The caller ends it when it has had enough.
      return try await client.execute(request, timeout: .hours(24 * 365))
    } catch let error as NIOSSLError where error.isAboutTrust {
      throw await SecureConnections.untrusted(address)
    } catch let error as NIOSSLError where error.isAboutProtocol {
      throw PDBError(
        .untrusted, "'\(address)' does not speak TLS",
        hint: "if its clients are meant to do without: http://\(address)")
    }
  }

  /// Where to look for the cluster, in this order.
  public var addresses: [NodeAddress] { known.withLockedValue { $0.addresses } }

  /// The node that gave the last answer; `nil` until one has.
  public var lastNode: NodeAddress? { known.withLockedValue { $0.lastNode } }

  /// The cluster that is meant: no other one is changed or read. `nil` until one has answered.
  public var identity: ClusterIdentity? { known.withLockedValue { $0.identity } }

  /// Means this cluster from now on, which has these members, the likely leader first.
  public func expect(_ identity: ClusterIdentity, members: [NodeAddress]) {
    known.withLockedValue { known in
      // What is known already is not forgotten because an answer does not say it.
      if identity.birth != nil || known.identity?.cluster != identity.cluster {
        known.identity = identity
      }
      known.addresses = members + known.addresses.filter { !members.contains($0) }
    }
  }

  /// Means the cluster that has these nodes now; the one that answers there if it is not known.
  package func follow(_ nodes: [NodeAddress], of cluster: ClusterIdentity?) {
    if let cluster { expect(cluster, members: nodes) } else { forget(keeping: nodes) }
  }

  /// Means whichever cluster answers next.
  func forgetIdentity() { known.withLockedValue { $0.identity = nil } }

  /// Means whichever cluster answers at these addresses.
  public func forget(keeping addresses: [NodeAddress]) {
    known.withLockedValue { $0 = Knowledge(addresses: addresses, trusted: $0.trusted) }
  }

  func learn(_ view: ClusterView, as identity: ClusterIdentity) {
    known.withLockedValue { $0.view = view }
    expect(identity, members: view.addresses)
  }

  /// Asks this node first from now on.
  public func prefer(_ address: NodeAddress) {
    known.withLockedValue { known in
      known.addresses = [address] + known.addresses.filter { $0 != address }
    }
  }

  /// The attempts of a request that begins now.
  func attempts(isChange: Bool) -> Attempts {
    known.withLockedValue { known in
      Attempts(addresses: known.addresses, isChange: isChange, view: known.view)
    }
  }

  /// Must be called before the client goes away.
  public func shutdown() async {
    await http.shutdown()
    await streams.shutdown()
    await secure.shutdown()
  }

  /// A stream that says nothing for so long is taken for dead: living nodes say something
  /// every two seconds.
  private static let silenceSeconds: Int64 = 5

  private static let connectPatience = Duration.milliseconds(150)
  /// How long a node may take to answer before another is asked; doubles with every round.
  private static let firstAnswerPatience = Duration.milliseconds(500)
  private static let leastPatience = Duration.milliseconds(200)
  static let pause = Duration.milliseconds(50)

  /// Sends a request and returns the answer of whichever node could give it.
  ///
  /// - Parameter wanted: how long it may take, if not as long as others.
  /// - Throws: ``PDBError``. Its outcome says whether a change was applied; `details` has
  ///   `nodes`, what became of each node that was asked.
  func send(
    _ request: ClientRequest, within wanted: Duration? = nil
  ) async throws(PDBError) -> ClientAnswer {
    var attempts = attempts(isChange: request.isChange)
    let given = request.origin.request
    let id = request.isChange ? given?.id ?? UUID().uuidString.lowercased() : nil
    let begun = ContinuousClock.now
    let start = begun - (given?.age ?? .zero)
    var knownRevision = given?.knownRevision
    let deadline = begun + (wanted ?? timeout)
    while true {
      let now = ContinuousClock.now
      // An attempt that has no time to be answered would only make a certain answer uncertain.
      let least = attempts.count == 0 ? Duration.zero : Self.leastPatience
      guard now + least < deadline else { throw attempts.failure }
      let target = attempts.next()
      var patience = deadline - now
      if attempts.hasAlternative {
        patience = min(patience, Self.firstAnswerPatience * (1 << min(attempts.round, 4)))
      }
      let isRetry = attempts.mayBeApplied || given?.isRetry == true
      if !isRetry { knownRevision = newestRevision }
      let result = await attempt(
        request, at: target, id: id,
        resent: isRetry ? Resent(age: now - start, knownRevision: knownRevision) : nil,
        within: patience)
      if Task.isCancelled {
        if case .answer(let answer) = result { return answer }
        attempts.interrupted(result)
        throw attempts.interruption
      }
      switch attempts.record(result, of: target) {
      case .done(let answer):
        known.withLockedValue { $0.lastNode = target }
        return answer
      case .failed(let error): throw error
      case .hop(let next, let reason):
        notify(.hop(from: target, to: next, reason: reason))
      case .pause(let reason):
        notify(.waiting(reason: reason))
        try? await Task.sleep(for: min(Self.pause, deadline - ContinuousClock.now))
        if Task.isCancelled { throw attempts.interruption }
      }
    }
  }

  /// Sends a request to one particular node, once.
  func ask(
    _ address: NodeAddress, _ request: ClientRequest, within patience: Duration
  ) async -> Result<ClientAnswer, PDBError> {
    let result = await attempt(request, at: address, within: patience)
    switch result {
    case .answer(let answer): return .success(answer)
    case .error(let error): return .failure(error)
    case .unreachable(let reason), .silent(let reason):
      return .failure(PDBError(.unreachable, reason))
    case .lost(let reason):
      let outcome = request.isChange ? PDBError.Outcome.unknown : .notApplied
      return .failure(PDBError(.unreachable, reason, outcome: outcome))
    }
  }

  // MARK: One attempt

  /// What is said of a request that may have been applied already.
  struct Resent {
    /// How long ago it was first sent.
    let age: Duration
    /// What was known before that.
    let knownRevision: UInt64?
  }

  func attempt(
    _ request: ClientRequest, at address: NodeAddress, id: String? = nil, resent: Resent? = nil,
    within patience: Duration
  ) async -> Attempts.Result {
    let end = ContinuousClock.now + patience
    if let objection = await objection(to: request, at: address, within: patience) {
      return objection
    }
    let outgoing = outgoing(request, to: address, id: id, resent: resent)
    do {
      let (response, body) = try await within(end - ContinuousClock.now) {
        let response = try await self.execute(outgoing, at: address)
        return (response, try await response.body.collect(upTo: 1 << 30))
      }
      return result(response, body, from: address, isChange: request.isChange)
    } catch {
      // What listens there when it can be reached again may be another node.
      known.withLockedValue { _ = $0.introduced.remove(address) }
      return Self.result(error)
    }
  }

  func outgoing(
    _ request: ClientRequest, to address: NodeAddress, id: String? = nil, resent: Resent? = nil
  ) -> HTTPClientRequest {
    var outgoing = HTTPClientRequest(url: security.url(of: address) + request.path)
    outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
    outgoing.headers = headers(of: request, id: id, resent: resent)
    if let body = request.body { outgoing.body = .bytes(body.serialized()) }
    return outgoing
  }

  /// A request as it goes over a connection that the caller manages.
  package func encoded(
    _ request: ClientRequest, to address: NodeAddress
  ) -> (head: HTTPRequestHead, body: ByteBuffer?) {
    var head = HTTPRequestHead(
      version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue), uri: request.path,
      headers: headers(of: request))
    head.headers.add(name: "Host", value: address.description)
    let body = request.body.map { ByteBuffer(bytes: $0.serialized()) }
    if let body { head.headers.add(name: "Content-Length", value: String(body.readableBytes)) }
    return (head, body)
  }

  private func headers(
    of request: ClientRequest, id: String? = nil, resent: Resent? = nil
  ) -> HTTPHeaders {
    var headers = HTTPHeaders()
    if request.body != nil { headers.add(name: "Content-Type", value: "application/json") }
    if let id { headers.add(name: "Idempotency-Key", value: id) }
    if let resent, id != nil {
      headers.add(name: "PDB-Request-Age", value: String(resent.age.milliseconds))
      if let revision = resent.knownRevision {
        headers.add(name: "PDB-Request-Revision", value: String(revision))
      }
    }
    let author = request.origin.author ?? author
    if request.isChange, !author.isEmpty { headers.add(name: "PDB-Author", value: author) }
    if let token, !request.isIntroduction {
      headers.add(name: "Authorization", value: "Bearer \(token)")
    }
    if let challenge = request.challenge {
      headers.add(name: TokenProof.challengeField, value: challenge)
    }
    if let identity { headers.add(name: "PDB-Expect-Cluster", value: identity.description) }
    if let revision = request.ifRevision {
      headers.add(name: "If-Match", value: "\"\(revision)\"")
    }
    if request.ifAbsent { headers.add(name: "If-None-Match", value: "*") }
    return headers
  }

  func result(
    _ response: HTTPClientResponse, _ body: ByteBuffer, from address: NodeAddress, isChange: Bool
  ) -> Attempts.Result {
    guard let found = ClusterIdentity(response.headers),
      // A stored value may be as deep as the limit, and the answer wraps it.
      let json = try? JSON(parsing: body.readableBytesView, depth: Limits.jsonDepth + 8)
    else {
      return .error(
        PDBError(
          .badAnswer, "'\(address)' does not answer like a pdb node",
          outcome: isChange ? .unknown : .notApplied,
          hint: "is another program listening on that port?"))
    }
    let isDone = (200..<300).contains(response.status.code)
    let revision = response.headers.first(name: "PDB-Revision").flatMap { UInt64($0) }
    if let expected = confirm(found) {
      // A node that knows of no expectations has done what it was asked.
      return .error(
        .wrongCluster(
          expected: expected, found: found, at: address,
          outcome: isDone && isChange
            ? .applied : isChange ? PDBError(json: json)?.outcome ?? .unknown : .notApplied))
    }
    note(revision)
    guard isDone else {
      return .error(
        PDBError(json: json)
          ?? PDBError(
            .badAnswer, "'\(address)' answered \(response.status.code)",
            outcome: isChange ? .unknown : .notApplied))
    }
    return .answer(
      ClientAnswer(
        json: json, node: address, identity: found,
        revision: revision,
        proof: response.headers.first(name: TokenProof.proofField),
        isCreated: response.status.code == 201))
  }

  /// The newest revision of the cluster that a node told; `nil` until one has.
  package var newestRevision: UInt64? { known.withLockedValue { $0.revision } }

  private func note(_ revision: UInt64?) {
    guard let revision else { return }
    known.withLockedValue { $0.revision = max($0.revision ?? 0, revision) }
  }

  /// Takes an answer's cluster as the one that is meant, if none was yet.
  ///
  /// - Returns: which one was meant, if this is another.
  func confirm(_ found: ClusterIdentity) -> ClusterIdentity? {
    known.withLockedValue { known in
      if let expected = known.identity ?? known.trusted, !expected.agrees(with: found) {
        return expected
      }
      if known.identity?.birth == nil { known.identity = found }
      return nil
    }
  }

  /// What is wrong with a node's proof that it knows the token; `nil` if nothing is. Where TLS is used,
  /// that has proved who it is.
  func objection(to answer: ClientAnswer, for challenge: String) -> PDBError? {
    let address = answer.node
    guard let token, address.isLoopback, !security.covers(address) else { return nil }
    guard let proof = answer.proof else {
      return PDBError(
        .untrusted, "'\(address)' does not prove that it knows the token, so it was not sent it",
        hint: "is it another program, or a node of version 0.1? For one that needs no token leave "
          + "--token-file out")
    }
    guard proof != TokenProof.proof(of: Bytes(utf8: token), for: challenge, at: address) else {
      return nil
    }
    return PDBError(
      .unauthorized, "'\(address)' knows another token, so it was not sent this one",
      hint: "compare the client's --token-file with the node's; for a port that is forwarded from "
        + "elsewhere write https://\(address) and --cluster-key")
  }

  /// Whether a node must say which cluster it belongs to before it is sent a request: one change
  /// goes to one cluster, however many nodes leave it without an answer, and so does the token.
  func mustIntroduce(_ address: NodeAddress, before request: ClientRequest) -> Bool {
    known.withLockedValue { known in
      !request.isIntroduction
        && (request.isChange && known.identity?.birth == nil
          || token != nil && !known.introduced.contains(address))
    }
  }

  func noteIntroduction(of address: NodeAddress, as identity: ClusterIdentity) {
    known.withLockedValue { known in
      known.introduced.insert(address)
      if token != nil, known.trusted?.birth == nil { known.trusted = identity }
    }
  }

  package static func result(_ error: any Error) -> Attempts.Result {
    switch error {
    case let error as PDBError: return .error(error)
    case let error as HTTPClientError where error == .connectTimeout:
      return .unreachable("no connection in time")
    case let error as NIOConnectionError:
      let refused = error.connectionErrors.contains {
        ($0.error as? IOError)?.errnoCode == ECONNREFUSED
      }
      return .unreachable(refused ? "connection refused" : "no such host, or no route to it")
    case let error as IOError where error.errnoCode == ECONNREFUSED:
      return .unreachable("connection refused")
    case is Overdue:
      return .lost("no answer in time")
    case let error as HTTPClientError where error == .readTimeout:
      return .lost("fell silent")
    default: return .lost("connection lost")
    }
  }
}

extension ClusterIdentity {
  /// The cluster that an answer names; `nil` if it names none.
  init?(_ headers: HTTPHeaders) {
    guard let cluster = headers.first(name: "PDB-Cluster") else { return nil }
    self.init(cluster: cluster, birth: headers.first(name: "PDB-Birth"))
  }
}
