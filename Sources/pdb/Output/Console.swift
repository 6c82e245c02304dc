// The terminal: data on stdout, messages on stderr, and what each of them can show.

import Foundation
import NIOConcurrencyHelpers

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

  /// Data: a line on stdout.
  static func write(_ line: String) { write(Array(line.utf8) + [UInt8(ascii: "\n")]) }

  /// Data, as it is.
  static func write(_ bytes: [UInt8]) { write(bytes, to: .output) }

  /// A message: a line on stderr.
  static func writeError(_ line: String) {
    write(Array(line.utf8) + [UInt8(ascii: "\n")], to: .error)
  }

  /// A message, as it is.
  static func writeMessage(_ text: String) { write(Array(text.utf8), to: .error) }

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

  /// Asks a question that is answered with y or n.
  static func confirm(_ question: String) async -> Bool {
    FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
    return await BlockingCall.run { isCancelled in
      guard waitForInput(unless: isCancelled) else { return false }
      let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased()
      return answer == "y" || answer == "yes"
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

  func red(_ text: String) -> String { apply(31, text) }
  func green(_ text: String) -> String { apply(32, text) }
  func yellow(_ text: String) -> String { apply(33, text) }
  func bold(_ text: String) -> String { apply(1, text) }
  func dim(_ text: String) -> String { apply(2, text) }

  /// Select Graphic Rendition (ECMA-48, section 8.3.117).
  private func apply(_ code: Int, _ text: String) -> String {
    isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
