// Programs beside pdb: those named `pdb-WORD`, and the commands of shell aliases.

import Foundation
import PDBKit

enum ExternalProgram {
  /// Replaces this process by the program. In the shell it waits for the program instead and
  /// returns its exit code.
  ///
  /// - Parameter additions: what its environment has besides this one's.
  static func run(
    _ path: String, _ arguments: [String], _ additions: [String: String], isShell: Bool
  ) async throws -> Int32 {
    guard isShell else {
      for (name, value) in additions { setenv(name, value, 1) }
      let words = [path] + arguments
      var pointers = words.map { strdup($0) } + [nil]
      execv(path, &pointers)
      throw PDBError(.badConfiguration, "cannot run '\(path)': \(String(cString: strerror(errno)))")
    }
    // A place that the command line names overrides the shell's.
    let own =
      additions["PDB_DB"] == nil ? Subprogram.environment : ProcessInfo.processInfo.environment
    let environment = own.merging(additions) { $1 }
    let status = await Subprogram.run([path] + arguments, environment: environment, input: nil)
    return status ?? ExitStatus.badConfiguration.rawValue
  }
}
