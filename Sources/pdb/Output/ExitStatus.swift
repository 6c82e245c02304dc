// The exit codes of pdb: the only table of them.

import PDBKit

/// How a run of pdb ended, for the shell.
enum ExitStatus: Int32, CaseIterable {
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
  /// Ctrl-C.
  case interrupted = 130
  /// The reader of the output closed the pipe; as if ended by SIGPIPE.
  case brokenPipe = 141

  /// For the manual, in the user's language.
  var summary: String { englishSummary.translated }

  private var englishSummary: String {
    switch self {
    case .done: "Done."
    case .no: "Asked, and the answer is no: not found, not set, degraded."
    case .conflict: "A condition did not hold, or values have changed since."
    case .declined: "Not done because a question was answered with no, or could not be asked."
    case .outcomeUnknown: "It is not known whether the change was applied."
    case .usage: "The command line is wrong."
    case .badInput: "What was handed in is wrong."
    case .noInput: "A file cannot be read."
    case .unreachable: "No node answered."
    case .bug: "A bug of pdb."
    case .cannotCreate: "A file or a folder cannot be written."
    case .inputOutput: "A file is damaged, a disk failed, or output cannot be written."
    case .tryLater: "No leader, no quorum, or something is in use: trying later may help."
    case .wrongCluster:
      "Another cluster, another version, or something that is no node of pdb, answered."
    case .denied: "A token is missing or wrong."
    case .badConfiguration: "The configuration is wrong."
    case .interrupted: "Ended by Ctrl-C."
    case .brokenPipe: "The reader closed the output pipe."
    }
  }

  /// - Parameter error: where a newer node knows a code that this build does not, what became of
  ///   the change decides.
  init(_ error: PDBError) {
    self =
      error.code.meaning.flatMap { Self(rawValue: $0.exitStatus) }
      ?? (error.outcome == .unknown ? .outcomeUnknown : .wrongCluster)
  }
}
