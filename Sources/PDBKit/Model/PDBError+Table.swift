// What every failure means to HTTP clients and shells, which do not read its message.

extension PDBError.Code {
  /// A code's meaning.
  package struct Meaning: Sendable {
    let code: PDBError.Code
    /// The status of an answer over HTTP (RFC 9110, section 15).
    package let httpStatus: Int
    /// The exit status of the command line, after sysexits.h.
    package let exitStatus: Int32

    fileprivate init(_ code: PDBError.Code, http: Int, exit: Int32) {
      (self.code, httpStatus, exitStatus) = (code, http, exit)
    }
  }

  /// The one table of failures, in the order of their declaration.
  static let table: [Meaning] = [
    .init(.badRequest, http: 400, exit: 65),
    .init(.titleRequired, http: 400, exit: 65),
    .init(.invalidTitle, http: 400, exit: 65),
    .init(.invalidKey, http: 400, exit: 65),
    .init(.invalidValue, http: 400, exit: 65),
    .init(.malformedJSON, http: 400, exit: 65),
    .init(.unsupportedMediaType, http: 415, exit: 70),
    .init(.bodyTooLarge, http: 413, exit: 65),
    .init(.tooMany, http: 400, exit: 65),
    .init(.notFound, http: 404, exit: 70),
    .init(.methodNotAllowed, http: 405, exit: 70),
    .init(.forbiddenHost, http: 403, exit: 77),
    .init(.forbiddenOrigin, http: 403, exit: 77),
    .init(.unauthorized, http: 401, exit: 77),
    .init(.tooManyAttempts, http: 429, exit: 77),
    .init(.notSupported, http: 501, exit: 64),
    .init(.taskNotFound, http: 404, exit: 1),
    .init(.ambiguousTask, http: 409, exit: 3),
    .init(.keyNotFound, http: 404, exit: 1),
    .init(.memberNotFound, http: 404, exit: 1),
    .init(.revisionNotFound, http: 404, exit: 1),
    .init(.conflict, http: 409, exit: 3),
    .init(.notANumber, http: 409, exit: 3),
    .init(.notAList, http: 409, exit: 3),
    .init(.requestMismatch, http: 409, exit: 3),
    .init(.requestExpired, http: 409, exit: 5),
    .init(.losesQuorum, http: 409, exit: 3),
    .init(.notLeader, http: 307, exit: 75),
    .init(.noLeader, http: 503, exit: 75),
    .init(.noQuorum, http: 503, exit: 75),
    .init(.busy, http: 503, exit: 75),
    .init(.diskFull, http: 507, exit: 75),
    .init(.poisonedEntry, http: 503, exit: 74),
    .init(.stopping, http: 503, exit: 75),
    .init(.unknownOutcome, http: 504, exit: 5),
    .init(.unreachable, http: 503, exit: 69),
    .init(.timedOut, http: 504, exit: 75),
    .init(.interrupted, http: 500, exit: 130),
    .init(.wrongCluster, http: 421, exit: 76),
    .init(.badAnswer, http: 500, exit: 76),
    .init(.tlsRequired, http: 426, exit: 76),
    .init(.untrusted, http: 500, exit: 76),
    .init(.badConfiguration, http: 500, exit: 78),
    .init(.dataDirectory, http: 500, exit: 73),
    .init(.dataInUse, http: 500, exit: 75),
    .init(.portInUse, http: 500, exit: 75),
    .init(.noInput, http: 500, exit: 66),
    .init(.corrupt, http: 500, exit: 74),
    .init(.diskFailed, http: 500, exit: 74),
    .init(.outputFailed, http: 500, exit: 74),
    .init(.internal, http: 500, exit: 70),
  ]

  private static let meanings = Dictionary(uniqueKeysWithValues: table.map { ($0.code, $0) })

  /// The codes that this build knows, in the order of their declaration.
  public static let known = table.map(\.code)

  /// `nil` for a code that only a newer build knows.
  package var meaning: Meaning? { Self.meanings[self] }
}
