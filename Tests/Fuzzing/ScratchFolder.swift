// A folder for files that need a real one.

import Foundation
import Synchronization

/// It lives as long as this value.
final class ScratchFolder: Sendable {
  let path: String

  private static let count = Atomic(0)

  /// In memory where there is such a place: nothing of it must survive.
  private static let parent =
    FileManager.default.isWritableFile(atPath: "/dev/shm")
    ? "/dev/shm" : FileManager.default.temporaryDirectory.path

  init() {
    let number = Self.count.add(1, ordering: .relaxed).newValue
    path = "\(Self.parent)/pdb-fuzz-\(ProcessInfo.processInfo.processIdentifier)-\(number)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
