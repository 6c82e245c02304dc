// The one file that knows GNU Readline: a line of text, edited on the terminal.
//
// Readline has one global state and calls back into C functions, so all of it happens on one
// thread, which waits for keys and for messages at the same time:
//
//   edit         begin to read a line
//   prompt       the prompt has changed, also while a line is being typed
//   say          print something above the line that is being typed
//   interrupt    Ctrl-C
//   redraw       the process was stopped and goes on
//
// While no line is being read the terminal is as it was, and belongs to the command that runs.

@preconcurrency import CReadline
import Foundation
import NIOConcurrencyHelpers

/// Reads lines from the terminal, with history and completion.
final class LineEditor: Sendable {
  enum Input: Sendable {
    case line(String)
    /// Ctrl-D on an empty line, or the terminal is gone.
    case end
  }

  enum Message: Sendable {
    case edit(CheckedContinuation<Input, Never>)
    case prompt(TerminalText)
    case say(TerminalText)
    case interrupt
    case redraw
    case stop
  }

  private let messages = NIOLockedValueBox<[Message]>([])
  private let wakeUp: Int32
  private let wakened: Int32
  private let onInterrupt: @Sendable () -> Void
  private let complete: @Sendable (String) -> Completer.Answer

  /// - Parameters:
  ///   - complete: the candidates for the end of what is typed; must not take long.
  ///   - onInterrupt: Ctrl-C while no line is being read.
  init(
    history: [String], complete: @escaping @Sendable (String) -> Completer.Answer,
    onInterrupt: @escaping @Sendable () -> Void
  ) {
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (wakened, wakeUp) = (ends[0], ends[1])
    self.complete = complete
    self.onInterrupt = onInterrupt
    let thread = Thread { [self] in run(history) }
    thread.name = "readline"
    thread.start()
  }

  /// Lets the user type a line.
  func readLine() async -> Input {
    await withCheckedContinuation { post(.edit($0)) }
  }

  func set(prompt: TerminalText) { post(.prompt(prompt)) }

  /// Prints a line without disturbing what is being typed.
  func say(_ line: TerminalText) { post(.say(line)) }

  func interrupt() { post(.interrupt) }

  /// Another program had the terminal for a while.
  func redraw() { post(.redraw) }

  /// Gives the terminal back.
  func stop() { post(.stop) }

  private func post(_ message: Message) {
    messages.withLockedValue { $0.append(message) }
    var byte: UInt8 = 1
    write(wakeUp, &byte, 1)
  }

  // MARK: On the thread

  private func run(_ history: [String]) {
    Readline.begin(history: history, complete)
    var prompt: TerminalText = "pdb> "
    var reader: CheckedContinuation<Input, Never>?
    while true {
      var descriptors = [
        pollfd(fd: wakened, events: Int16(POLLIN), revents: 0),
        pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
      ]
      let count: nfds_t = reader == nil ? 1 : 2
      guard poll(&descriptors, count, -1) >= 0 else { continue }
      if descriptors[0].revents != 0 {
        for message in take() {
          switch message {
          case .edit(let continuation):
            reader = continuation
            Readline.edit(prompt)
          case .prompt(let new):
            guard new != prompt else { continue }
            prompt = new
            if reader != nil { Readline.change(prompt: prompt) }
          case .say(let line):
            if reader != nil { Readline.say(line) } else { Console.writeError(line) }
          case .interrupt:
            if reader != nil { Readline.clear(prompt) } else { onInterrupt() }
          case .redraw:
            if reader != nil { Readline.redraw() }
          case .stop:
            if reader != nil { Readline.leave() }
            reader?.resume(returning: .end)
            return
          }
        }
      }
      if let waiting = reader, descriptors[1].revents != 0, let input = Readline.readKey() {
        reader = nil
        waiting.resume(returning: input)
      }
    }
  }

  private func take() -> [Message] {
    var bytes = [UInt8](repeating: 0, count: 64)
    read(wakened, &bytes, bytes.count)
    return messages.withLockedValue { messages in
      defer { messages = [] }
      return messages
    }
  }
}

/// Readline itself. Everything here is called from the editor's thread alone.
private enum Readline {
  nonisolated(unsafe) private static var complete: (@Sendable (String) -> Completer.Answer)?
  nonisolated(unsafe) private static var candidates: [Candidate] = []
  nonisolated(unsafe) private static var position = 0
  nonisolated(unsafe) private static var result: LineEditor.Input?

