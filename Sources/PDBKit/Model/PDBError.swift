// The one error that users meet: what happened, whether anything changed, what to do.

/// A failure of the world outside the code: the user, the network, leadership, the disk.
public struct PDBError: Error, Sendable {
  /// The stable names of failures. They may be added to, never changed.
  public enum Code: String, Sendable, CaseIterable {
    // The request is wrong.
    case badRequest = "bad_request"
    case titleRequired = "title_required"
    case invalidTitle = "invalid_title"
    case invalidKey = "invalid_key"
    case invalidValue = "invalid_value"
    case malformedJSON = "malformed_json"
    case unsupportedMediaType = "unsupported_media_type"
    case bodyTooLarge = "body_too_large"
    case tooMany = "too_many"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case forbiddenHost = "forbidden_host"
    case forbiddenOrigin = "forbidden_origin"
    case unauthorized
    // The data says no.
    case taskNotFound = "task_not_found"
    case ambiguousTask = "ambiguous_task"
    case keyNotFound = "key_not_found"
    case memberNotFound = "member_not_found"
    case revisionNotFound = "revision_not_found"
    case conflict
    case notANumber = "not_a_number"
    case notAList = "not_a_list"
    case requestMismatch = "request_mismatch"
    case requestExpired = "request_expired"
    // The cluster cannot, now.
    case losesQuorum = "loses_quorum"
    case notLeader = "not_leader"
    case noLeader = "no_leader"
    case noQuorum = "no_quorum"
    case busy
    case diskFull = "disk_full"
    case stopping
    case unknownOutcome = "unknown_outcome"
    case unreachable
    case interrupted
    case wrongCluster = "wrong_cluster"
    case badAnswer = "bad_answer"
    // The node cannot start or go on.
    case badConfiguration = "bad_configuration"
    case dataDirectory = "data_directory"
    case dataInUse = "data_in_use"
    case portInUse = "port_in_use"
    case noInput = "no_input"
    case corrupt
    case diskFailed = "disk_failed"
    case `internal`
  }

  /// What became of the change that was asked for. "Not applied" is a promise.
  public enum Outcome: String, Sendable {
    case applied
    case notApplied = "not_applied"
    case unknown
  }

  public let code: Code
  /// What happened, in lower case, with its subject in quotes.
  public let message: String
  public let outcome: Outcome
  /// What the user can do about it.
  public let hint: String?
  /// More members of the error's JSON object.
  public let details: [JSON.Member]

  public init(
    _ code: Code, _ message: String, outcome: Outcome = .notApplied, hint: String? = nil,
    details: [JSON.Member] = []
  ) {
    self.code = code
    self.message = message
    self.outcome = outcome
    self.hint = hint
    self.details = details
  }

  /// `{"error":"slug","message":"...","outcome":"...",...}`.
  public var json: JSON {
    var members: [JSON.Member] = [
      .init("error", .string(code.rawValue)),
      .init("message", .string(message)),
      .init("outcome", .string(outcome.rawValue)),
    ]
    if let hint { members.append(.init("hint", .string(hint))) }
    return .object(members + details)
  }

  /// The error that a JSON object of this form describes.
  public init?(json: JSON) {
    guard let slug = json["error"]?.string, let code = Code(rawValue: slug),
      let message = json["message"]?.string
    else { return nil }
    let known = ["error", "message", "outcome", "hint"]
    self.init(
      code, message,
      outcome: json["outcome"]?.string.flatMap(Outcome.init(rawValue:)) ?? .unknown,
      hint: json["hint"]?.string,
      details: (json.members ?? []).filter { !known.contains($0.name) })
  }
}
