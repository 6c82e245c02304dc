// What every request must pass before a route sees it, and what every answer carries.

import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import PDBCluster
import PDBCoordinator
import PDBModel
import PDBStore

/// Checks host, origin, token, content type and size; turns every failure into a clear
/// answer; adds the headers that every answer has.
struct RequestGuard: Sendable {
  private let served: ServedNode
  /// When set, every request must carry the token.
  let tokens: TokenGuard?
  private let forwarding: Forwarding?
  private let logger: Logger
  /// Whether clients on other machines do without TLS.
  let isInsecure: Bool
  /// Why nothing is answered on a connection: others could read along.
  private var objectionToAll: PDBError?
  /// Where this node is, and the name by which most clients call it.
  private let own: NodeAddress
  private let authority: String
  private let cluster: String
  /// What every answer of this node carries.
  private let ownFields: HTTPFields

  /// - Parameter forwarding: how changes reach the leader that a client with a token makes here.
  init(
    _ store: any ServedStore, _ trust: PeerTrust, connections: OpenConnections, token: String?,
    forwarding: Forwarding?, logger: Logger
  ) {
    tokens = token.map { TokenGuard($0, logger: logger) }
    served = ServedNode(store, trust, connections: connections, tokens: tokens)
    self.forwarding = forwarding
    self.logger = logger
    let status = store.nodeStatus
    isInsecure = status.isInsecure
    (own, authority, cluster) = (
      status.address, status.address.description, status.identity.cluster
    )
    ownFields = [
      .node: status.node, .cluster: cluster, .xContentTypeOptions: "nosniff",
      .vary: "Origin",
    ]
    // Noted now, not when it is first asked for.
    _ = ProcessFigures.began
  }

  /// The guard of a connection without TLS over which others could read along.
  var inClear: RequestGuard {
    var copy = self
    copy.objectionToAll = PDBError(
      .tlsRequired, "this node serves other machines in TLS only",
      hint: "use \(NodeAddress.secureScheme)\(own); what was sent now others may have read")
    return copy
  }

  /// Answers a request.
  ///
  /// - Parameters:
  ///   - failure: what is known to be wrong with it already.
  ///   - address: the client's.
  ///   - ownAddress: where it connected to, if that was on this machine.
  ///   - share: what the answer takes of the room for all answers.
  func respond(
    to request: Request, body: Bytes, failure: PDBError?, from address: String,
    to ownAddress: NodeAddress?, share: AnswerRoom.Share
  ) async -> Response {
    let start = NIODeadline.now()
    let found = Found { try Endpoint.find(request) }
    var response: Response
    var wait: TokenGuard.Wait?
    do {
      response = try await answer(request, found, body, failure, share)
    } catch var error as PDBError {
      if let cause = error.cause { noteFailure(cause) }
      if error.code == .unauthorized {
        do throws(PDBError) {
          wait = try tokens?.noteRefusal(of: request, from: address)
        } catch let objection {
          error = objection
        }
      }
      response =
        await forwarding?.answer(to: request, body, error)
        ?? error.response(to: request, isInsecure: isInsecure)
    } catch {
      noteFailure(error)
      response = PDBError(changing: error).response(to: request)
    }
    served.requests.note(
      (try? found.get())?.endpoint, response.status, after: NIODeadline.now() - start)
    addHeaders(to: &response, for: request.headers)
    if let proof = tokens?.proof(for: request, at: ownAddress) {
      response.headers.add(.tokenProof, proof)
    }
    if request.method == .head {
      let length = response.headers[.contentLength]
      response.body = ResponseBody()
      response.headers[.contentLength] = length
    }
    if let wait { await tokens?.end(wait) }
    return response
  }

  private func noteFailure(_ cause: any Error) {
    // Of a client that left, nobody waits for the answer.
    guard !Task.isCancelled else { return }
    logger.error("a request failed", metadata: ["error": "\(cause)"])
  }

  /// The answer to what cannot be understood as a request.
  func refusal(_ error: PDBError) -> Response {
    var response = Response(json: error.json, status: error.status)
    addHeaders(to: &response, for: [:])
    return response
  }

