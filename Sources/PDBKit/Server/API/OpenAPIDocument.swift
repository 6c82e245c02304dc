// The OpenAPI document (version 3.1.0), made from the table of endpoints when it is asked for.

import HTTPTypes
import Hummingbird
import PDBModel

/// Puts the document together.
struct OpenAPIDocument {
  private let endpoints: [Endpoint]
  private var schemas: [String: Schema] = [:]
  private var parameters: [String: any ParameterForm] = [:]

  init(_ endpoints: [Endpoint]) {
    self.endpoints = endpoints
    for schema in endpoints.flatMap(\.contract.schemas) + [.error] {
      schema.collectNames(into: &schemas)
    }
    for header in endpoints.flatMap(\.contract.headers) { parameters[header.id] = header }
  }

  var json: JSON {
    let paths = Dictionary(grouping: endpoints, by: \.path).sorted { $0.key < $1.key }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "pdb", "version": .string(pdbVersion),
        "summary": "A small replicated database",
        "description": .string(
          "Objects of answers may grow by members. Errors say whether anything changed."),
        "license": ["name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"],
      ],
      "servers": [["url": "/"]],
      "security": [[:], ["token": []]],
      "tags": .array(
        Tag.allCases.map { ["name": .string($0.rawValue), "description": .string($0.summary)] }),
      "paths": .object(
        paths.map { _, endpoints in
          .init(
            Self.template(of: endpoints[0]),
            .object(endpoints.map { .init($0.method.rawValue.lowercased(), operation($0)) }))
        }),
      "components": [
        "schemas": .object(
          schemas.sorted { $0.key < $1.key }.map {
            .init($0.key, $0.value.definition(namesIn: Self.schemaPlace))
          }),
        "parameters": .object(
          parameters.sorted { $0.key < $1.key }.map { .init($0.key, Self.json(of: $0.value)) }),
        "headers": .object(HeaderForm.common.map { .init($0.name, Self.json(of: $0)) }),
        "securitySchemes": [
          "token": [
            "type": "http", "scheme": "bearer",
            "description": "Where the node was started with --token-file",
          ]
        ],
      ],
    ]
  }

  // MARK: Operations

  private func operation(_ endpoint: Endpoint) -> JSON {
    let contract = endpoint.contract
    var members: [JSON.Member] = [
      .init("operationId", .string(contract.id)),
      .init("tags", [.string(endpoint.tag.rawValue)]),
      .init("summary", .string(endpoint.summary)),
      .init(
        "parameters",
        .array(
          ([contract.path].compactMap { $0 } + (contract.query ?? [])).map(Self.json(of:))
            + contract.headers.map {
              ["$ref": .string("#/components/parameters/" + $0.id)]
            })),
    ]
    if let body = contract.body {
      members.append(
        .init(
          "requestBody",
          [
            "required": true,
            "content": Self.content([("application/json", body)]),
          ]))
    }
    members.append(.init("responses", .object(responses(contract))))
    if endpoint.isPublic { members.append(.init("security", [])) }
    return .object(members)
  }

  private func responses(_ contract: Contract) -> [JSON.Member] {
    let answers = contract.answers.map { answer in
      (
        answer.status,
        Self.response(
          answer.summary, Self.commonHeaders,
          answer.headers + (contract.kind == .read ? [.consistency] : []), answer.content)
      )
    }
    var failures: [Int: [PDBError.Code]] = [:]
    for code in contract.failures {
      let status = code.meaning?.httpStatus ?? 500
      if failures[status]?.contains(code) != true { failures[status, default: []].append(code) }
      // Pages cannot follow the redirect; see PDBError.response(to:isInsecure:).
      if code == .notLeader { failures[403, default: []].append(code) }
    }
    let refusals = failures.map { status, codes in
      (
        status,
        Self.response(
          codes.map { "`\($0.rawValue)`" }.joined(separator: ", "), [],
          HeaderForm.ofFailure(status), [("application/json", .error)])
      )
    }
    return (answers + refusals).sorted { $0.0 < $1.0 }.map { .init(String($0.0), $0.1) }
  }

  /// Failures have them, too, but are too many to say so of each.
  private static let commonHeaders: [JSON.Member] = HeaderForm.common.map {
    .init($0.name, ["$ref": .string("#/components/headers/" + $0.name)])
  }

  private static func response(
    _ summary: String, _ common: [JSON.Member], _ headers: [HeaderForm],
    _ content: [(type: String, schema: Schema)]
  ) -> JSON {
    let headers = common + headers.map { .init($0.name, json(of: $0)) }
    return .object(
      [.init("description", .string(summary))]
        + (headers.isEmpty ? [] : [.init("headers", .object(headers))])
        + (content.isEmpty ? [] : [.init("content", Self.content(content))]))
  }

  // MARK: Parts

  private static let schemaPlace = "#/components/schemas/"

  private static func content(_ content: [(type: String, schema: Schema)]) -> JSON {
    .object(
      content.map { .init($0.type, ["schema": $0.schema.json(namesIn: schemaPlace)]) })
  }

  private static func json(of parameter: any ParameterForm) -> JSON {
    [
      "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
      "required": .bool(parameter.isRequired), "description": .string(parameter.summary),
      "schema": parameter.schema.json(namesIn: schemaPlace),
    ]
  }

  private static func json(of header: HeaderForm) -> JSON {
    [
      "description": .string(header.summary), "required": .bool(header.isRequired),
      "schema": header.schema.json(namesIn: schemaPlace),
    ]
  }

  /// With `{name}` for `:name` and `**`.
  private static func template(of endpoint: Endpoint) -> String {
    endpoint.path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
      guard let name = endpoint.contract.path?.name, segment == "**" || segment.hasPrefix(":")
      else { return String(segment) }
      return "{\(name)}"
    }.joined(separator: "/")
  }
}

extension Contract {
  /// Everything that it says of JSON.
  fileprivate var schemas: [Schema] {
    [body].compactMap { $0 } + answers.flatMap { $0.content.map(\.schema) }
      + ([path].compactMap { $0 } + (query ?? []) + headers).map(\.schema)
  }
}
