// A lab that a test has started.

import AsyncHTTPClient
import Foundation
import NIOCore
import PDBKit

/// `pdb lab up` in a folder of its own.
final class TestLab {
  let workspace: Workspace
  let process: Process
  let addresses: [NodeAddress]
  private let ports: TestPorts
  private let outputPath: String

  init(_ nodes: Int) async throws {
    ports = try TestPorts.adjacent(nodes)
    workspace = try Workspace(nodes: "")
    addresses = ports.numbers.map { NodeAddress(host: "127.0.0.1", port: $0) }
    outputPath = workspace.path + "/lab.log"
    _ = FileManager.default.createFile(atPath: outputPath, contents: nil)
    process = workspace.process(
      ["lab", "up", "--nodes", String(nodes), "--port", String(ports.numbers[0])])
    process.standardOutput = FileHandle(forWritingAtPath: outputPath)
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  /// Ends it, and all its nodes.
  func end() {
    process.terminate()
    process.waitUntilExit()
  }

  /// What the lab has printed.
  var output: String { get throws { try String(contentsOfFile: outputPath, encoding: .utf8) } }

  /// A command that means the cluster of this lab.
  func pdb(_ words: [String]) async throws -> CommandResult {
    let list = addresses.map(\.description).joined(separator: ",")
    return try await workspace.run(words, environment: ["PDB_NODES": list])
  }

  func pdb(_ words: String...) async throws -> CommandResult { try await pdb(words) }

  /// Waits until there is a leader, and the lab obeys.
  func ready() async throws {
    _ = try await waitFor { try await pdb("wait", "--leader").status == 0 ? true : nil }
    _ = try await waitFor { try await pdb("lab", "heal").status == 0 ? true : nil }
  }

  /// What the lab says of its nodes.
  func nodes() async throws -> [JSON] {
    try await pdb("lab", "heal", "--json").json["nodes"]?.array ?? []
  }

  /// What happened to a node, as it tells itself.
  func timeline(of node: Int) async throws -> [String] {
    let answer = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: addresses[node].url + "/timeline"), timeout: .seconds(5))
    let json = try JSON(
      parsing: String(buffer: try await answer.body.collect(upTo: 1 << 20)).utf8)
    return (json["entries"]?.array ?? []).compactMap { $0["kind"]?.string }
  }

  /// Waits until none of its nodes has its port any more.
  func gone() async throws {
    _ = try await waitFor { (try? await PDBNode.checkPorts(of: addresses)).map { true } }
  }
}
