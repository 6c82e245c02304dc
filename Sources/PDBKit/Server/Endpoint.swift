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
  /// The names that may stand in the query; `nil`: any, they are not for the node.
  let query: [String]?
  /// Whether `If-Match` and `If-None-Match` mean something here.
  let takesConditions: Bool
  /// Whether it is answered without a token: it holds nothing of the cluster's.
  let isPublic: Bool
  /// About what an answer takes in memory, where that may be much: the request waits until there is
  /// room for it.
  let answerBytes: Int
  let handle: @Sendable (Exchange) async throws -> Response
  private let segments: [Substring]
  /// In ``all``.
  let position: Int

  init(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String, query: [String]? = [],
    takesConditions: Bool = false, isPublic: Bool = false, answerBytes: Int = 0,
    handle: @escaping @Sendable (Exchange) async throws -> Response
  ) {
    self.method = method
    self.path = path
    self.summary = takesConditions ? summary + "; If-Match, If-None-Match" : summary
    self.query = query
    self.takesConditions = takesConditions
    self.isPublic = isPublic
    self.answerBytes = answerBytes
    self.handle = handle
    segments = path.split(separator: "/")
    position = 0
  }

  private init(_ endpoint: Endpoint, at position: Int) {
    method = endpoint.method
    path = endpoint.path
    summary = endpoint.summary
    query = endpoint.query
    takesConditions = endpoint.takesConditions
    isPublic = endpoint.isPublic
    answerBytes = endpoint.answerBytes
    handle = endpoint.handle
    segments = endpoint.segments
    self.position = position
  }

  static let all: [Endpoint] =
    (page + tasks + pairs + history + events + transfers + cluster + members + settings + about)
    .enumerated().map { Endpoint($1, at: $0) }

  private static let about: [Endpoint] = [
    Endpoint(.get, "/endpoints", "This list") { _ in
      let lines = listed.map { endpoint in
        let method = endpoint.method.rawValue.padding(to: 8)
        return method + endpoint.path.padding(to: 20) + endpoint.summary
      }
      let text = "pdb \(pdbVersion)\n\n" + lines.joined(separator: "\n") + "\n"
      return Response(
        status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    },
    Endpoint(.get, "/openapi.json", "This list for machines") { _ in
      Response(json: openAPI)
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

extension Endpoint {
  /// An OpenAPI 3.1 document.
  private static var openAPI: JSON {
    let paths = Dictionary(grouping: listed, by: \.path).sorted { $0.key < $1.key }
    return [
      "openapi": "3.1.0",
      "info": ["title": "pdb", "version": .string(pdbVersion)],
      "paths": .object(
        paths.map { path, endpoints in
          .init(
            openAPIPath(path),
            .object(
              endpoints.map { endpoint in
                .init(endpoint.method.rawValue.lowercased(), endpoint.openAPI)
              }))
        }),
      "components": [
        "schemas": [
          "Error": [
            "type": "object", "required": ["error", "message", "outcome"],
            "properties": [
              "error": [
                "type": "string",
                "enum": .array(PDBError.Code.known.map { .string($0.rawValue) }),
              ],
              "message": ["type": "string"],
              "outcome": ["enum": ["applied", "not_applied", "unknown"]],
            ],
          ]
        ]
      ],
    ]
  }

  /// With `{name}` for `:name`.
  private static func openAPIPath(_ path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
      parameter(segment).map { "{\($0)}" } ?? String(segment)
    }.joined(separator: "/")
  }

  /// What a segment of a path stands for, if not for itself.
  private static func parameter(_ segment: Substring) -> String? {
    if segment == "**" { return "key" }
    return segment.hasPrefix(":") ? String(segment.dropFirst()) : nil
  }

  private var openAPI: JSON {
    let name = path.split(separator: "/").compactMap(Self.parameter).first
    let error: JSON = [
      "description": "Why not, and whether anything changed",
      "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
    ]
    return [
      "summary": .string(summary),
      "parameters": .array(
        [name].compactMap { $0 }.map {
          ["name": .string($0), "in": "path", "required": true, "schema": ["type": "string"]]
        }
          + (query ?? []).map {
            ["name": .string($0), "in": "query", "schema": ["type": "string"]]
          }),
      "responses": ["2XX": ["description": "Done"], "default": error],
    ]
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(1, width - count))
  }
}
