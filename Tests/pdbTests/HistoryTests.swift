// Looking back, undoing, and listening, on real processes.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct HistoryTests {
    @Test func `every change is told, and can be undone`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Học", "hai")
        _ = try await cluster.pdb("kv", "set", "a:b/c", "{\"x\":1}")
        _ = try await cluster.pdb("task", "done", "1")
        _ = try await cluster.pdb("task", "rm", "2")
        let log = try await cluster.pdb("log")
        #expect(log.column(0) == ["4", "3", "2", "1"])
        #expect(log.column(3) == ["task rm", "task done", "kv set", "task add"])
        #expect(try await cluster.pdb("log", "--key", "a:b/c").column(0) == ["2"])
        // A task that is gone is found by its number and by its id.
        let id = try #require(
          try await cluster.pdb("log", "--task", "2", "--json").json["revisions"]?.array?[0][
            "changes"]?.array?[0]["before"]?["id"]?.string)
        #expect(try await cluster.pdb("log", "--task", "2").column(0) == ["4", "1"])
        #expect(
          try await cluster.pdb("log", "--task", String(id.prefix(6))).column(0) == ["4", "1"])
        #expect(try await cluster.pdb("log", "-n", "1", "--oneline").column(0) == ["4"])
        let shown = try await cluster.pdb("show", "3", "--json").json["changes"]?.array?[0]
        #expect(shown?["before"]?["completed"]?.bool == false)
        #expect(shown?["after"]?["completed"]?.bool == true)
        #expect(try await cluster.pdb("show", "99").status == 1)

        #expect(try await cluster.pdb("undo").output == "4\n")
        #expect(try await cluster.pdb("undo").output == "3\n")
        #expect(try await cluster.pdb("task", "ls").column(0) == ["2", "1"])
        let conflict = try await cluster.pdb("undo", "4")
        #expect(conflict.status == 3, "\(conflict.error)")
        #expect(conflict.error.contains("expected") && conflict.error.contains("found"))
        #expect(try await cluster.pdb("undo", "5", "--json").json["operation"]?.string == "undo 4")
        #expect(try await cluster.pdb("task", "ls").column(0) == ["1"])
      }
    }

    @Test func `a long history comes whole, page by page`() async throws {
      try await TestCluster.running(1) { cluster in
        let lines = (1...1300).map { "kv incr n\($0 % 3)" }.joined(separator: "\n")
        let run = try await cluster.pdb("shell", "--quiet", input: Data(lines.utf8))
        #expect(run.status == 0, "\(run.error)")
        let revisions = try await cluster.pdb("log").column(0)
        #expect(revisions == (1...1300).reversed().map(String.init))
        #expect(try await cluster.pdb("log", "--key", "n0", "-n", "300").rows.count == 300)
      }
    }

    @Test func `a stream taken up again anywhere misses and repeats nothing`() async throws {
      try await TestCluster.running(3) { cluster in
        for number in 1...20 {
          try await cluster.change(.set("k\(number % 4)", to: 1))
        }
        _ = try await cluster.settled()
        for node in 0..<3 {
          try await cluster.withStore([cluster.addresses[node]], patience: .seconds(20)) { store in
            for since in [UInt64(0), 7, 19] {
              let told = try await store.revisions(after: since, count: 20 - Int(since))
              #expect(told.map(\.number) == Array((since + 1)...20), "node \(node)")
            }
          }
        }
      }
    }

    @Test func `a listener hears every change once while leaders come and go`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let changes = 400
        async let heard = Self.listen(cluster, prefix: "k", upTo: changes)
        let written = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            try await cluster.withStore(patience: .seconds(60)) { store in
              for number in 1...changes {
                try await store.apply(.set("k\(number)", to: JSON(number)))
                written.change { $0 = number }
              }
            }
          }
          for round in 1...3 {
            _ = try await waitFor { written.value >= round * 100 ? true : nil }
            let leader = try await cluster.leader()
            cluster.kill9(leader)
            try cluster.start(leader)
            _ = try await cluster.leader()
          }
          try await group.waitForAll()
        }
        let told = try await heard
        let values = told.map { $0.changes.first.map { JSON(stored: $0.after).int64 } }
        #expect(values == Array(1...changes).map { Int64($0) })
        #expect(Set(told.map(\.number)).count == changes)
      }
    }

    private static func listen(
      _ cluster: TestCluster, prefix: String, upTo count: Int
    ) async throws -> [Revision] {
      try await cluster.withStore(patience: .seconds(60)) { store in
        try await store.revisions(
          after: 0, HistoryFilter(prefix: Bytes(prefix.utf8)), count: count)
      }
    }

    @Test func `watching ends after as many changes as wanted, and filters`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "a1", "1")
        _ = try await cluster.pdb("kv", "set", "b1", "2")
        _ = try await cluster.pdb("kv", "rm", "a1")
        let watched = try await cluster.pdb("kv", "watch", "a", "--since", "0", "--limit", "2")
        let lines = try watched.output.split(separator: "\n").map { try JSON(parsing: $0.utf8) }
        #expect(lines.map { $0["revision"]?.uint64 } == [1, 3])
        #expect(lines[0]["value"]?.int64 == 1 && lines[1]["value"]?.isNull == true)
      }
    }

    @Test func `a node with listeners stops at once`() async throws {
      try await TestCluster.running(1) { cluster in
        let listener = Task {
          try? await cluster.withStore(patience: .seconds(2)) { store in
            _ = try await store.revisions(after: 0, count: .max)
          }
        }
        _ = try await cluster.pdb("kv", "set", "a", "1")
        let start = ContinuousClock.now
        #expect(cluster.stop(0) == 0)
        #expect(ContinuousClock.now - start < .seconds(4))
        listener.cancel()
        await listener.value
      }
    }

    @Test(arguments: [
      ("/log?limit=x", 400), ("/log?before=-1", 400), ("/log/x", 400), ("/log/7", 404),
      ("/events?since=x", 400), ("/import/a%20b", 400),
    ])
    func `what makes no sense is refused`(path: String, status: Int) async throws {
      try await TestCluster.running(1) { cluster in
        #expect(Int(try await cluster.get(0, path).status) == status)
        let undo = try await cluster.send(0, .POST, "/undo", #"{"revision":"x"}"#)
        #expect(undo.status == 400)
        let nothing = try await cluster.send(0, .POST, "/undo", "{}")
        #expect(try nothing.json["error"]?.string == "revision_not_found")
      }
    }
  }
}

extension Store {
  /// Listens until so many revisions have come.
  func revisions(
    after start: UInt64, _ filter: HistoryFilter = HistoryFilter(), count: Int
  ) async throws -> [Revision] {
    var found: [Revision] = []
    for try await events in try await changes(since: start, filter, at: .now) {
      for case .change(let revision) in events { found.append(revision) }
      if found.count >= count { break }
    }
    return found
  }
}