  static func begin(
    history: [String], _ complete: @escaping @Sendable (String) -> Completer.Answer
  ) {
    self.complete = complete
    useUTF8()
    rl_readline_name = UnsafePointer(strdup("pdb"))
    // Ctrl-C is ours, see ``LineEditor/Message``.
    rl_catch_signals = 0
    // Several lines that are pasted are shown, and run when Enter is pressed.
    rl_variable_bind("enable-bracketed-paste", "on")
    // Only blanks and the shell's signs part words: keys contain colons and slashes.
    rl_completer_word_break_characters = UnsafePointer(strdup(" \t\n;|<>&"))
    rl_filename_quote_characters = UnsafePointer(strdup(" \t\n;|<>&#'\"\\"))
    rl_completer_quote_characters = UnsafePointer(strdup("\"'"))
    rl_char_is_quoted_p = { text, index in Readline.isQuoted(text, Int(index)) ? 1 : 0 }
    rl_attempted_completion_function = { text, _, end in
      Readline.matches(text, upTo: Int(end))
    }
    rl_completion_display_matches_hook = { matches, count, longest in
      if Readline.candidates.isEmpty {
        rl_display_match_list(matches, count, longest)
      } else {
        Readline.list()
      }
      rl_on_new_line()
      rl_redisplay()
    }
    using_history()
    for line in history { add_history(line) }
  }

  /// Without a UTF-8 locale a letter would be taken for several. Readline asks the environment
  /// for the locale, and the programs that commands start should agree.
  private static func useUTF8() {
    setlocale(LC_CTYPE, "")
    guard String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8" else { return }
    // What it says of the language goes on to hold.
    if let locale = getenv("LC_ALL") { setenv("LC_MESSAGES", locale, 1) }
    unsetenv("LC_ALL")
    setenv("LC_CTYPE", "C.UTF-8", 1)
    setlocale(LC_CTYPE, "")
  }

  static func edit(_ prompt: TerminalText) {
    result = nil
    rl_callback_handler_install(prompt.string) { line in
      // The terminal goes to the command that runs next.
      rl_callback_handler_remove()
      guard let line else {
        Readline.result = .end
        print()
        return
      }
      defer { free(line) }
      let text = String(cString: line)
      if !text.hasPrefix(" "), !text.allSatisfy(\.isWhitespace) { Readline.remember(text) }
      Readline.result = .line(text)
    }
  }

  private static func remember(_ line: String) {
    if let last = history_get(history_base + history_length - 1)?.pointee.line,
      String(cString: last) == line
    {
      return
    }
    add_history(line)
  }

  /// Takes what was typed; the line when it is complete.
  static func readKey() -> LineEditor.Input? {
    rl_callback_read_char()
    return result
  }

  static func change(prompt: TerminalText) {
    rl_clear_visible_line()
    rl_set_prompt(prompt.string)
    rl_on_new_line()
    rl_redisplay()
  }

  static func say(_ line: TerminalText) {
    rl_clear_visible_line()
    print(line.string)
    fflush(nil)
    rl_on_new_line()
    rl_redisplay()
  }

  static func redraw() {
    rl_prep_terminal(1)
    rl_on_new_line()
    rl_redisplay()
  }

  /// Ctrl-C: the line that was begun is given up, and stays readable.
  static func clear(_ prompt: TerminalText) {
    rl_callback_sigcleanup()
    rl_clear_message()
    rl_point = rl_end
    rl_redisplay()
    print("^C")
    fflush(nil)
    rl_replace_line("", 0)
    rl_set_prompt(prompt.string)
    rl_on_new_line()
    rl_redisplay()
  }

  static func leave() {
    rl_callback_handler_remove()
    print()
  }

  // MARK: Completion

  private static func matches(
    _ text: UnsafePointer<CChar>?, upTo end: Int
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
    let line = String(
      decoding: Array(String(cString: rl_line_buffer).utf8.prefix(end)), as: UTF8.self)
    candidates = []
    position = 0
    guard case .candidates(let found) = complete?(line) ?? .candidates([]) else {
      // Readline completes names of files.
      return nil
    }
    rl_attempted_completion_over = 1
    candidates = found
    return rl_completion_matches(text) { _, state in
      if state == 0 { Readline.position = 0 }
      guard Readline.position < Readline.candidates.count else { return nil }
      defer { Readline.position += 1 }
      let word = Readline.candidates[Readline.position].word
      let quote = rl_completion_quote_character
      return strdup(Words.quoted(word, within: quote == 0 ? nil : Unicode.Scalar(UInt8(quote))))
    }
  }

  /// Whether a blank belongs to the word because a backslash stands before it.
  private static func isQuoted(_ text: UnsafePointer<CChar>?, _ index: Int) -> Bool {
    guard let text else { return false }
    var backslashes = 0
    while backslashes < index, text[index - 1 - backslashes] == CChar(UInt8(ascii: "\\")) {
      backslashes += 1
    }
    return backslashes % 2 == 1
  }

  /// The candidates with what is known about them.
  private static func list() {
    print()
    let width = min(40, candidates.map(\.word.displayWidth).max() ?? 0)
    let room = max(10, Console.columns - width - 3)
    for candidate in candidates.prefix(100) {
      let summary = candidate.summary.truncated(to: room)
      print(candidate.word.padded(to: width) + "  " + summary)
    }
    if candidates.count > 100 {
      let more: TerminalText = "and \(candidates.count - 100) more"
      print(more.string)
    }
    fflush(nil)
  }
}
