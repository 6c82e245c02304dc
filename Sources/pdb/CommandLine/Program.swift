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
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
