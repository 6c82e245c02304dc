// Other programs that a word of the user's stands for.

import Foundation
import PDBKit

enum Program {
  /// Becomes the program, or, in the shell, waits for it; returns its exit code.
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
    // What the command line names is not held to the shell's cluster.
    let own =
      additions["PDB_DB"] == nil ? Subprogram.environment : ProcessInfo.processInfo.environment
    let environment = own.merging(additions) { $1 }
    let status = await Subprogram.run([path] + arguments, environment: environment, input: nil)
    return status ?? ExitStatus.badConfiguration.rawValue
  }
}
