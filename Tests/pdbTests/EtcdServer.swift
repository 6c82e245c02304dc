// An etcd for tests: one server that lives as long as the process, below which every test has a prefix.

import Foundation
import PDBKit

@testable import PDBEtcd

/// A member of etcd that this process started.
final class EtcdServer: @unchecked Sendable {
  let address: NodeAddress
  /// Ends the server when this process ends, however it does.
  private let lifeline: Pipe
  private let ports: TestPorts

  /// The program; `nil` where there is none.
  static let program: String? = {
    let own = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../.build/etcd/usr/bin/etcd").standardizedFileURL.path
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return ([own] + folders.map { "\($0)/etcd" }).first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }()

  /// The server that most tests share.
  static let shared = Task { try await EtcdServer() }

  init() async throws {
    guard let program = Self.program else {
      throw PDBError(.noInput, "there is no etcd", hint: "make test installs it")
    }
    ports = try TestPorts(2)
    address = NodeAddress(host: "127.0.0.1", port: ports.numbers[0])
    let (client, peer) = ("http://\(address)", "http://127.0.0.1:\(ports.numbers[1])")
    let folder = NSTemporaryDirectory() + "/pdb-etcd-\(UUID().uuidString)"
    lifeline = Pipe()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c",
      """
      "$1" --name one --data-dir "$2" --listen-client-urls "$3" --advertise-client-urls "$3" \
      --listen-peer-urls "$4" --initial-advertise-peer-urls "$4" --initial-cluster one="$4" \
      --logger zap --log-level error >"$2.log" 2>&1 </dev/null &
      server=$!
      read -r line
      kill -9 $server
      rm -rf "$2" "$2.log"
      """, "etcd", program, folder, client, peer,
    ]
    process.standardInput = lifeline
    try process.run()
    let store = try EtcdStore(
      try EtcdAddress(parsing: "etcd://\(address)/ready"), timeout: .seconds(1))
    _ = try await waitFor { (try? await store.begin()) == true ? true : nil }
    await store.shutdown()
  }

  /// Ends the server.
  func end() throws { try lifeline.fileHandleForWriting.close() }

  /// An empty database of its own.
  func database(_ prefix: String = UUID().uuidString.lowercased()) async throws -> EtcdStore {
    let store = try EtcdStore(
      try EtcdAddress(parsing: "etcd://\(address)/test/\(prefix)"), author: "lan",
      timeout: .seconds(20))
    _ = try await store.begin()
    return store
  }
}
