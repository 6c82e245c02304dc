// The terminal: data on stdout, messages on stderr, and what each of them can show.

import Foundation
import NIOConcurrencyHelpers
import PDBKit

enum Console {
  enum Stream {
    case output, error

    fileprivate var descriptor: Int32 {
      self == .error ? STDERR_FILENO : OutputTarget.current?.descriptor ?? STDOUT_FILENO
    }
  }

  /// Takes the places of standard streams that are closed, so that no connection gets their
  /// numbers and what is written to stdout. As glibc does for programs with privileges, with files
  /// that refuse what the stream is for.
  static func reserveStandardStreams() {
    for (stream, mode) in [
      (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY),
    ] where fcntl(stream, F_GETFD) < 0 && errno == EBADF {
      _ = open("/dev/null", mode)
    }
  }

  static func isTerminal(_ stream: Stream) -> Bool {
    isatty(stream.descriptor) == 1 && !(stream == .output && wantsPlainOutput)
  }

  private static let plainOutput = NIOLockedValueBox(false)

  /// Whether a person wants to see what a pipe would get.
  static var wantsPlainOutput: Bool {
    get { plainOutput.withLockedValue { $0 } }
    set { plainOutput.withLockedValue { $0 = newValue } }
  }

  static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

  // MARK: Writing

  // Nothing but `write(bytes:)` lets control characters of data through to a terminal.

  /// Data: a line on stdout.
  static func write(_ line: TerminalText) { write(text: "\(line)\n") }

  /// Data of several lines, which end with a line break.
  static func write(text: TerminalText) { write(bytes: Array(text.string.utf8)) }

  /// One value: for people escaped, for a pipe as a cell.
  static func write(cell: String) {
    if isTerminal(.output) { write(TerminalText(cell)) } else { write(row: [cell]) }
  }

  /// Tab-separated values.
  static func write(row cells: [String]) {
    let line = cells.map(\.tabEscaped)
    // Somebody may want to see what a pipe would get.
    let shown = isScreen ? line.map(\.escapingControlCharacters) : line
    write(TerminalText(escaped: shown.joined(separator: "\t")))
  }

  /// JSON: a line on stdout.
  static func write(json: JSON) { write(TerminalText(escaped: json.textForTerminals)) }

  /// Lines of JSON that are written already.
  static func write(jsonLines: Bytes) {
    guard isScreen else { return write(bytes: jsonLines) }
    let text = String(decoding: jsonLines, as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    write(
      text: TerminalText(
        escaped: lines.map { String($0).escapedInJSON }.joined(separator: "\n")))
  }

  /// Bytes as they are: for files and programs, or because the user asked for just that.
  static func write(bytes: [UInt8]) { write(bytes, to: .output) }

  /// A message: a line on stderr.
  static func writeError(_ line: TerminalText) { writeMessage("\(line)\n") }

  /// A message of several lines, or one that is not over.
  static func writeMessage(_ text: TerminalText) { write(Array(text.string.utf8), to: .error) }

  /// A message for programs.
  static func writeError(json: JSON) {
    writeError(TerminalText(escaped: json.textForTerminals))
  }

  /// Whether stdout is a terminal, whatever a person wants to see there.
  static var isScreen: Bool { isatty(Stream.output.descriptor) == 1 }

  private static func write(_ bytes: [UInt8], to stream: Stream) {
    let target = stream == .output ? OutputTarget.current : nil
    if target?.hasFailed == true { return }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.write(stream.descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 {
        let code = errno
        // A message without a reader is no reason to stop; a node must outlive its log.
        if stream == .error { return }
        if let target { return target.fail(code) }
        OutputFailure.tell(code, about: "stdout")
        exit(OutputFailure.status(code).rawValue)
      }
      rest = rest.dropFirst(count)
    }
  }

  /// The height of the terminal in rows, or a default.
  static var rows: Int { size?.rows ?? 24 }

  private static var size: (columns: Int, rows: Int)? {
    var size = winsize()
    guard ioctl(Stream.output.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// The width of the terminal in columns, or a default.
  static var columns: Int {
    if let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text),
      columns > 0
    {
      return columns
    }
    return size?.columns ?? 80
  }

  /// Blocks until there is something to read; false if the command was cancelled meanwhile.
  static func waitForInput(unless isCancelled: OnceFlag) -> Bool {
    while !isCancelled.isRaised {
      var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      if poll(&descriptor, 1, 50) > 0 { return true }
    }
    return false
  }

  /// Asks a question that is answered with y or n; in Vietnamese also with c or có.
  static func confirm(_ question: TerminalText) async -> Bool {
    writeMessage("\(question) [y/N] ")
    return await BlockingCall.run { isCancelled in
      guard waitForInput(unless: isCancelled) else { return false }
      let answer = readLine()?.trimmingCharacters(in: .whitespaces).foldedForSearch
      let isVietnamese = UserLanguage.current == .vietnamese
      return (["y", "yes"] + (isVietnamese ? ["c", "co"] : [])).contains(answer ?? "")
    }
  }
}

/// When to colour.
enum ColorChoice: String, CaseIterable, Sendable {
  case auto, always, never

  private static let chosen = NIOLockedValueBox(ColorChoice.auto)

  /// What `--color` says.
  static var current: ColorChoice {
    get { chosen.withLockedValue { $0 } }
    set { chosen.withLockedValue { $0 = newValue } }
  }
}

/// Colours for one stream, or none (no-color.org).
struct Style {
  let isOn: Bool

  init(isOn: Bool) { self.isOn = isOn }

  init(for stream: Console.Stream) {
    let environment = ProcessInfo.processInfo.environment
    isOn =
      switch ColorChoice.current {
      case .always: true
      case .never: false
      case .auto:
        Console.isTerminal(stream) && (environment["NO_COLOR"] ?? "").isEmpty
          && environment["TERM"] != "dumb"
      }
  }

  func red(_ text: TerminalText) -> TerminalText { apply(31, text) }
  func green(_ text: TerminalText) -> TerminalText { apply(32, text) }
  func yellow(_ text: TerminalText) -> TerminalText { apply(33, text) }
  func cyan(_ text: TerminalText) -> TerminalText { apply(36, text) }
  func bold(_ text: TerminalText) -> TerminalText { apply(1, text) }
  func dim(_ text: TerminalText) -> TerminalText { apply(2, text) }

  /// Select Graphic Rendition (ECMA-48, section 8.3.117).
  private func apply(_ code: Int, _ text: TerminalText) -> TerminalText {
    isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
