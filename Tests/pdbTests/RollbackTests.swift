// A member whose files were put back to an older copy: noticed, and of no harm.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct RollbackTests {
    private func folder(_ cluster: TestCluster) -> String { "\(cluster.workspace.path)/.pdb" }

    /// The names of a node's files.
    private func files(_ cluster: TestCluster, _ node: Int) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder(cluster))
        .filter { $0.hasPrefix("node_\(cluster.addresses[node].port).") }
    }

    private func copy(_ cluster: TestCluster, _ node: Int, to copy: String) throws {
      try FileManager.default.createDirectory(
        atPath: copy, withIntermediateDirectories: true)
      for file in try files(cluster, node) {
        try FileManager.default.copyItem(
          atPath: "\(folder(cluster))/\(file)", toPath: "\(copy)/\(file)")
      }
    }

    private func putBack(_ cluster: TestCluster, _ node: Int, from copy: String) throws {
      for file in try files(cluster, node) {
        try FileManager.default.removeItem(atPath: "\(folder(cluster))/\(file)")
      }
      for file in try FileManager.default.contentsOfDirectory(atPath: copy) {
        try FileManager.default.copyItem(
          atPath: "\(copy)/\(file)", toPath: "\(folder(cluster))/\(file)")
      }
    }

    private func alarms(_ cluster: TestCluster, _ node: Int) async -> [String] {
      await cluster.status(node)?["alarms"]?.array?.compactMap(\.string) ?? []
    }

    private func count(_ cluster: TestCluster, _ times: Int) async throws {
      for _ in 0..<times { try await cluster.change(.increment(Bytes("counter".utf8), by: 1)) }
    }

    @Test func `an older copy of a member's files takes nothing back`() async throws {
      try await TestCluster.running(3) { cluster in
        let leader = try await cluster.leader()
        let (rolledBack, other) = ((leader + 1) % 3, (leader + 2) % 3)
        try await count(cluster, 5)
        _ = try await cluster.settled()
        #expect(cluster.stop(rolledBack) == 0)
        let copy = "\(cluster.workspace.path)/copy"
        try self.copy(cluster, rolledBack, to: copy)
        try cluster.start(rolledBack)
        _ = try await cluster.settled()

        // Only the leader and the member that forgets have what comes now, but all know of it.
        #expect(cluster.stop(other) == 0)
        try await count(cluster, 5)
        cluster.kill9(rolledBack)
        try putBack(cluster, rolledBack, from: copy)
        try cluster.start(rolledBack)
        _ = try await waitFor { await alarms(cluster, rolledBack) == ["rolled_back"] ? true : nil }
        #expect(try cluster.log(rolledBack).contains("has less than it once confirmed"))

        // It does not help a member to lead that lacked them, too.
        try cluster.start(other)
        let last = try #require(await cluster.status(leader)?["applied"]?.uint64)
        _ = try await waitFor {
          let applied = await cluster.status(other)?["applied"]?.uint64
          return applied.map { $0 >= last } == true ? true : nil
        }
        cluster.kill9(leader)
        let survivor = [cluster.addresses[other]]
        await #expect(throws: PDBError.self) {
          try await cluster.withStore(survivor, patience: .seconds(2)) {
            _ = try await $0.apply(.increment(Bytes("counter".utf8), by: 1))
          }
        }
        try cluster.start(leader)
        try await count(cluster, 1)
        #expect(
          try await cluster.get(leader, "/kv/counter").json["value"]?.uint64 == 11)
      }
    }
  }
}
