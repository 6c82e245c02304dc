// The one error that users meet: what happened, whether anything changed, what to do.

/// A failure of the world outside the code: the user, the network, leadership, the disk.
public struct PDBError: Error, Sendable {
  /// The stable name of a failure. Names are added, never changed; one that a newer node has and
  /// this build does not know is kept as it is.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The name as it stands in JSON, for example `key_not_found`.
    public let rawValue: String

    /// The code with this name, known to this build or not.
    public init(rawValue: String) { self.rawValue = rawValue }

    private init(_ rawValue: String) { self.rawValue = rawValue }

    // The request is wrong.
    /// The request is malformed, or asks for what does not exist.
    public static let badRequest = Self("bad_request")
    /// A task was to be given an empty title.
    public static let titleRequired = Self("title_required")
    /// A title is too long or holds control characters.
    public static let invalidTitle = Self("invalid_title")
    /// A key is empty, too long, or one of pdb's own.
    public static let invalidKey = Self("invalid_key")
    /// A value is too large, or would damage a task.
    public static let invalidValue = Self("invalid_value")
    /// A body is not JSON (RFC 8259).
    public static let malformedJSON = Self("malformed_json")
    /// A body has another media type than `application/json`.
    public static let unsupportedMediaType = Self("unsupported_media_type")
    /// A body is larger than ``Limits/bodyBytes``.
    public static let bodyTooLarge = Self("body_too_large")
    /// A change is about more than ``Limits/batchCount`` tasks or keys.
    public static let tooMany = Self("too_many")
    /// There is no route with this path.
    public static let notFound = Self("not_found")
    /// The route does not know this HTTP method.
    public static let methodNotAllowed = Self("method_not_allowed")
    /// The request names a host that the node does not serve.
    public static let forbiddenHost = Self("forbidden_host")
    /// A web page of another origin sent the request.
    public static let forbiddenOrigin = Self("forbidden_origin")
    /// The token is missing or wrong.
    public static let unauthorized = Self("unauthorized")
    /// Too many wrong tokens come from the client's address.
    public static let tooManyAttempts = Self("too_many_attempts")
    /// The place where the data are cannot do that, whatever its state.
    public static let notSupported = Self("not_supported")
    // The data says no.
    /// There is no such task.
    public static let taskNotFound = Self("task_not_found")
    /// Several tasks have an id that begins like the one asked for.
    public static let ambiguousTask = Self("ambiguous_task")
    /// There is no such key.
    public static let keyNotFound = Self("key_not_found")
    /// There is no such member.
    public static let memberNotFound = Self("member_not_found")
    /// The revision is forgotten or still to come.
    public static let revisionNotFound = Self("revision_not_found")
    /// The ``Condition`` of a change does not hold.
    public static let conflict = Self("conflict")
    /// The value to increase is not a whole number, or would leave the range of 64 bits.
    public static let notANumber = Self("not_a_number")
    /// The value to append to is not a JSON array.
    public static let notAList = Self("not_a_list")
    /// The id of a request was used for another request before.
    public static let requestMismatch = Self("request_mismatch")
    /// A repeated request is older than what the state remembers, so its outcome is not known.
    public static let requestExpired = Self("request_expired")
    // The cluster cannot, now.
    /// Without the member to remove, too few would answer to make a majority.
    public static let losesQuorum = Self("loses_quorum")
    /// The node does not lead; the details name the leader.
    public static let notLeader = Self("not_leader")
    /// The node knows no leader.
    public static let noLeader = Self("no_leader")
    /// Too few members answer to make a majority.
    public static let noQuorum = Self("no_quorum")
    /// The node, or its queue, takes no more for the moment.
    public static let busy = Self("busy")
    /// The disk takes nothing more.
    public static let diskFull = Self("disk_full")
    /// A committed entry cannot be applied; the details name it.
    public static let poisonedEntry = Self("poisoned_entry")
    /// The node is about to stop.
    public static let stopping = Self("stopping")
    /// The change was sent, and it is not known whether it was made.
    public static let unknownOutcome = Self("unknown_outcome")
    /// No node could be reached.
    public static let unreachable = Self("unreachable")
    /// What was waited for has not come in time.
    public static let timedOut = Self("timed_out")
    /// The operation was cancelled.
    public static let interrupted = Self("interrupted")
    /// A node of another cluster answered.
    public static let wrongCluster = Self("wrong_cluster")
    /// A node answered with what this build does not understand.
    public static let badAnswer = Self("bad_answer")
    /// The node serves its clients in TLS only.
    public static let tlsRequired = Self("tls_required")
    /// A node did not prove that it is one of those that are meant.
    public static let untrusted = Self("untrusted")
    // The node cannot start or go on.
    /// The options or settings contradict each other or are malformed.
    public static let badConfiguration = Self("bad_configuration")
    /// The data directory cannot be made, read or written.
    public static let dataDirectory = Self("data_directory")
    /// Another process holds the data directory.
    public static let dataInUse = Self("data_in_use")
    /// Another process listens on the port.
    public static let portInUse = Self("port_in_use")
    /// A file to read is not there.
    public static let noInput = Self("no_input")
    /// Stored data are damaged.
    public static let corrupt = Self("corrupt")
    /// The disk reported an error.
    public static let diskFailed = Self("disk_failed")
    /// The output cannot be written.
    public static let outputFailed = Self("output_failed")
    /// An error in pdb itself.
    public static let `internal` = Self("internal")
  }

  /// What became of the change that was asked for. "Not applied" is a promise.
  public enum Outcome: String, Sendable {
    /// The change was made.
    case applied
    /// The change was not made and will not be.
    case notApplied = "not_applied"
    /// The change may have been made, or may still be.
    case unknown
  }

  /// The stable name of the failure.
  public let code: Code
  /// What happened, in lower case, with its subject in quotes.
  public let message: String
  /// What became of the change that was asked for.
  public let outcome: Outcome
  /// What the user can do about it.
  public let hint: String?
  /// More members of the error's JSON object.
  public let details: [JSON.Member]
  /// For the node's log: what was behind it. It goes nowhere else.
  package let cause: (any Error)?

  /// A failure; ``message`` and ``hint`` are for people, ``code`` and ``details`` for programs.
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
