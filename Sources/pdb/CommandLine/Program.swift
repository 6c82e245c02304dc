// Other programs that a word of the user's stands for.

import Foundation
import PDBKit

enum Program {
  /// Becomes the program, or, in the shell, waits for it; returns its exit code.
  static func run(_ path: String, _ arguments: [String], isShell: Bool) throws -> Int32 {
    guard isShell else {
      let words = [path] + arguments
      var pointers = words.map { strdup($0) } + [nil]
      execv(path, &pointers)
      throw PDBError(.badConfiguration, "cannot run '\(path)': \(String(cString: strerror(errno)))")
    }
    let environment = ProcessInfo.processInfo.environment
    let status = Subprogram.run([path] + arguments, environment: environment, input: nil)
    return status ?? ExitStatus.badConfiguration.rawValue
  }
}
