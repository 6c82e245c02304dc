// The implementations of `Store`, each ready to be tried.

import Foundation
import Logging
import NIOCore
import NIOPosix
import PDBKit
import Testing

@testable import PDBEtcd

/// An implementation that must keep the contract.
enum StoreUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
  /// A folder without a server.
  case folder
  /// A node of a cluster, in this process.
  case cluster
  /// A client of such a node.
  case remote
  /// A client that knows only a follower of three nodes.
  case follower
  /// The keys below a prefix of an etcd.
  case etcd
  /// A client of the second of two nodes in front of an etcd of three members.
  case front

  /// Those that this machine has what they need for.
  static let allCases: [StoreUnderTest] =
    [.folder, .cluster, .remote, .follower] + (EtcdServer.program == nil ? [] : [.etcd, .front])

  var testDescription: String { rawValue }

  /// Runs `body` with an empty store.
  func run(_ body: @escaping @Sendable (any Store) async throws -> Void) async throws {
    switch self {
    case .folder:
      let workspace = try Workspace()
      try await body(Self.folder(in: workspace))
      withExtendedLifetime(workspace) {}
    case .cluster: try await Self.withNode { node, _ in try await body(node.store) }
    case .remote:
      try await Self.withNode { _, address in
        try await Self.withClient([address]) { try await body($0) }
      }
    case .follower:
      try await TestCluster.running(3) { cluster in
        let leader = try await cluster.leader()
        let follower = cluster.addresses[(leader + 1) % 3]
        try await Self.withClient([follower]) { try await body($0) }
      }
    case .etcd:
      let store = try await EtcdServer.shared.value.database()
      let result: Result<Void, any Error>
      do { result = .success(try await body(store)) } catch { result = .failure(error) }
      await store.shutdown()
      try result.get()
    case .front:
      let store = try await EtcdServer.ofThree.value.database()
      await store.shutdown()
      try await Self.withNode(as: .front(store.address)) { _, _ in
        try await Self.withNode(as: .front(store.address)) { _, address in
          try await Self.withClient([address]) { try await body($0) }
        }
      }
    }
  }

  /// Those of pdb's own files, which can be copied with their history.
  static let ofOwnFiles = allCases.filter { $0 != .etcd && $0 != .front }

  /// Those that count the time of keys that end.
  static let countingTime = allCases.filter { $0 != .etcd }

  /// The implementations that keep a cluster.
  static let clusters: [StoreUnderTest] = [.cluster, .remote, .follower]

  private static func folder(in workspace: Workspace) throws -> FolderStore {
    let folder = try DataFolder.make(in: workspace.path).folder
    let client = ClusterClient(addresses: folder.addresses, timeout: .seconds(20))
    return FolderStore(folder, client: client, author: "lan", timeout: .seconds(20))
  }

  private static func withClient(
    _ addresses: [NodeAddress], _ body: (RemoteStore) async throws -> Void
  ) async throws {
    let client = ClusterClient(addresses: addresses, timeout: .seconds(20), author: "lan")
    let result: Result<Void, any Error>
    do { result = .success(try await body(RemoteStore(client))) } catch { result = .failure(error) }
    await client.shutdown()
    try result.get()
  }

  /// Runs a node inside this process until `body` ends.
  static func withNode(
    as kind: PDBNode.Kind = .member,
    _ body: @escaping @Sendable (PDBNode, NodeAddress) async throws -> Void
  ) async throws {
    let ports = try TestPorts(1)
    let workspace = try Workspace(nodes: "127.0.0.1:\(ports.numbers[0])")
    let address = NodeAddress(host: "127.0.0.1", port: ports.numbers[0])
    let configuration = NodeConfiguration(
      address: address, dataDirectory: workspace.path + "/data")
    let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
    let node = try await PDBNode(
      configuration, as: kind, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) { isListening.yield() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await node.run() }
      for await _ in listening { break }
      try await waitUntilLed(node)
      try await body(node, address)
      group.cancelAll()
      // That it was cancelled is no failure.
      while let end = await group.nextResult() { _ = end }
    }
  }

  private static func waitUntilLed(_ node: PDBNode) async throws {
    _ = try await waitFor {
      let view = try await node.store.view()
      return view.leader != nil && view.identity.birth != nil ? true : nil
    }
  }
}
