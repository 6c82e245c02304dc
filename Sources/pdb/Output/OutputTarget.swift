// Where the shell sends the output of one command: a file, or a program.

import Foundation
import NIOConcurrencyHelpers
import PDBKit

/// Takes the data that a command would write to stdout.
final class OutputTarget: Sendable {
  /// The target of the command that runs in this task; `nil` for stdout.
  @TaskLocal static var current: OutputTarget?

  let descriptor: Int32
  private let name: String
  private let state = NIOLockedValueBox(State())

  private struct State {
    var failure: Int32?
    var onFailure: (@Sendable () -> Void)?
    /// The wait for the program's end, with its exit code.
    var reader: Task<Int32, Never>?
    var endsWithReader = false
    var hasReaderEnded = false
  }

  private init(descriptor: Int32, name: String, process: pid_t?) {
    self.descriptor = descriptor
    self.name = name
    guard let process else { return }
    let reader = Task {
      let status = await Subprogram.end(of: process)
      let isNews = state.withLockedValue { state in
        state.hasReaderEnded = true
        return state.endsWithReader
      }
      if isNews { fail(EPIPE) }
      return status
    }
    state.withLockedValue { $0.reader = reader }
  }

  /// A file, which is made anew or added to.
  convenience init(file: String, appends: Bool) throws(PDBError) {
    let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (appends ? O_APPEND : O_TRUNC)
    let descriptor = open(file, flags, 0o666)
    let name = "'\(file)'"
    guard descriptor >= 0 else {
      throw PDBError(
        .dataDirectory, "cannot write to \(name): \(String(cString: strerror(errno)))",
        hint: "choose another place")
    }
    self.init(descriptor: descriptor, name: name, process: nil)
  }

  /// A command of the system's shell, which reads it.
  convenience init(program: String) throws(PDBError) {
    // A program that has read enough must not end the shell.
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else {
      throw PDBError(.internal, "cannot make a pipe: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let process = Subprogram.start(
      ["/bin/sh", "-c", program], environment: Subprogram.environment,
      reading: ends[0])
    close(ends[0])
    guard let process else {
      close(ends[1])
      throw PDBError(.badConfiguration, "cannot run '/bin/sh'")
    }
    self.init(descriptor: ends[1], name: "the program", process: process)
  }

  var hasFailed: Bool { state.withLockedValue { $0.failure != nil } }

  /// What to do when it takes no more: the command need not go on.
  func onFailure(_ body: @escaping @Sendable () -> Void) {
    let hasFailed = state.withLockedValue { state in
      state.onFailure = body
      return state.failure != nil
    }
    if hasFailed { body() }
  }

  /// Ends the command with the program that reads it, not only when it writes again: for commands
  /// that wait and change nothing.
  func endWithReader() {
    let isOver = state.withLockedValue { state in
      state.endsWithReader = true
      return state.hasReaderEnded
    }
    if isOver { fail(EPIPE) }
  }

  /// It takes no more.
  func fail(_ code: Int32) {
    let body = state.withLockedValue { state in
      state.failure = state.failure ?? code
      return state.onFailure
    }
    body?()
  }

  /// Ends the output, and waits for the program that reads it.
  ///
  /// - Parameter status: the exit code of the command.
  /// - Returns: the exit code of both: the command's if it failed by itself, else the reader's.
  func finish(_ status: Int32) async -> Int32 {
    if close(descriptor) != 0, !hasFailed { fail(errno) }
    let reader = await state.withLockedValue { $0.reader }?.value ?? 0
    switch state.withLockedValue({ $0.failure }) {
    case nil: return status == 0 ? reader : status
    // A program that has read enough is no failure.
    case EPIPE:
      OutputFailure.tell(EPIPE, about: name)
      return reader
    case let code?:
      OutputFailure.tell(code, about: name)
      return OutputFailure.status(code).rawValue
    }
  }
}
