// Other programs that a word of the user's stands for.

import Foundation
import PDBKit

enum Program {
  /// Becomes the program, or, in the shell, waits for it; returns its exit code.
  ///
  /// - Parameter place: what the program's own runs of pdb mean, if the command line says it.
  static func run(
    _ path: String, _ arguments: [String], isShell: Bool, place: [String: String]
  ) throws -> Int32 {
    guard isShell else {
      for (name, value) in place { setenv(name, value, 1) }
      let words = [path] + arguments
      var pointers = words.map { strdup($0) } + [nil]
      execv(path, &pointers)
      throw PDBError(.badConfiguration, "cannot run '\(path)': \(String(cString: strerror(errno)))")
    }
    // What the command line names is not held to the shell's cluster.
    let environment =
      place.isEmpty
      ? Subprogram.environment : ProcessInfo.processInfo.environment.merging(place) { $1 }
    let status = Subprogram.run([path] + arguments, environment: environment, input: nil)
    return status ?? ExitStatus.badConfiguration.rawValue
  }
}