  /// What is wrong with a request whose body is still to come.
  func objection(to request: Request) -> PDBError? {
    if let objectionToAll { return objectionToAll }
    do {
      try checkOrigins(of: request)
      if request.method != .options { _ = try admit(request, Found { try Endpoint.find(request) }) }
      return nil
    } catch { return error as? PDBError }
  }

  private func answer(
    _ request: Request, _ found: Found, _ body: Bytes, _ failure: PDBError?,
    _ share: AnswerRoom.Share
  ) async throws -> Response {
    if let objectionToAll { throw objectionToAll }
    try checkOrigins(of: request)
    if request.method == .options { return preflight(request) }
    let (endpoint, parameter) = try admit(request, found)
    if let failure { throw failure }
    if endpoint.answerBytes > 0 { try await share.take(endpoint.answerBytes) }
    return try await endpoint.handle(
      Exchange(request: request, parameter: parameter, node: served, body: body, share: share))
  }

  /// What a request is for, or that it is for nothing.
  private typealias Found = Result<(endpoint: Endpoint, parameter: String?), any Error>

  private var store: any ServedStore { served.store }

  /// Everything that can be said about a request without its body.
  private func admit(
    _ request: Request, _ found: Found
  ) throws -> (endpoint: Endpoint, parameter: String?) {
    // Without a token a client does not even learn what there is.
    if (try? found.get().endpoint.isPublic) != true {
      try checkSite(request.headers)
      try tokens?.check(request)
    }
    try checkCluster(request)
    let (endpoint, parameter) = try found.get()
    try checkContent(request)
    try endpoint.checkQuery(of: request)
    try checkConditions(request, endpoint)
    return (endpoint, parameter)
  }

  /// Whether a request asks how the node is, or is an administrator's: it is answered even if
  /// nothing else can be.
  static func isUrgent(_ target: String) -> Bool {
    let path = target.prefix { $0 != "?" }
    return ["/livez", "/readyz", "/metrics", "/health", "/heartbeat", "/status", "/node/stop"]
      .contains(String(path)) || path.hasPrefix("/cluster/")
  }

  static let noRoom = PDBError(
    .busy, "the node has as many connections as it can take",
    hint: "close some, or ask another node")

  static let noMemory = PDBError(
    .busy, "the node has as many unfinished requests as it can keep in memory",
    hint: "send it again in a moment, in smaller parts, or ask another node")

  static let tooLarge = PDBError(
    .bodyTooLarge, "the body is larger than \(Limits.bodyBytes) bytes",
    hint: "send it in several requests")

  // MARK: Checks

  private func checkOrigins(of request: Request) throws {
    try checkHost(request)
    try checkOrigin(request.headers)
  }

  /// A page of a foreign site can make a browser believe that its name is 127.0.0.1 (DNS
  /// rebinding); the name it then sends gives it away.
  private func checkHost(_ request: Request) throws {
    // A page that guesses a name does not know the token.
    if tokens != nil { return }
    let name = request.head.authority ?? ""
    if name == authority { return }
    guard let host = Self.host(of: name), isOwn(host) else {
      throw PDBError(
        .forbiddenHost, "this node does not answer to the host '\(name.escapingControlCharacters)'",
        hint: "use one of the addresses of the cluster's members")
    }
  }

  /// Pages may use the API only when they come from this machine or from a member.
  private func checkOrigin(_ request: HTTPFields) throws {
    guard let origin = request.first(.origin) else { return }
    guard let host = Self.host(ofOrigin: origin), isOwn(host) else {
      throw PDBError(
        .forbiddenOrigin, "pages of '\(origin.escapingControlCharacters)' may not use this node")
    }
  }

  /// A page of another site can make a browser ask for anything without saying where it comes from,
  /// though it cannot read the answer. Browsers tell at least that (Fetch Metadata). What tells its
  /// origin was checked by that.
  private func checkSite(_ request: HTTPFields) throws {
    guard request.first(.secFetchSite) == "cross-site", !request.has(.origin) else { return }
    throw PDBError(
      .forbiddenOrigin, "pages of other sites may not use this node",
      hint: "open the address in a tab of its own, or use a program")
  }

  private func isOwn(_ host: String) -> Bool {
    NodeAddress(host: host, port: 1).isLoopback
      || store.currentView.members.contains { $0.nodeAddress?.host == host } || own.host == host
  }

