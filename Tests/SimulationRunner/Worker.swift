// Child processes: a trap in one of them is a finding, not the end.

import Foundation
import Simulation

/// A seed that broke a promise, or that broke the process.
struct Failure: Sendable {
  let seed: UInt64
  /// The rule and what exactly happened.
  let reason: String
}

/// A process of this same program that runs seeds and reports each of them.
struct Worker: Sendable {
  let first: UInt64
  let count: UInt64
  let stride: UInt64
  var writesDiary = false
  /// The planted bug to switch on, if any, and then to stop at the first failure.
  var bug: String?

  /// Runs to the end of the seeds, or to a crash, which is returned.
  func run(_ body: (Line) -> Void) async -> Failure? {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0].asExecutable)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = errors
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    do { try process.run() } catch { return Failure(seed: first, reason: "\(error)") }
    async let complaints = errors.fileHandleForReading.allLines()
    var current = first
    for await text in output.fileHandleForReading.lines() {
      guard let line = Line(text) else { continue }
      if case .began(let seed) = line { current = seed }
      body(line)
    }
    process.waitUntilExit()
    let isCrash = process.terminationReason == .uncaughtSignal || process.terminationStatus != 0
    let lastWords = await complaints
    guard isCrash else { return nil }
    let reason =
      lastWords.first { $0.contains("Fatal error") }
      ?? "a broken precondition, which a debug build would name"
    return Failure(seed: current, reason: "the process died: \(reason)")
  }

  private var arguments: [String] {
    var arguments = ["work", "--first", "\(first)", "--count", "\(count)", "--stride", "\(stride)"]
    if writesDiary { arguments.append("--diary") }
    if let bug { arguments += ["--bug", bug] }
    return arguments
  }
}

extension String {
  /// Where this program is, even if it was found by way of `PATH`.
  fileprivate var asExecutable: String {
    contains("/")
      ? self
      : (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? self
  }
}

extension FileHandle {
  /// The lines that arrive, as they arrive. A thread waits for them: Foundation's own notices of the
  /// end of a pipe were lost now and then, for they do not keep the file handle alive.
  fileprivate func lines() -> AsyncStream<String> {
    AsyncStream { continuation in
      Thread.detachNewThread { [self] in
        var rest = Data()
        while case let data = availableData, !data.isEmpty {
          rest.append(data)
          while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeSubrange(...end)
          }
        }
        continuation.finish()
      }
    }
  }

  fileprivate func allLines() async -> [String] {
    await lines().reduce(into: []) { $0.append($1) }
  }
}
