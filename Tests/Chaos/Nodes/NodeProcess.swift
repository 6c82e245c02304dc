// One process of a node, from its start to its end.

import Foundation
import Synchronization

/// How a process ended.
struct ProcessEnd: Sendable, CustomStringConvertible {
  let node: Int
  let isSignal: Bool
  let status: Int32
  /// Whether this program ended it.
  let wasAsked: Bool

  var description: String { isSignal ? "signal \(status)" : "exit \(status)" }
}

/// A running node.
final class NodeProcess: Sendable {
  private struct State {
    var wasAsked = false
    var end: ProcessEnd?
  }

  private let process: Process
  private let state: Mutex<State>

  /// - Parameter ended: called once, when the process is gone.
  init(
    node: Int, line: [String], environment: [String: String], log: String,
    ended: @escaping @Sendable (ProcessEnd) -> Void
  ) throws {
    let process = Process()
    self.process = process
    let state = Mutex(State())
    self.state = state
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = line
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    let handle = try Self.append(to: log)
    process.standardOutput = handle
    process.standardError = handle
    process.terminationHandler = { [weak self] process in
      let end = ProcessEnd(
        node: node, isSignal: process.terminationReason == .uncaughtSignal,
        status: process.terminationStatus,
        wasAsked: self?.state.withLock { $0.wasAsked } ?? true)
      self?.state.withLock { $0.end = end }
      ended(end)
    }
    try process.run()
    try handle.close()
  }

  private static func append(to log: String) throws -> FileHandle {
    if !FileManager.default.fileExists(atPath: log) {
      _ = FileManager.default.createFile(atPath: log, contents: nil)
    }
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    try handle.seekToEnd()
    return handle
  }

  /// How it ended; `nil` while it runs.
  var end: ProcessEnd? { state.withLock { $0.end } }

  func send(_ signal: Int32) {
    if end == nil { kill(process.processIdentifier, signal) }
  }

  /// Sends a signal that ends the process, and waits until it is gone. A process that does not
  /// follow a SIGTERM within ten seconds is killed.
  ///
  /// - Returns: whether it had to be killed although asked politely.
  @discardableResult
  func finish(_ signal: Int32) async -> Bool {
    state.withLock { $0.wasAsked = true }
    send(signal)
    // A stopped process hears nothing but SIGKILL.
    send(SIGCONT)
    let start = ContinuousClock.now
    var isImpolite = false
    while end == nil {
      if signal != SIGKILL, !isImpolite, ContinuousClock.now > start + .seconds(10) {
        isImpolite = true
        send(SIGKILL)
      }
      await Self.pause()
    }
    return isImpolite
  }

  /// Also when the task is cancelled: no process may be left behind.
  private static func pause() async {
    await Task { try? await Task.sleep(for: .milliseconds(2)) }.value
  }
}
