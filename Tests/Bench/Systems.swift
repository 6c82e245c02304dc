// The two systems, and how each is asked for the same.

import Foundation

/// What is measured: 128 bytes under one key, as etcd's own comparisons do.
enum Work: String, CaseIterable {
  case put, get

  static let key = "task_8bfcd1ec-acca-4735-8e6b-9d3f6cce651e"
  static let value = String(repeating: "v", count: 128)

  /// As tables name it.
  var title: String { self == .put ? "puts" : "linearizable reads" }
}

/// A system of three nodes that can be loaded by h2load.
protocol System {
  var cluster: Cluster { get }

  /// Starts three nodes and waits for a leader.
  static func start(_ options: Options) async throws -> Self

  /// What h2load must be told to load the leader.
  func load(_ work: Work) async throws -> [String]
}

struct PDB: System {
  let cluster: Cluster
  let ports: [Int]

  static func start(_ options: Options) async throws -> PDB {
    try await start(options, nodes: 3)
  }

  static func start(_ options: Options, nodes: Int) async throws -> PDB {
    let system = PDB(cluster: try Cluster(), ports: (0..<nodes).map { 24_300 + $0 })
    let members = system.ports.map { "127.0.0.1:\($0)" }.joined(separator: ",")
    for port in system.ports {
      try system.cluster.start(
        options.program,
        [
          "node", "start", "--port", "\(port)", "--cluster", members, "--data-dir",
          system.cluster.folder.appendingPathComponent("\(port)").path,
        ])
    }
    _ = try await system.leader()
    return system
  }

  /// The leader's port.
  func leader() async throws -> Int {
    try await cluster.leader {
      for port in ports {
        let status = try await Cluster.json("http://127.0.0.1:\(port)/status")
        if status["is_leader"] as? Bool == true { return port }
      }
      return nil
    }
  }

  func load(_ work: Work) async throws -> [String] {
    let url = "http://127.0.0.1:\(try await leader())"
    let body = #"{"key":"\#(Work.key)","value":"\#(Work.value)"}"#
    switch work {
    case .get:
      _ = try await Cluster.json("\(url)/set", posting: body)
      return ["--h1", "\(url)/kv/\(Work.key)"]
    case .put:
      let file = cluster.folder.appendingPathComponent("put")
      try Data(body.utf8).write(to: file)
      return ["--h1", "-d", file.path, "-H", "content-type: application/json", "\(url)/set"]
    }
  }
}

struct Etcd: System {
  let cluster: Cluster
  private let ports = [24_400, 24_401, 24_402]
  private let peerPorts = [24_410, 24_411, 24_412]

  private init() throws { cluster = try Cluster() }

  static func start(_ options: Options) async throws -> Etcd {
    let system = try Etcd()
    let members = system.peerPorts.enumerated()
      .map { "n\($0.offset)=http://127.0.0.1:\($0.element)" }.joined(separator: ",")
    for (number, port) in system.ports.enumerated() {
      let client = "http://127.0.0.1:\(port)"
      let peer = "http://127.0.0.1:\(system.peerPorts[number])"
      try system.cluster.start(
        "etcd",
        [
          "--name", "n\(number)", "--data-dir",
          system.cluster.folder.appendingPathComponent("n\(number)").path,
          "--listen-client-urls", client, "--advertise-client-urls", client,
          "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
          "--initial-cluster", members, "--initial-cluster-state", "new",
        ])
    }
    _ = try await system.leader()
    return system
  }

  private func leader() async throws -> Int {
    try await cluster.leader {
      for port in ports {
        let url = "http://127.0.0.1:\(port)/v3/maintenance/status"
        let status = try await Cluster.json(url, posting: "{}")
        let header = status["header"] as? [String: Any]
        if let leader = status["leader"] as? String, leader == header?["member_id"] as? String {
          return port
        }
      }
      return nil
    }
  }

  func load(_ work: Work) async throws -> [String] {
    var message = Self.field(1, Data(Work.key.utf8))
    if work == .put { message += Self.field(2, Data(Work.value.utf8)) }
    // A gRPC message: not compressed, four bytes of length.
    let length = withUnsafeBytes(of: UInt32(message.count).bigEndian) { Data($0) }
    let file = cluster.folder.appendingPathComponent(work.rawValue)
    try (Data([0]) + length + message).write(to: file)
    let call = work == .put ? "Put" : "Range"
    return [
      "-d", file.path, "-H", "content-type: application/grpc", "-H", "te: trailers",
      "http://127.0.0.1:\(try await leader())/etcdserverpb.KV/\(call)",
    ]
  }

  /// A length-delimited field (protobuf.dev/programming-guides/encoding) of less than 16 KiB.
  private static func field(_ number: UInt8, _ bytes: Data) -> Data {
    let count = bytes.count
    let length = count < 128 ? [UInt8(count)] : [UInt8(count & 0x7F | 0x80), UInt8(count >> 7)]
    return Data([number << 3 | 2] + length) + bytes
  }
}
