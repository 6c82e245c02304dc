// Clusters of real processes, one of a kind at a time.

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Nodes on this machine, in a folder of their own, until ``stop()``.
final class Cluster {
  let folder: URL
  private(set) var processes: [Process] = []

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pdb-versus-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Starts a node; what it says goes to a file.
  func start(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardInput = FileHandle.nullDevice
    let log = folder.appendingPathComponent("node\(processes.count).log").path
    FileManager.default.createFile(atPath: log, contents: nil)
    let handle = FileHandle(forWritingAtPath: log)
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    processes.append(process)
  }

  /// Asks again and again until there is a leader.
  ///
  /// - Throws: ``Failure`` after half a minute.
  func leader(_ ask: () async throws -> Int?) async throws -> Int {
    for _ in 0..<300 {
      if let leader = try? await ask() { return leader }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw Failure(description: "no leader within 30 s; the logs are in \(folder.path)")
  }

  /// Kilobytes of memory that each node has now (proc(5), `VmRSS`).
  var residentKilobytes: [Double] {
    processes.map { process in
      let path = "/proc/\(process.processIdentifier)/status"
      let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
      return line?.split(separator: " ").compactMap { Double($0) }.first ?? 0
    }
  }

  /// Seconds of processor time that each node has used (proc(5), `utime` and `stime`).
  var processorSeconds: [Double] {
    processes.map { process in
      let path = "/proc/\(process.processIdentifier)/stat"
      let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
      guard fields.count > 12 else { return 0 }
      return ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0))
        / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
  }

  func stop() {
    for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    for process in processes { process.waitUntilExit() }
    try? FileManager.default.removeItem(at: folder)
  }

  /// Asks for a JSON object.
  static func json(_ url: String, posting body: String? = nil) async throws -> [String: Any] {
    var request = HTTPClientRequest(url: url)
    if let body {
      request.method = .POST
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(Data(body.utf8))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(2))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    let object = try JSONSerialization.jsonObject(with: Data(buffer: bytes))
    return object as? [String: Any] ?? [:]
  }
}

extension Data {
  fileprivate init(buffer: ByteBuffer) { self.init(buffer.readableBytesView) }
}

/// Runs a program and returns what it printed.
///
/// - Throws: ``Failure`` if it ended badly.
func output(of program: String, _ arguments: [String]) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardInput = FileHandle.nullDevice
  try process.run()
  let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  let text = String(decoding: data, as: UTF8.self)
  guard process.terminationStatus == 0 else {
    throw Failure(
      description: "'\(program)' ended with \(process.terminationStatus):\n\(text)")
  }
  return text
}
