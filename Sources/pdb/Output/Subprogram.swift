// Programs that take over the terminal for a while: a pager, man.

import Foundation
import NIOConcurrencyHelpers

enum Subprogram {
  private static let place = NIOLockedValueBox<(@Sendable () -> [String: String])?>(nil)

  /// Makes programs that a shell starts and that run pdb use the place of that shell.
  static func usePlace(of connection: Connection) {
    place.withLockedValue { $0 = { connection.variables } }
  }

  /// For programs that may run pdb.
  static var environment: [String: String] {
    let variables = place.withLockedValue { $0 }?() ?? [:]
    return ProcessInfo.processInfo.environment.merging(variables) { $1 }
  }

  /// Runs a program in this process group, so that the terminal is its as much as ours, feeds it
  /// and waits for its end; returns its exit code, `nil` if it could not be started. Ctrl-C is
  /// its own business meanwhile.
  ///
  /// - Parameters:
  ///   - input: what it reads; `nil` for what this process reads.
  ///   - output: where it writes; `nil` for where the running command does.
  static func run(
    _ arguments: [String], environment: [String: String], input: String?, output: Int32? = nil
  ) async -> Int32? {
    let (interrupt, hangUp) = (signal(SIGINT, SIG_IGN), signal(SIGPIPE, SIG_IGN))
    defer {
      signal(SIGINT, interrupt)
      signal(SIGPIPE, hangUp)
    }
    guard let input else {
      let process = start(
        arguments, environment: environment, reading: STDIN_FILENO, writing: output)
      guard let process else { return nil }
      return await end(of: process)
    }
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let process = start(
      arguments, environment: environment, reading: ends[0], writing: output)
    close(ends[0])
    guard let process else {
      close(ends[1])
      return nil
    }
    let feeding = ends[1]
    return await BlockingCall.run { _ in
      feed(input, to: feeding)
      return wait(process)
    }
  }

  /// Waits for a program's end; returns its exit code.
  static func end(of process: pid_t) async -> Int32 {
    await BlockingCall.run { _ in wait(process) }
  }

  private static func wait(_ process: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
  }

  /// Starts a program; where nothing else is said it writes where the running command does.
  static func start(
    _ arguments: [String], environment: [String: String], reading input: Int32,
    writing output: Int32? = nil
  ) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    if input != STDIN_FILENO { posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
    if let output = output ?? OutputTarget.current?.descriptor {
      posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    // What is ignored here is not to be ignored there.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&defaults, number) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    // Nor is what this thread leaves to others.
    var blocked = sigset_t()
    sigemptyset(&blocked)
    posix_spawnattr_setsigmask(&attributes, &blocked)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var settings: [UnsafeMutablePointer<CChar>?] =
      environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
      for pointer in words + settings { free(pointer) }
    }
    var process: pid_t = 0
    let result = posix_spawnp(&process, arguments[0], &actions, &attributes, &words, &settings)
    return result == 0 ? process : nil
  }

  /// Writes all of it, or as much as the reader wants.
  private static func feed(_ text: String, to descriptor: Int32) {
    defer { close(descriptor) }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }
}
