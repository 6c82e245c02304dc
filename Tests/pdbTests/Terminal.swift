// A program on a terminal of its own, and what is typed there.

import Foundation
import PDBKit

/// Runs the program on a pseudo-terminal.
final class Terminal: Sendable {
  private let leader: Int32
  private let process: Locked<Process>
  private let screen = Locked<[UInt8]>([])

  init(
    _ workspace: Workspace, _ arguments: [String], program: URL = program,
    environment: [String: String] = [:]
  ) throws {
    var (leader, follower): (Int32, Int32) = (0, 0)
    var size = winsize(ws_row: 40, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0)
    guard openpty(&leader, &follower, nil, nil, &size) == 0 else { throw TimedOut() }
    self.leader = leader
    let process = workspace.process(arguments, program: program)
    process.environment!["TERM"] = "xterm"
    process.environment!.merge(environment) { $1 }
    let handle = FileHandle(fileDescriptor: follower, closeOnDealloc: true)
    process.standardInput = handle
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    self.process = Locked(process)
    let (screen, descriptor) = (screen, leader)
    let thread = Thread {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count <= 0 { break }
        screen.change { $0 += buffer.prefix(count) }
      }
      // Not earlier: another terminal could get the number while this thread still reads from it.
      close(descriptor)
    }
    thread.start()
  }

  deinit { send(signal: SIGKILL) }

  /// Everything that was printed so far, without colours.
  var text: String {
    String(decoding: screen.value, as: UTF8.self)
      .replacing(#/\u{1B}\[[0-9;?]*[a-zA-Z]/#, with: "")
  }

  /// Everything that was printed so far, as the terminal got it.
  var raw: String { String(decoding: screen.value, as: UTF8.self) }

  func type(_ text: String) { type(Array(text.utf8)) }

  func type(_ bytes: [UInt8]) { _ = write(leader, bytes, bytes.count) }

  /// Types one byte after the other, each on its own.
  func typeSlowly(_ bytes: [UInt8]) {
    for byte in bytes {
      type([byte])
      usleep(2_000)
    }
  }

  /// Waits until something stands on the screen, so many times, after something else.
  func wait(for words: String, times: Int = 1, after: String = "") async throws {
    do {
      _ = try await waitFor(within: .seconds(20)) {
        let rest = after.isEmpty ? text : text.components(separatedBy: after).dropFirst().last
        return rest.map { $0.components(separatedBy: words).count > times } == true ? true : nil
      }
    } catch {
      throw NotSeen(words: words, text: String(text.suffix(2000)))
    }
  }

  struct NotSeen: Error {
    let words: String
    let text: String
  }

  func send(signal: Int32) { kill(process.value.processIdentifier, signal) }

  /// Waits for the program's end and returns its exit code.
  func end() async throws -> Int32 {
    let process = process.value
    return try await waitFor(within: .seconds(20)) {
      process.isRunning ? nil : process.terminationStatus
    }
  }
}
