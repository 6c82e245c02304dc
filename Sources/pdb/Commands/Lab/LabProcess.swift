// One node of a lab: its process, and the pipe over which it hears what is broken in it.

import Foundation
import PDBKit

/// A node that the lab has started. Its end of the pipe closes with the lab, and the node ends then.
struct LabProcess: Sendable {
  let process: Process
  /// Read by the node as its standard input.
  private let faults: FileHandle
  /// Kept open, so that writing to a node that has ended is no signal.
  private let otherEnd: FileHandle

  /// Starts a node.
  ///
  /// - Parameter whenEnded: called when the process has ended.
  init(
    _ program: URL, _ arguments: [String], _ state: NodeFaults.State,
    whenEnded: @escaping @Sendable () -> Void
  ) throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw PDBError(.internal, "cannot make a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // A node that is paused takes nothing, and the lab must not wait for it.
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    otherEnd = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
    faults = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(
      [Self.variable: state.json.text]
    ) { $1 }
    process.standardInput = otherEnd
    process.terminationHandler = { _ in whenEnded() }
    try process.run()
  }

  /// What the node is told at its start, and that more will come over its standard input.
  static let variable = "PDB_LAB_FAULTS"

  /// Tells the node what is broken in it now.
  func tell(_ state: NodeFaults.State) {
    let line = Array((state.json.text + "\n").utf8)
    _ = Foundation.write(faults.fileDescriptor, line, line.count)
  }

  var isRunning: Bool { process.isRunning }

  func signal(_ number: Int32) { _ = kill(process.processIdentifier, number) }

  /// Asks the node to stop, even if it is paused, and waits until it has.
  func stop() async {
    guard isRunning else { return }
    signal(SIGTERM)
    signal(SIGCONT)
    await BlockingCall.run { _ in process.waitUntilExit() }
  }

  /// Whether the process is stopped, as SIGSTOP does (proc_pid_stat(5)).
  var isPaused: Bool {
    let path = "/proc/\(process.processIdentifier)/stat"
    let text = try? String(contentsOfFile: path, encoding: .utf8)
    return text?.split(separator: ")").last?.first { $0 != " " } == "T"
  }
}

/// What a node that a lab has started hears of its faults.
enum LabOrders {
  /// The faults of this process; `nil` if no lab has started it.
  static func faults() -> NodeFaults? {
    guard let text = ProcessInfo.processInfo.environment[LabProcess.variable] else { return nil }
    let faults = NodeFaults(NodeFaults.State(text.utf8) ?? NodeFaults.State())
    Thread.detachNewThread {
      while let line = readLine() {
        if let state = NodeFaults.State(line.utf8) { faults.state = state }
      }
      // The lab is gone, and no node outlives it.
      kill(getpid(), SIGTERM)
    }
    return faults
  }
}
