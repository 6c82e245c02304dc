// The exit codes of pdb: the only table of them.

import PDBKit

/// How a run of pdb ended, for the shell.
enum ExitStatus: Int32 {
  case done = 0
  /// Asked, and the answer is no: not found, degraded.
  case no = 1
  case conflict = 3
  /// A question was answered with no, or could not be asked.
  case declined = 4
  case outcomeUnknown = 5
  case usage = 64
  case badInput = 65
  case noInput = 66
  /// No node answered.
  case unreachable = 69
  case bug = 70
  case cannotCreate = 73
  case inputOutput = 74
  /// No leader or no quorum; trying later may help.
  case tryLater = 75
  case wrongCluster = 76
  case denied = 77
  case badConfiguration = 78
  /// Whoever read the output went away; as if ended by SIGPIPE.
  case brokenPipe = 141

  init(_ error: PDBError) {
    self =
      switch error.code {
      case .taskNotFound, .keyNotFound, .memberNotFound, .revisionNotFound: .no
      case .conflict, .losesQuorum, .ambiguousTask, .notANumber, .notAList, .requestMismatch:
        .conflict
      case .unknownOutcome, .requestExpired: .outcomeUnknown
      case .badRequest, .titleRequired, .invalidTitle, .invalidKey, .invalidValue,
        .malformedJSON, .bodyTooLarge, .tooMany:
        .badInput
      case .unreachable: .unreachable
      case .notLeader, .noLeader, .noQuorum, .busy, .stopping, .diskFull: .tryLater
      case .wrongCluster, .badAnswer: .wrongCluster
      case .unauthorized, .forbiddenHost, .forbiddenOrigin: .denied
      case .badConfiguration: .badConfiguration
      case .dataDirectory: .cannotCreate
      case .noInput: .noInput
      case .dataInUse, .portInUse: .tryLater
      case .corrupt, .diskFailed: .inputOutput
      case .internal, .notFound, .methodNotAllowed, .unsupportedMediaType: .bug
      }
  }
}
