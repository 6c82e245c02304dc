// What an endpoint answers when all is well: status, media type, schema, headers.

import PDBModel

/// A header of an answer.
struct HeaderForm: Sendable {
  let name: String
  let schema: Schema
  let summary: String
  var isRequired = true

  /// The same where it may be missing.
  var ifAny: Self {
    var copy = self
    copy.isRequired = false
    return copy
  }
}

/// An answer that an endpoint can give.
struct AnswerForm: Sendable {
  let status: Int
  let summary: String
  /// The media types of the body with what it is; none without a body.
  let content: [(type: String, schema: Schema)]
  let headers: [HeaderForm]

  static func json(
    _ schema: Schema, _ summary: String, status: Int = 200, _ headers: [HeaderForm] = []
  ) -> Self {
    Self(
      status: status, summary: summary, content: [("application/json", schema)], headers: headers)
  }

  /// What has a version, which `ETag` names.
  static func tagged(
    _ schema: Schema, _ summary: String, status: Int = 200, _ headers: [HeaderForm] = []
  ) -> Self {
    json(schema, summary, status: status, [.eTag] + headers)
  }

  static func text(_ types: String..., summary: String, _ headers: [HeaderForm] = []) -> Self {
    Self(status: 200, summary: summary, content: types.map { ($0, .string) }, headers: headers)
  }

  /// Server-sent events, whose data are JSON of a schema; the answer has no end.
  static func events(of schema: Schema, _ summary: String) -> Self {
    Self(
      status: 200, summary: summary,
      content: [("text/event-stream", Schema.string.with("contentSchema", schema))], headers: [])
  }

  /// There is nothing to answer with.
  static func nothing(_ summary: String) -> Self {
    Self(status: 204, summary: summary, content: [], headers: [])
  }

  /// Octets of any kind.
  static func octets(_ summary: String) -> Self {
    Self(
      status: 200, summary: summary,
      content: [("application/octet-stream", Schema.any.with("format", "binary"))], headers: [])
  }

  /// The client has it already.
  static let notModified = Self(
    status: 304, summary: "The client has this version already", content: [], headers: [.eTag])

  var isTagged: Bool { headers.contains { $0.name == HeaderForm.eTag.name } }
}

extension HeaderForm {
  static let eTag = Self(
    name: "ETag", schema: .string(pattern: "^\"[0-9a-f]+\"$"),
    summary: "The version of what the body shows; of tasks and pairs its revision")
  static let location = Self(name: "Location", schema: .string, summary: "Where it is")
  static let consistency = Self(
    name: "PDB-Consistency", schema: Query.consistency.schema,
    summary: "Whether it knows all that was acknowledged, or is this node's own state")

  /// What every answer has.
  static let common: [Self] = [
    Self(
      name: "PDB-Revision", schema: .unsigned,
      summary: "The revision that the answer shows or that the change made"),
    Self(name: "PDB-Term", schema: .unsigned, summary: "The node's term"),
    Self(name: "PDB-Node", schema: .string, summary: "The node's id"),
    Self(name: "PDB-Cluster", schema: .string, summary: "The cluster's id"),
    Self(
      name: "PDB-Birth", schema: .string, summary: "The cluster's birth, once the node knows it",
      isRequired: false),
  ]

  /// What answers with a status have beside that.
  static func ofFailure(_ status: Int) -> [Self] {
    switch status {
    case 307:
      [
        Self(
          name: "Location", schema: .string, summary: "The same on the leader", isRequired: false)
      ]
    case 401: [Self(name: "WWW-Authenticate", schema: .string, summary: "Bearer")]
    case 426: [Self(name: "Upgrade", schema: .string, summary: "The protocols to use instead")]
    case 429, 503, 507:
      [
        Self(
          name: "Retry-After", schema: .unsigned, summary: "When to try again, in seconds",
          isRequired: false)
      ]
    default: []
    }
  }
}
