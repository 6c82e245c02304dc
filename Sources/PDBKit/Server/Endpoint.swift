// The table of everything a node answers over HTTP. Routing, the list at `/`, the OpenAPI
// document and the answers 404 and 405 all come from it.

import HTTPTypes
import Hummingbird

/// One method on one path.
struct Endpoint: Sendable {
  let method: HTTPRequest.Method
  /// With `:name` for one segment and `**` for the rest.
  let path: String
  let summary: String
  let handle: @Sendable (Exchange) async throws -> Response

  init(
    _ method: HTTPRequest.Method, _ path: String, _ summary: String,
    handle: @escaping @Sendable (Exchange) async throws -> Response
  ) {
    self.method = method
    self.path = path
    self.summary = summary
    self.handle = handle
  }

  static let all: [Endpoint] = tasks + pairs + cluster + about

  private static let about: [Endpoint] = [
    Endpoint(.get, "/", "This list") { _ in
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

  /// A list that mentions itself cannot be a stored property of its own elements.
  private static var listed: [Endpoint] { all }

  func matches(path requested: String) -> Bool {
    var pattern = path.split(separator: "/")[...]
    var segments = requested.split(separator: "/")[...]
    while let expected = pattern.popFirst() {
      if expected == "**" { return !segments.isEmpty }
      guard let segment = segments.popFirst(), expected == segment || expected.hasPrefix(":")
      else { return false }
    }
    return segments.isEmpty
  }

  /// Why no endpoint answers a request: no such path, or not with this method.
  static func missing(_ request: Request) -> PDBError {
    let path = request.uri.path
    let methods = all.filter { $0.matches(path: path) }.map(\.method.rawValue)
    if methods.isEmpty {
      return PDBError(
        .notFound, "no such path '\(path.escapingControlCharacters)'", hint: "GET / lists them")
    }
    let allowed = Set(methods).sorted().joined(separator: ", ")
    return PDBError(
      .methodNotAllowed, "'\(path.escapingControlCharacters)' takes \(allowed)",
      details: [.init("allow", .string(allowed))])
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
            path.replacing(":id", with: "{id}").replacing("**", with: "{key}"),
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
                "enum": .array(PDBError.Code.allCases.map { .string($0.rawValue) }),
              ],
              "message": ["type": "string"],
              "outcome": ["enum": ["applied", "not_applied", "unknown"]],
            ],
          ]
        ]
      ],
    ]
  }

  private var openAPI: JSON {
    let name = path.contains(":id") ? "id" : path.contains("**") ? "key" : nil
    let error: JSON = [
      "description": "Why not, and whether anything changed",
      "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
    ]
    return [
      "summary": .string(summary),
      "parameters": .array(
        name.map {
          [["name": .string($0), "in": "path", "required": true, "schema": ["type": "string"]]]
        } ?? []),
      "responses": ["2XX": ["description": "Done"], "default": error],
    ]
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(1, width - count))
  }
}
