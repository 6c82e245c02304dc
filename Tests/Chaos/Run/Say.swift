// What the user is told, line by line, also in a pipe.

import Foundation

/// Prints a line at once: a run takes long, and may be watched through a pipe.
func say(_ line: String) {
  FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}
