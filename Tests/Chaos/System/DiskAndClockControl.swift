// What this process tells the library in a node: three numbers in a file that both map.

import Foundation

/// The disk and the clock of one node.
///
/// The file holds three 64-bit integers in the machine's byte order:
///
///     0   how long every sync takes in addition, in microseconds
///     8   what is added to the wall clock, in nanoseconds
///     16  1 if every sync fails
struct DiskAndClockControl: Sendable {
  let path: String

  init(path: String) throws {
    self.path = path
    try Data(count: 24).write(to: URL(fileURLWithPath: path))
  }

  /// Written in place: the node has mapped this very file.
  func set(syncDelay: Duration, clockOffset: Duration, failsSync: Bool) throws {
    let numbers: [Int64] = [
      syncDelay.milliseconds * 1000, clockOffset.milliseconds * 1_000_000, failsSync ? 1 : 0,
    ]
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    try handle.write(contentsOf: numbers.withUnsafeBytes { Data($0) })
  }
}
