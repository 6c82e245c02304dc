// Runs the system's own programs: ip, nft, mount, cc.

import Foundation

/// A program that could not be run, or said that it failed.
struct CommandFailed: Error, CustomStringConvertible {
  let line: String
  let status: Int32
  let output: String

  var description: String { "'\(line)' ended with \(status): \(output)" }
}

/// What a program said, and how it ended.
struct CommandResult: Sendable {
  let status: Int32
  let output: String
}

enum Command {
  /// Runs a program to its end, also when the task that asks is cancelled: what is cleaned up
  /// must be cleaned up.
  static func result(_ line: [String], input: String? = nil) async throws -> CommandResult {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = line
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    if let input {
      let pipe = Pipe()
      process.standardInput = pipe
      try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try pipe.fileHandleForWriting.close()
    } else {
      process.standardInput = FileHandle.nullDevice
    }
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in ended.finish() }
    try process.run()
    await Task { for await _ in ends {} }.value
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    return CommandResult(
      status: process.terminationStatus, output: String(decoding: bytes, as: UTF8.self))
  }

  /// Runs a program that has to succeed, and returns what it said.
  @discardableResult
  static func run(_ line: String..., input: String? = nil) async throws -> String {
    let result = try await result(line, input: input)
    guard result.status == 0 else {
      throw CommandFailed(
        line: line.joined(separator: " "), status: result.status, output: result.output)
    }
    return result.output
  }

  /// Runs a program whose failure does not matter.
  static func attempt(_ line: String...) async { _ = try? await result(line) }

  static func exists(_ name: String) async -> Bool {
    (try? await result(["sh", "-c", "command -v \(name)"]).status) == 0
  }
}
