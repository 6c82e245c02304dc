// The progress of a long operation, on stderr, for a user at a terminal.

import Foundation

/// A bar that is drawn over itself, from a tenth of a second on; nothing elsewhere than on a
/// terminal.
struct ProgressBar {
  private let what: TerminalText
  private let isShown: Bool
  private let start = ContinuousClock.now
  private var lastDrawn = ContinuousClock.now
  private var isDrawn = false

  init(_ what: TerminalText, isQuiet: Bool) {
    self.what = what
    isShown = Console.isTerminal(.error) && !isQuiet
  }

  /// - Parameter total: `nil` if it is not known.
  mutating func update(_ done: Int, of total: Int?) {
    let now = ContinuousClock.now
    guard isShown, now - lastDrawn > .milliseconds(100) else { return }
    lastDrawn = now
    isDrawn = true
    Console.writeMessage("\r\(what)  \(text(done, total))\u{1B}[K")
  }

  private func text(_ done: Int, _ total: Int?) -> TerminalText {
    guard let total, total > 0 else { return "\(done)" }
    let width = 30
    let filled = width * min(done, total) / total
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    return "\(bar) \(100 * min(done, total) / total)%  \(done) of \(total)"
  }

  /// Takes the bar away.
  func finish() {
    if isDrawn { Console.writeMessage("\r\u{1B}[K") }
  }
}
