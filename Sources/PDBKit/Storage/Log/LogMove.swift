// From the log of version 0.1 to the files of now.
//
// A crash between two steps is completed by doing them again:
//
// 1. the new files are written, synced, and then named;
// 2. the old one is emptied, and marked as moved.

import PDBModel

extension LogStore {
  /// Takes over what the log of version 0.1 holds, if there is one and it was not taken over yet.
  ///
  /// - Parameter path: of the old log.
  /// - Returns: whether there was something to take over.
  /// - Throws: `corrupt` for an old log that is damaged; it is left as it is.
  @discardableResult
  package func takeOver(_ path: String) throws -> Bool {
    guard let old = try OldLog(path: path) else { return false }
    if try load() == nil {
      guard let contents = try old.load() else { return false }
      try begin(contents)
    }
    try old.setMoved()
    return true
  }
}
