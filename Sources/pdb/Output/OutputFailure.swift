// Output that cannot be written, and whether the change that it reports was applied.

import Foundation
import NIOConcurrencyHelpers
import PDBKit

/// What the running command has done so far, for the case that its output fails.
///
/// A script that sees a command fail repeats it; if only the answer was lost, the repetition would
/// make the change twice.
enum OutputFailure {
  private struct Command {
    var asJSON = false
    var hasChanged = false
    var revision: UInt64?
  }

  private static let command = NIOLockedValueBox(Command())

  /// A command begins.
  static func beginCommand(asJSON: Bool) {
    command.withLockedValue { $0 = Command(asJSON: asJSON) }
  }

  /// The command has made a change.
  static func noteChange(_ revision: UInt64?) {
    command.withLockedValue {
      $0.hasChanged = true
      $0.revision = revision
    }
    // From now on a closed pipe is worth a message, so it must not end the process by itself.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Tells that output failed; a pipe that a reader closed is worth no message unless there was a
  /// change.
  static func tell(_ code: Int32, about name: String) {
    let command = command.withLockedValue { $0 }
    guard code != EPIPE || command.hasChanged else { return }
    let message =
      code == EPIPE
      ? "output pipe closed" : "cannot write to \(name): \(String(cString: strerror(code)))"
    let error = PDBError(
      .outputFailed, message, outcome: command.hasChanged ? .applied : .notApplied,
      hint: !command.hasChanged
        ? nil
        : command.revision.map {
          "do not repeat the command; 'pdb show \($0)' shows what it did"
        } ?? "do not repeat the command")
    ErrorReport(error, asJSON: command.asJSON, isAboutChange: command.hasChanged).print()
  }

  static func status(_ code: Int32) -> ExitStatus { code == EPIPE ? .brokenPipe : .inputOutput }
}
