// The one error that users meet: what happened, whether anything changed, what to do.

/// A failure of the world outside the code: the user, the network, leadership, the disk.
public struct PDBError: Error, Sendable {
  /// The stable name of a failure. Names are added, never changed; one that a newer node has and
  /// this build does not know is kept as it is.
  public struct Code: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    private init(_ rawValue: String) { self.rawValue = rawValue }

    // The request is wrong.
    public static let badRequest = Self("bad_request")
    public static let titleRequired = Self("title_required")
    public static let invalidTitle = Self("invalid_title")
    public static let invalidKey = Self("invalid_key")
    public static let invalidValue = Self("invalid_value")
    public static let malformedJSON = Self("malformed_json")
    public static let unsupportedMediaType = Self("unsupported_media_type")
    public static let bodyTooLarge = Self("body_too_large")
    public static let tooMany = Self("too_many")
    public static let notFound = Self("not_found")
    public static let methodNotAllowed = Self("method_not_allowed")
    public static let forbiddenHost = Self("forbidden_host")
    public static let forbiddenOrigin = Self("forbidden_origin")
    public static let unauthorized = Self("unauthorized")
    // The data says no.
    public static let taskNotFound = Self("task_not_found")
    public static let ambiguousTask = Self("ambiguous_task")
    public static let keyNotFound = Self("key_not_found")
    public static let memberNotFound = Self("member_not_found")
    public static let revisionNotFound = Self("revision_not_found")
    public static let conflict = Self("conflict")
    public static let notANumber = Self("not_a_number")
    public static let notAList = Self("not_a_list")
    public static let requestMismatch = Self("request_mismatch")
    public static let requestExpired = Self("request_expired")
    // The cluster cannot, now.
    public static let losesQuorum = Self("loses_quorum")
    public static let notLeader = Self("not_leader")
    public static let noLeader = Self("no_leader")
    public static let noQuorum = Self("no_quorum")
    public static let busy = Self("busy")
    public static let diskFull = Self("disk_full")
    public static let stopping = Self("stopping")
    public static let unknownOutcome = Self("unknown_outcome")
    public static let unreachable = Self("unreachable")
    public static let interrupted = Self("interrupted")
    public static let wrongCluster = Self("wrong_cluster")
    public static let badAnswer = Self("bad_answer")
    // The node cannot start or go on.
    public static let badConfiguration = Self("bad_configuration")
    public static let dataDirectory = Self("data_directory")
    public static let dataInUse = Self("data_in_use")
    public static let portInUse = Self("port_in_use")
    public static let noInput = Self("no_input")
    public static let corrupt = Self("corrupt")
    public static let diskFailed = Self("disk_failed")
    public static let outputFailed = Self("output_failed")
    public static let `internal` = Self("internal")
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
  /// For the node's log: what was behind it. It goes nowhere else.
  package let cause: (any Error)?

  public init(
    _ code: Code, _ message: String, outcome: Outcome = .notApplied, hint: String? = nil,
    details: [JSON.Member] = []
  ) {
    self.init(code, message, outcome: outcome, hint: hint, details: details, cause: nil)
  }

  package init(
    _ code: Code, _ message: String, outcome: Outcome = .notApplied, hint: String? = nil,
    details: [JSON.Member] = [], cause: (any Error)?
  ) {
    self.code = code
    self.message = message
    self.outcome = outcome
    self.hint = hint
    self.details = details
    self.cause = cause
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
    guard let code = json["error"]?.string, let message = json["message"]?.string else {
      return nil
    }
    let known = ["error", "message", "outcome", "hint"]
    self.init(
      Code(rawValue: code), message,
      outcome: json["outcome"]?.string.flatMap(Outcome.init(rawValue:)) ?? .unknown,
      hint: json["hint"]?.string,
      details: (json.members ?? []).filter { !known.contains($0.name) })
  }
}
