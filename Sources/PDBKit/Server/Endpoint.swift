// The table of everything a node answers over HTTP. Routing, the list of endpoints, the OpenAPI
// document and the answers 404 and 405 all come from it.

import HTTPTypes
import Hummingbird
import PDBModel

/// One method on one path. A reference: each request hands it around.
final class Endpoint: Sendable {
  let method: HTTPRequest.Method
  /// With `:name` for one segment and `**` for the rest.
  let path: String
  let summary: String
  let contract: Contract
  /// The names that may stand in the query; `nil`: any, they are not for the node.
  let query: [String]?
  /// Whether it is answered without a token: it holds nothing of the cluster's.
  let isPublic: Bool
  /// About what an answer takes in memory, where that may be much: the request waits until there is
  /// room for it.
  let answerBytes: Int
  let handle: @Sendable (Exchange) async throws -> Response
  private let segments: [Substring]
  let tag: Tag
  /// In ``all``.
  let position: Int

  /// An endpoint for requests without a body.
  ///
  /// - Parameters:
  ///   - id: its name in programs.
  ///   - parameter: what stands for `:name` or `**`.
  ///   - query: what may stand in the query, beside what all of its kind take.
  ///   - headers: what may stand in the headers, beside what all of its kind take.
  ///   - failures: how it can fail, beside what all of its kind can.
  convenience init(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, id: String,
    _ kind: EndpointKind, at parameter: (any ParameterForm)? = nil,
    query: [any ParameterForm]? = [], headers: [any ParameterForm] = [], isPublic: Bool = false,
    answerBytes: Int = 0, answers: AnswerForm..., failures: [PDBError.Code] = [],
    handle: @escaping @Sendable (Exchange) async throws -> Response
  ) {
    let contract = Contract(
      id, kind, path: parameter, query: query, headers: headers, body: nil, isPublic: isPublic,
      answers: answers, failures: failures)
    self.init(method, path, summary, contract, isPublic, answerBytes, handle)
  }

  /// An endpoint for requests with a body, which is read before `handle` is called.
  convenience init<Body: JSONBody>(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, id: String,
    _ kind: EndpointKind, at parameter: (any ParameterForm)? = nil,
    query: [any ParameterForm]? = [], isPublic: Bool = false, body: Body.Type,
    answers: AnswerForm..., failures: [PDBError.Code] = [],
    handle: @escaping @Sendable (Exchange, Body) async throws -> Response
  ) {
    let contract = Contract(
      id, kind, path: parameter, query: query, headers: [], body: Body.shape.schema,
      isPublic: isPublic, answers: answers, failures: failures)
    let read = Body.shape.read
    self.init(method, path, summary, contract, isPublic, 0) { exchange in
      try await handle(exchange, read(exchange.object()))
    }
  }

  private init(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, _ contract: Contract,
    _ isPublic: Bool, _ answerBytes: Int, tag: Tag = .about, position: Int = 0,
    _ handle: @escaping @Sendable (Exchange) async throws -> Response
  ) {
    self.method = method
    self.path = path
    self.summary = summary
    self.contract = contract
    query = contract.query.map { $0.map(\.name) }
    self.isPublic = isPublic
    self.answerBytes = answerBytes
    self.handle = handle
    segments = path.split(separator: "/")
    self.tag = tag
    self.position = position
  }

  private convenience init(_ endpoint: Endpoint, _ tag: Tag, at position: Int) {
    self.init(
      endpoint.method, endpoint.path, endpoint.summary, endpoint.contract, endpoint.isPublic,
      endpoint.answerBytes, tag: tag, position: position, endpoint.handle)
  }

  /// Whether `If-Match` and `If-None-Match` mean something here.
  var takesConditions: Bool { contract.kind == .conditionalChange }

  static let all: [Endpoint] =
    Tag.allCases.flatMap { tag in endpoints(of: tag).map { (tag, $0) } }
    .enumerated().map { Endpoint($1.1, $1.0, at: $0) }

