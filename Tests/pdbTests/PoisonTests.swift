// An entry in the log of all members that none of them can apply.

import Foundation
import PDBCoordinator
import PDBKit
import PDBStorage
import Testing

@testable import Raft

extension ProcessTests {
  @Suite struct PoisonTests {
    private let counter = Bytes("counter".utf8)

    /// Appends what no program can read to the logs of nodes that do not run.
    ///
    /// - Returns: its index.
    private func poison(_ cluster: TestCluster, _ nodes: Range<Int>) throws -> Index {
      var indices: Set<Index> = []
      for node in nodes {
        let directory = try DataDirectory(
          path: "\(cluster.workspace.path)/.pdb", port: cluster.addresses[node].port)
        let log = try directory.openLog()
        let contents = try #require(try log.load())
        let term = try #require(contents.entries.last?.term)
        var batch = Persist(number: 1)
        batch.entries = [
          Entry(index: contents.lastIndex + 1, term: term, payload: .operation([0xFF]))
        ]
        try log.append([batch])
        indices.insert(contents.lastIndex + 1)
      }
      try #require(indices.count == 1, "the logs must be the same before")
      return indices.first!
    }

    private func alarms(_ cluster: TestCluster, _ node: Int) async -> [String] {
      await cluster.status(node)?["alarms"]?.array?.compactMap(\.string) ?? []
    }

    @Test func `a poisoned entry stops nobody, and is skipped by a decision that is recorded`()
      async throws
    {
      try await TestCluster.running(3, spare: 1) { cluster in
        _ = try await waitFor { () -> Bool? in
          let logs = try (0..<3).map { try cluster.log($0) }
          // After that nothing is written that was not asked for.
          for node in 0..<3 where await cluster.status(node)?["birth"]?.string == nil { return nil }
          return logs.contains { $0.contains("all members understand a newer version") }
            ? true : nil
        }
        #expect(try await cluster.pdb("kv", "set", "undone", "1").status == 0)
        for _ in 0..<3 { try await cluster.change(.increment(counter, by: 1)) }
        _ = try await cluster.settled(0..<3)
        // All at once: two that are left elect a leader in no time, and it writes.
        for node in 0..<3 { cluster.send(signal: SIGSTOP, to: node) }
        for node in 0..<3 { cluster.kill9(node) }
        let index = try poison(cluster, 0..<3)
        for node in 0..<3 { try cluster.start(node) }
        for node in 0..<3 {
          _ = try await waitFor {
            await alarms(cluster, node) == ["poisoned_entry"] ? true : nil
          }
          #expect(try cluster.log(node).contains("entry \(index) of term"))
          let ready = try await cluster.get(node, "/readyz")
          #expect(ready.status == 503 && ready.body.contains("pdb cluster skip \(index)"))
          let stale = try await cluster.get(node, "/kv/counter?consistency=stale")
          #expect(try stale.json["value"]?.uint64 == 3)
          #expect(try await cluster.get(node, "/kv/counter").status == 503)
        }
        _ = try await cluster.leader()
        let refused = try await cluster.pdb("kv", "incr", "counter")
        #expect(refused.status == 74 && refused.error.contains("pdb cluster skip \(index)"))
        let status = try await cluster.pdb("cluster", "status", "--json")
        #expect(status.status == 1 && status.output.contains("\"index\":\(index)"))

        #expect(try await cluster.pdb("cluster", "skip", "1", "--yes").status == 3)
        #expect(try await cluster.pdb("cluster", "skip", "\(index)").status != 0, "it asks first")
        let skipped = try await cluster.pdb("cluster", "skip", "\(index)", "--yes")
        #expect(skipped.status == 0, "\(skipped.error)")
        // Asked twice, it was done all the same.
        try await cluster.withStore { _ = try await $0.skip(index, from: Origin()) }
        try await cluster.change(.increment(counter, by: 1))
        _ = try await cluster.settled(0..<3)
        for node in 0..<3 {
          #expect(await alarms(cluster, node) == [])
          #expect(try await cluster.get(node, "/kv/counter").json["value"]?.uint64 == 4)
        }
        let log = try await cluster.pdb("log")
        #expect(log.output.contains("cluster skip \(index)"))
        let undo = try await cluster.pdb("undo")
        #expect(
          undo.status == 0, "a skip is passed over, for it cannot be taken back: \(undo.error)")

        // One that comes later reads the same log, and one that starts again too.
        try cluster.start(3, arguments: ["--join", cluster.addresses[0].description])
        _ = try await cluster.settled()
        cluster.kill9(0)
        try cluster.start(0)
        let statuses = try await cluster.settled()
        #expect(Set(statuses.map { $0["hash"]?.string }).count == 1)
        for node in 0..<4 { #expect(await alarms(cluster, node) == []) }
      }
    }
  }
}
