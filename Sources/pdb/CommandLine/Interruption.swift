// Ctrl-C on the command line.

import Foundation

/// The first Ctrl-C stops the wait, so that the command can say whether the change was applied.
/// The second ends the process as usual.
enum Interruption {
  nonisolated(unsafe) private static var source: (any DispatchSourceSignal)?

  static func cancels(_ command: Task<Int32, Never>) {
    // The caller may have started this program so that it cannot be interrupted.
    let before = signal(SIGINT, SIG_IGN)
    if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { return }
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler {
      signal(SIGINT, SIG_DFL)
      command.cancel()
    }
    source.resume()
    self.source = source
  }
}