  private static func host(ofOrigin origin: String) -> String? {
    for scheme in [NodeAddress.plainScheme, NodeAddress.secureScheme]
    where origin.hasPrefix(scheme) { return host(of: String(origin.dropFirst(scheme.count))) }
    return nil
  }

  private static func host(of authority: String) -> String? {
    (try? NodeAddress(parsing: authority))?.host
      ?? (try? NodeAddress(parsing: "\(authority):80"))?.host
  }

  /// A change must not be made under a condition that is not looked at.
  private func checkConditions(_ request: Request, _ endpoint: Endpoint) throws {
    let (match, noneMatch) = (
      request.headers.has(.ifMatch), request.headers.has(.ifNoneMatch)
    )
    guard match || noneMatch else { return }
    guard !(match && noneMatch) else {
      throw PDBError(
        .badRequest, "'If-Match' and 'If-None-Match' together cannot both hold",
        hint: "send one of them")
    }
    guard endpoint.takesConditions || endpoint.method == .get else {
      throw PDBError(.badRequest, "'\(endpoint.path)' takes no 'If-Match' or 'If-None-Match'")
    }
  }

  /// A client that means one cluster must neither change nor read another one that listens where
  /// the first one was.
  private func checkCluster(_ request: Request) throws {
    guard let text = request.headers.first(.expectCluster) else { return }
    let expected = try Header.expectCluster.read(text)
    let own = ClusterIdentity(cluster: cluster, birth: store.headline.birth)
    guard expected.agrees(with: own) else {
      throw PDBError.wrongCluster(expected: expected, found: own)
    }
    guard expected.birth == nil || own.birth != nil else {
      throw PDBError(
        .noLeader, "this node does not know yet which cluster it belongs to",
        hint: "try again in a moment")
    }
  }

  private func checkContent(_ request: Request) throws {
    if let length = request.headers.first(.contentLength).flatMap(Int.init),
      length > Limits.bodyBytes
    {
      throw Self.tooLarge
    }
    guard request.method == .post || request.method == .put || hasBody(request) else { return }
    let given = request.headers.first(.contentType)
    if given == "application/json" { return }
    let type = given?.split(separator: ";").first.map {
      $0.trimmingCharacters(in: .whitespaces).lowercased()
    }
    guard type == "application/json" else {
      throw PDBError(
        .unsupportedMediaType, "the content type must be application/json",
        hint: "curl -H 'Content-Type: application/json'")
    }
  }

  private func hasBody(_ request: Request) -> Bool {
    request.headers.has(.transferEncoding)
      || (request.headers.first(.contentLength).map { $0 != "0" } ?? false)
  }

  // MARK: Headers

  private func preflight(_ request: Request) -> Response {
    guard request.headers.has(.origin) else {
      return PDBError(.methodNotAllowed, "OPTIONS is for pages of other origins")
        .response(to: request)
    }
    return Response(
      status: .noContent,
      headers: [
        .accessControlAllowMethods: "GET, POST, PUT, DELETE",
        .accessControlAllowHeaders:
          "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, PDB-Author, "
          + "PDB-Request-Age, PDB-Request-Revision, PDB-Expect-Cluster",
        .accessControlMaxAge: "600",
      ])
  }

  private static let noStore = HTTPField(name: .cacheControl, value: "no-store")

  private func addHeaders(to response: inout Response, for request: HTTPFields) {
    let headline = store.headline
    if !response.headers.has(.revision) {
      response.headers.add(.revision, String(headline.revision))
    }
    response.headers.add(.term, String(headline.term))
    if let birth = headline.birth { response.headers.add(.birth, birth) }
    for field in ownFields { response.headers.append(field) }
    if !response.headers.has(.cacheControl) { response.headers.append(Self.noStore) }
    if let origin = request.first(.origin),
      !response.headers.has(.accessControlAllowOrigin),
      (try? checkOrigin(request)) != nil
    {
      response.headers[.accessControlAllowOrigin] = origin
      response.headers[.accessControlExposeHeaders] =
        "PDB-Revision, PDB-Term, PDB-Node, PDB-Cluster, PDB-Birth, PDB-Consistency, PDB-Forwarded, "
        + "ETag, Location"
    }
  }
}

extension HTTPField.Name {
  static let secFetchSite = Self("Sec-Fetch-Site")!
}
