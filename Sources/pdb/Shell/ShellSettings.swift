// The shell's own settings, and the commands that change them: those that begin with a dot.

import NIOConcurrencyHelpers
import PDBKit

/// How this shell prints results.
final class ShellSettings: Sendable {
  private enum Format: String, CaseIterable {
    case table, tsv, json
  }

  private struct State {
    var format = Format.table
    var isTimed = false
  }

  private let state = NIOLockedValueBox(State())

  /// The options that every command gets because of them.
  var words: [String] { state.withLockedValue { $0.format } == .json ? ["--json"] : [] }

  /// Runs a dot command; returns its exit code.
  func run(_ words: [String]) -> Int32 {
    switch (words[0], words.dropFirst().first) {
    case (".help", _): Console.write(Self.help)
    case (".timing", "on"), (".timing", nil): state.withLockedValue { $0.isTimed = true }
    case (".timing", "off"): state.withLockedValue { $0.isTimed = false }
    case (".format", let name?):
      guard let format = Format(rawValue: name) else { return fail(words) }
      state.withLockedValue { $0.format = format }
      Console.wantsPlainOutput = format == .tsv
    default: return fail(words)
    }
    return 0
  }

  /// Clears the screen; returns the exit code.
  func clear() -> Int32 {
    // Erase in display (ECMA-48, section 8.3.39): what is shown, and what was scrolled away.
    if Console.isTerminal(.output) { Console.write(text: "\u{1B}[H\u{1B}[2J\u{1B}[3J") }
    return 0
  }

  private func fail(_ words: [String]) -> Int32 {
    ErrorReport(
      PDBError(
        .badRequest,
        "unknown command '\(words.joined(separator: " "))'",
        hint: "'.help' lists the commands of the shell"),
      asJSON: false
    ).print()
    return ExitStatus.usage.rawValue
  }

  func tellTime(since start: ContinuousClock.Instant) {
    guard state.withLockedValue({ $0.isTimed }) else { return }
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    let milliseconds = Double(seconds) * 1000 + Double(attoseconds) / 1e15
    Console.writeError(
      Style(for: .error).dim("\((milliseconds * 10).rounded() / 10) ms"))
  }

  static let candidates = [
    Candidate(word: ".format", summary: "How results look: table, tsv or json".translated),
    Candidate(word: ".timing", summary: "How long commands take: on or off".translated),
    Candidate(word: ".help", summary: "How this shell works".translated),
    Candidate(word: "clear", summary: "Clear the screen".translated),
    Candidate(word: "exit", summary: "Leave".translated),
  ]

  static let help: TerminalText = """
    Every command of pdb works here without the 'pdb': task ls, kv get KEY, log, ...
    'help' lists them, 'help COMMAND' opens its manual page.

      .format table|tsv|json   how results look
      .timing on|off           how long commands take
      .help                    this
      clear                    clears the screen
      exit, Ctrl-D             leave

      COMMAND; COMMAND         one after the other, until one fails
      COMMAND | PROGRAM        a program of the system reads what is printed
      COMMAND > FILE           into a file; >> FILE adds to its end

    Quotes or a backslash make ; | > & < # and blanks text. Tab completes commands,
    options, keys and task numbers. Ctrl-C gives up the line, or stops a command that
    waits. Several lines that are pasted are shown, and run when Enter is pressed. A
    line that begins with a blank is not remembered.
    """
}
