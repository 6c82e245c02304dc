// What clients can rely on of an endpoint, beside its method and its path.

import PDBModel

/// What an endpoint is about, as the document groups them.
enum Tag: String, CaseIterable, Sendable {
  case page, tasks, pairs, history, events, transfers, cluster, members, settings, about

  var summary: String {
    switch self {
    case .page: "Tasks and cluster in a browser"
    case .tasks: "The list of tasks"
    case .pairs: "Keys and their values"
    case .history: "Looking back, and taking back"
    case .events: "Changes as they happen"
    case .transfers: "Data in bulk: all of it out, much of it in"
    case .cluster: "How the node and its cluster are"
    case .members: "The members of the cluster, and changing them"
    case .settings: "The settings of the cluster"
    case .about: "What this API is"
    }
  }
}

/// The sort of an endpoint. It says what all of this sort take, and how they can fail.
enum EndpointKind: Sendable {
  /// Tells what this node knows.
  case report
  /// Reads the replicated state.
  case read
  /// Changes the replicated state.
  case change
  /// Changes the replicated state, under a condition if the client wants.
  case conditionalChange
  /// Does something to the cluster or its nodes.
  case administration

  /// What requests may carry in their headers.
  var headers: [any ParameterForm] {
    switch self {
    case .report, .administration, .read: []
    case .change:
      [Header.idempotencyKey, Header.author, Header.requestAge, Header.requestRevision]
    case .conditionalChange:
      EndpointKind.change.headers + [Header.ifMatch, Header.ifAbsent] as [any ParameterForm]
    }
  }

  var query: [any ParameterForm] { self == .read ? [Query.consistency, Query.at] : [] }

  var failures: [PDBError.Code] {
    switch self {
    case .report: []
    case .read:
      [.noQuorum, .stopping, .corrupt, .diskFailed, .unreachable, .revisionNotFound]
    case .change:
      [
        .notLeader, .noQuorum, .stopping, .poisonedEntry, .diskFull, .unknownOutcome,
        .requestMismatch, .requestExpired, .tooMany, .corrupt, .diskFailed,
      ]
    case .conditionalChange: EndpointKind.change.failures + [.conflict]
    case .administration:
      [.notLeader, .noQuorum, .stopping, .poisonedEntry, .diskFull, .unknownOutcome, .conflict]
    }
  }
}

/// What a request takes, what it is answered with, and how it can fail.
struct Contract: Sendable {
  /// The name of the endpoint in programs.
  let id: String
  let kind: EndpointKind
  /// What stands in the path.
  let path: (any ParameterForm)?
  /// What may stand in the query; `nil`: anything, it is not for the node.
  let query: [any ParameterForm]?
  let headers: [any ParameterForm]
  let body: Schema?
  let answers: [AnswerForm]
  let failures: [PDBError.Code]

  init(
    _ id: String, _ kind: EndpointKind, path: (any ParameterForm)?, query: [any ParameterForm]?,
    headers: [any ParameterForm], body: Schema?, isPublic: Bool, answers: [AnswerForm],
    failures: [PDBError.Code]
  ) {
    self.id = id
    self.kind = kind
    self.path = path
    self.query = query.map { $0 + kind.query }
    self.body = body
    let hasVersions = kind == .read && answers.contains(where: \.isTagged)
    self.headers =
      [Header.expectCluster] + kind.headers + (hasVersions ? [Header.knownVersion] : []) + headers
    self.answers = answers + (hasVersions ? [.notModified] : [])
    self.failures =
      Self.common + (isPublic ? [] : Self.ofTokens) + (body == nil ? [] : Self.ofBodies)
      + kind.failures + failures
  }

  /// How every request can fail.
  private static let common: [PDBError.Code] = [
    .badRequest, .forbiddenHost, .forbiddenOrigin, .wrongCluster, .noLeader, .busy, .tlsRequired,
    .internal,
  ]
  private static let ofTokens: [PDBError.Code] = [.unauthorized, .tooManyAttempts]
  private static let ofBodies: [PDBError.Code] = [
    .malformedJSON, .unsupportedMediaType, .bodyTooLarge,
  ]
}
