// Runs the program as a user would, and waits for what it says.

import Foundation
import PDBKit

/// The program under test, beside the tests in the build folder.
let program =
  ProcessInfo.processInfo.environment["PDB_PROGRAM"].map { URL(fileURLWithPath: $0) }
  ?? Bundle.main.executableURL!.resolvingSymlinksInPath().deletingLastPathComponent()
  .appendingPathComponent("pdb")

/// What a run of the program left behind.
struct CommandResult: Sendable {
  let status: Int32
  let output: String
  let error: String

  /// The one JSON value on stdout.
  var json: JSON {
    get throws { try JSON(parsing: output.utf8) }
  }

  /// The one JSON object on stderr.
  var errorJSON: JSON {
    get throws { try JSON(parsing: error.utf8) }
  }

  /// The cells of tab-separated output.
  var rows: [[String]] {
    output.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
  }

  func column(_ column: Int) -> [String] {
    rows.map { $0.count > column ? $0[column] : "(no such column)" }
  }

  func cell(_ row: Int, _ column: Int) -> String? {
    rows.count > row && rows[row].count > column ? rows[row][column] : nil
  }
}

/// A folder of its own for everything a run may write.
final class Workspace: Sendable {
  let path: String
  /// What `PDB_NODES` says; port 1 refuses every connection.
  let nodes: String

  init(nodes: String = "127.0.0.1:1") throws {
    self.nodes = nodes
    path = FileManager.default.temporaryDirectory.path + "/pdb-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A process of the program, not started yet.
  ///
  /// - Parameter environment: what it is told beside the usual; an empty text counts as not set.
  func process(
    _ arguments: [String], program: URL = program, environment: [String: String] = [:]
  ) -> Process {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    process.environment = [
      "HOME": path, "XDG_STATE_HOME": path + "/state", "XDG_CONFIG_HOME": path + "/.config",
      // A test that names no cluster must not find one of the user's.
      "PDB_CONFIG_NOSYSTEM": "1", "PDB_NODES": nodes,
      "PATH": "/usr/bin:/bin",
      "TSAN_OPTIONS": "halt_on_error=1 exitcode=66",
    ].merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// Runs the program to its end.
  func run(
    _ arguments: [String], input: Data? = nil, program: URL = program,
    environment: [String: String] = [:]
  ) async throws -> CommandResult {
    let process = process(arguments, program: program, environment: environment)
    let name = "\(path)/\(UUID().uuidString)"
    for suffix in [".out", ".err"] {
      _ = FileManager.default.createFile(atPath: name + suffix, contents: nil)
    }
    let (output, error) = (
      FileHandle(forWritingAtPath: name + ".out"), FileHandle(forWritingAtPath: name + ".err")
    )
    defer { for handle in [output, error] { try? handle?.close() } }
    process.standardOutput = output
    process.standardError = error
    if let input {
      try input.write(to: URL(fileURLWithPath: name + ".in"))
      process.standardInput = FileHandle(forReadingAtPath: name + ".in")
    }
    try await process.runToEnd()
    return CommandResult(
      status: process.terminationStatus,
      output: try String(contentsOfFile: name + ".out", encoding: .utf8),
      error: try String(contentsOfFile: name + ".err", encoding: .utf8))
  }
}

/// Writes a file that only its owner can read, as a token or a secret must be.
func writeSecret(_ text: String, to path: String) throws {
  let isWritten = FileManager.default.createFile(
    atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
  guard isWritten else { throw CocoaError(.fileWriteUnknown) }
}

extension Process {
  fileprivate func runToEnd() async throws {
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    terminationHandler = { _ in ended.finish() }
    try run()
    for await _ in ends {}
  }
}

struct TimedOut: Error {}

/// Waits until `condition` gives a value.
func waitFor<T>(
  within limit: Duration = .seconds(60), _ condition: () async throws -> T?
) async throws -> T {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if let value = try await condition() { return value }
    try await Task.sleep(for: .milliseconds(5))
  }
  throw TimedOut()
}