  private static func endpoints(of tag: Tag) -> [Endpoint] {
    switch tag {
    case .page: page
    case .tasks: tasks
    case .pairs: pairs
    case .history: history
    case .events: events + watching
    case .transfers: transfers
    case .cluster: cluster
    case .members: members
    case .settings: settings
    case .about: about
    }
  }

  private static let about: [Endpoint] = [
    Endpoint(
      .get, "/endpoints", "This list", id: "listEndpoints", .report,
      answers: .text("text/plain", summary: "A line for each endpoint")
    ) { _ in
      let lines = listed.map { endpoint in
        let method = endpoint.method.rawValue.padding(to: 8)
        let conditions = endpoint.takesConditions ? "; If-Match, If-None-Match" : ""
        return method + endpoint.path.padding(to: 20) + endpoint.summary + conditions
      }
      let text = "pdb \(pdbVersion)\n\n" + lines.joined(separator: "\n") + "\n"
      return Response(
        status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    },
    Endpoint(
      .get, "/openapi.json", "This list for machines", id: "describe", .report,
      answers: .json(.map(of: .any), "An OpenAPI document")
    ) { _ in
      Response(json: OpenAPIDocument(listed).json)
    },
  ]

  private static let byFirstSegment = Dictionary(grouping: all) { $0.segments.first ?? "" }

  /// A list that mentions itself cannot be a stored property of its own elements.
  private static var listed: [Endpoint] { all }

  /// The endpoint for a request, and what stands for `:name` in its path.
  ///
  /// - Throws: `not_found` or `method_not_allowed`.
  static func find(_ request: Request) throws -> (endpoint: Endpoint, parameter: String?) {
    let path = request.uri.path
    let segments = path.split(separator: "/")
    var allowed: [String] = []
    for endpoint in byFirstSegment[segments.first ?? ""] ?? [] {
      guard let match = endpoint.match(segments) else { continue }
      // HEAD is GET without the body (RFC 9110, section 9.3.2).
      let method = request.method == .head ? .get : request.method
      if endpoint.method == method { return (endpoint, match.parameter) }
      allowed.append(endpoint.method.rawValue)
      if endpoint.method == .get { allowed.append(HTTPRequest.Method.head.rawValue) }
    }
    let shown = path.escapingControlCharacters
    guard !allowed.isEmpty else {
      throw PDBError(.notFound, "no such path '\(shown)'", hint: "GET /endpoints lists them")
    }
    throw PDBError(
      .methodNotAllowed, "'\(shown)' takes \(allowed.joined(separator: ", "))",
      details: [.init("allow", .string(allowed.joined(separator: ", ")))])
  }

  private struct Match {
    let parameter: String?
  }

  private func match(_ requested: [Substring]) -> Match? {
    var parameter: String?
    for (position, expected) in segments.enumerated() {
      if expected == "**" { return position < requested.count ? Match(parameter: parameter) : nil }
      guard position < requested.count else { return nil }
      if expected.hasPrefix(":") {
        parameter = String(requested[position])
      } else if expected != requested[position] {
        return nil
      }
    }
    return segments.count == requested.count ? Match(parameter: parameter) : nil
  }
}

extension Endpoint {
  /// A change must not be made, and an answer not be given, as if a part of the request were not
  /// there.
  ///
  /// - Throws: `bad_request` for a name in the query that means nothing here, or stands there twice.
  func checkQuery(of request: Request) throws {
    guard let query, request.uri.query?.isEmpty == false else { return }
    var seen: Set<Substring> = []
    for (name, _) in request.uri.queryParameters {
      let shown = String(name).escapingControlCharacters
      guard query.contains(where: { $0 == name }) else {
        throw PDBError(
          .badRequest, "'\(method.rawValue) \(path)' knows no parameter '\(shown)'",
          hint: query.isEmpty
            ? "it takes none" : "it takes \(query.joined(separator: ", "))",
          details: [.init("parameters", .array(query.map { .string($0) }))])
      }
      guard seen.insert(name).inserted else {
        throw PDBError(.badRequest, "the parameter '\(shown)' is given twice")
      }
    }
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(1, width - count))
  }
}
