// A state that decays on the disk: noticed, never served, and made anew.

import Foundation
import PDBKit
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension ProcessTests {
  @Suite struct RepairTests {
    private func statePath(_ cluster: TestCluster, _ node: Int) -> String {
      "\(cluster.workspace.path)/.pdb/node_\(cluster.addresses[node].port).db"
    }

    /// Flips a bit in every page of a node's state but the first. The file stays the same file, so that a
    /// node that runs sees it.
    private func flip(_ path: String) throws {
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      defer { try? file.close() }
      let pages = Int(try file.seekToEnd()) / 4096
      try #require(pages > 4)
      for page in 1..<pages {
        let offset = UInt64(page * 4096 + 2000)
        try file.seek(toOffset: offset)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: offset)
        try file.write(contentsOf: [byte ^ 0x10])
      }
    }

    /// - Parameter bytes: of each of 500 values, about.
    private func fill(_ cluster: TestCluster, bytes: Int = 60) async throws {
      for part in 0..<5 {
        let pairs = (0..<100).map { number in
          NewPair(
            key: Bytes("key-\(part)-\(number)".utf8),
            value: Bytes("\"value \(part) \(number) \(String(repeating: "x", count: bytes))\"".utf8)
          )
        }
        try await cluster.change(.setMany(pairs, .spare))
      }
    }

    private func repairs(_ cluster: TestCluster, _ node: Int) async throws -> String? {
      try await cluster.get(node, "/metrics").body.split(separator: "\n")
        .first { $0.hasPrefix("pdb_state_repairs_total ") }.map(String.init)
    }

    @Test func `a lone node makes its state anew from its log`() async throws {
      try await TestCluster.running(1) { cluster in
        try await fill(cluster)
        let before = try await cluster.get(0, "/export").body.split(separator: "\n").dropFirst()
        // What stands in the journal is moved into the file at the next start.
        #expect(cluster.stop(0) == 0)
        try cluster.start(0)
        _ = try await cluster.leader()
        #expect(cluster.stop(0) == 0)
        try flip(statePath(cluster, 0))
        try cluster.start(0)
        _ = try await cluster.leader()
        let after = try await cluster.get(0, "/export").body.split(separator: "\n").dropFirst()
        #expect(before == after && after.count > 500)
        #expect(try await repairs(cluster, 0) == "pdb_state_repairs_total 1")
        #expect(FileManager.default.fileExists(atPath: statePath(cluster, 0) + ".damaged"))
        #expect(try cluster.log(0).contains("the state is damaged, and is made anew"))
      }
    }

    @Test func `a member takes the state from a peer when its log does not hold all of it`()
      async throws
    {
      try await TestCluster.running(3) { cluster in
        let leader = try await cluster.leader()
        let node = (leader + 1) % 3
        try await fill(cluster)
        _ = try await cluster.settled()
        cluster.kill9(node)
        // Without a state there is nothing but the peers, wherever the log begins.
        let path = statePath(cluster, node)
        try FileManager.default.removeItem(atPath: path)
        for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
        try cluster.start(node, arguments: ["--log-entries", "100"])
        let statuses = try await cluster.settled()
        #expect(Set(statuses.compactMap { $0["hash"]?.string }).count == 1)
        try await cluster.change(.increment(Bytes("counter".utf8), by: 1))
        _ = try await cluster.settled()
      }
    }

    @Test func `a running node never serves what decayed, and starts again by itself`()
      async throws
    {
      try await TestCluster.running(3) { cluster in
        let leader = try await cluster.leader()
        let node = (leader + 1) % 3
        try await fill(cluster)
        _ = try await cluster.settled()
        // What it keeps in memory is still good: it must read anew.
        #expect(cluster.stop(node) == 0)
        try cluster.start(node)
        _ = try await cluster.settled()
        try flip(statePath(cluster, node))
        var refused = 0
        for part in 0..<5 {
          for number in stride(from: 0, to: 100, by: 10) {
            let path = "/kv/key-\(part)-\(number)?consistency=stale"
            guard let answer = try? await cluster.get(node, path) else { continue }
            if answer.status == 200 {
              let value = try #require(answer.json["value"]?.string)
              #expect(value.hasPrefix("value \(part) \(number) x"))
            } else {
              let error = try answer.json["error"]?.string
              #expect(answer.status == 500 && error == "corrupt")
              refused += 1
            }
          }
        }
        #expect(refused > 0)
        let statuses = try await cluster.settled()
        #expect(Set(statuses.compactMap { $0["hash"]?.string }).count == 1)
        #expect(try await repairs(cluster, node) == "pdb_state_repairs_total 1")
        #expect(try cluster.log(node).contains("starting again to mend the state"))
      }
    }

    @Test func `damage that only a list or a backup meets makes a node start again, too`()
      async throws
    {
      for path in ["/export?consistency=stale", "/backup?consistency=stale"] {
        try await TestCluster.running(3) { cluster in
          let node = (try await cluster.leader() + 1) % 3
          // Short lists are read like single keys.
          try await fill(cluster, bytes: 1_000)
          _ = try await cluster.settled()
          #expect(cluster.stop(node) == 0)
          try cluster.start(node)
          _ = try await cluster.settled()
          try flip(statePath(cluster, node))
          // An error, or an answer that breaks off.
          let answer = try? await cluster.get(node, path)
          #expect(answer?.status != 200)
          _ = try await waitFor {
            let repairs = try? await repairs(cluster, node)
            return repairs == "pdb_state_repairs_total 1" ? true : nil
          }
        }
      }
    }
  }
}
