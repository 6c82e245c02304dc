// An etcd for tests: one server that lives as long as the process, below which every test has a prefix.

import Foundation
import PDBCoordinator
import PDBKit
import PDBLocal

@testable import PDBEtcd

/// An etcd that this process started, of one member or of several.
final class EtcdServer: @unchecked Sendable {
  let addresses: [NodeAddress]
  /// The first of them.
  var address: NodeAddress { addresses[0] }
  /// Ends the members when this process ends, however it does.
  private var lifelines: [Pipe] = []
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
  /// And one of three members.
  static let ofThree = Task { try await EtcdServer(members: 3) }

  init(members: Int = 1) async throws {
    guard let program = Self.program else {
      throw PDBError(.noInput, "there is no etcd", hint: "make test installs it")
    }
    ports = try TestPorts(2 * members)
    let peers = ports.numbers.suffix(members)
    addresses = ports.numbers.prefix(members).map { NodeAddress(host: "127.0.0.1", port: $0) }
    let list = zip(1..., peers).map { "m\($0)=http://127.0.0.1:\($1)" }.joined(separator: ",")
    // In memory where that can be: that its disk keeps its word is not what is tested.
    let shared = "/dev/shm"
    let isInMemory = FileManager.default.isWritableFile(atPath: shared)
    let folder = (isInMemory ? shared : NSTemporaryDirectory()) + "/pdb-etcd-\(UUID().uuidString)"
    for (number, (address, peer)) in zip(1..., zip(addresses, peers)) {
      let lifeline = Pipe()
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = [
        "-c",
        """
        "$1" --name "$2" --data-dir "$3" --listen-client-urls "$4" --advertise-client-urls "$4" \
        --listen-peer-urls "$5" --initial-advertise-peer-urls "$5" --initial-cluster "$6" \
        --logger zap --log-level error >"$3.log" 2>&1 </dev/null &
        server=$!
        read -r line
        kill -9 $server
        rm -rf "$3" "$3.log"
        """, "etcd", program, "m\(number)", "\(folder)-\(number)", "http://\(address)",
        "http://127.0.0.1:\(peer)", list,
      ]
      process.standardInput = lifeline
      try process.run()
      lifelines.append(lifeline)
    }
    let store = try EtcdStore(
      try EtcdAddress(parsing: "\(url)/ready"), timeout: .seconds(1))
    _ = try await waitFor { (try? await store.begin()).map { _ in true } }
    await store.shutdown()
  }

  private var url: String {
    "etcd://\(addresses.map(\.description).joined(separator: ","))"
  }

  /// Ends the server.
  func end() throws { for lifeline in lifelines { try lifeline.fileHandleForWriting.close() } }

  /// An empty database of its own.
  func database(_ prefix: String = UUID().uuidString.lowercased()) async throws -> EtcdStore {
    let store = try EtcdStore(
      try EtcdAddress(parsing: "\(url)/test/\(prefix)"), author: "lan",
      timeout: .seconds(20))
    _ = try await store.begin()
    return store
  }
}

extension EtcdStore {
  /// What lies aside below the prefix.
  func aside() async throws -> [EtcdPair] {
    try await engine.ranges(
      [.init(engine.layout.aside)], at: 0, until: .now + .seconds(5)
    ).found[0].pairs
  }

  /// As if so many more changes had been made that left nothing behind.
  func raiseIndex(by count: UInt64) async throws {
    let place = await engine.layout.mark
    let found = try await engine.ranges([.init(place)], at: 0, until: .now + .seconds(5))
    guard let pair = found.found[0].pairs.first, var mark = MarkRecord(pair.value) else { return }
    mark.mark.appliedIndex += count
    _ = try await engine.gateway.ask(
      "/v3/kv/put", ["key": .string(place.base64), "value": .string(mark.encoded.base64)],
      until: .now + .seconds(5))
  }

  /// The newest revision that the history has forgotten.
  func compacted() async throws -> UInt64 { try await history(HistoryQuery(), at: .now).compacted }

  /// Why something was not done.
  static func failure(_ body: () async throws -> Void) async -> PDBError? {
    do {
      try await body()
      return nil
    } catch { return error as? PDBError }
  }
}
