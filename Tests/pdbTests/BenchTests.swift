// `pdb bench`

import PDBKit
import Testing

extension ProcessTests {
  @Suite struct BenchTests {
    @Test func `requests are made, measured and told`() async throws {
      try await TestCluster.running(3) { cluster in
        let set = try await cluster.pdb(
          "bench", "--op", "set", "--count", "200", "--clients", "7", "--keys", "20", "--json")
        #expect(set.status == 0, "\(set.error)")
        let result = try #require(set.json["results"]?.array?.first)
        #expect(result["kind"] == "change" && result["requests"]?.int64 == 200)
        #expect(try set.json["errors"]?.int64 == 0)
        #expect(try await cluster.settled()[0]["revision"]?.int64 == 200)
        let pairs = try await cluster.get(0, "/kv?prefix=bench/").json["pairs"]?.array ?? []
        #expect(!pairs.isEmpty && pairs.allSatisfy { $0["value"]?.string?.count == 128 })

        // What is read is there, on all nodes; in a pipe there is a line and nothing else.
        let get = try await cluster.pdb(
          "bench", "--op", "get", "--count", "100", "--all", "--keys", "50")
        #expect(get.status == 0, "\(get.error)")
        #expect(get.rows.count == 1 && get.rows[0][0] == "read" && get.rows[0][1] == "100")

        let mixed = try await cluster.pdb(
          "bench", "--op", "mixed", "--count", "100", "--keys", "50", "--json")
        #expect(try mixed.json["results"]?.array?.count == 2)
      }
    }

    @Test func `a load ends when another cluster takes the place of its own`() async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      try cluster.start(0)
      _ = try await cluster.leader()
      async let bench = cluster.pdb("bench", "--seconds", "60", "--clients", "2", "--rate", "50")
      _ = try await waitFor {
        try await cluster.get(0, "/status").json["revision"]?.int64 ?? 0 > 0 ? true : nil
      }
      cluster.kill9(0)
      try cluster.wipe(0)
      try cluster.start(0, arguments: ["--cluster", cluster.addresses[0].description])
      _ = try await cluster.leader()
      let run = try await bench
      #expect(run.status == 76, "\(run.error)")
      #expect(run.error.contains("applied in part"))
      #expect(try await cluster.get(0, "/status").json["revision"]?.int64 == 0)
    }

    @Test func `tasks are added only with --yes`() async throws {
      try await TestCluster.running(1) { cluster in
        let refused = try await cluster.pdb("bench", "--op", "task", "--count", "1")
        #expect(refused.status == 4 && refused.error.contains("--yes"))
        let done = try await cluster.pdb(
          "bench", "--op", "task", "--batch", "30", "--count", "4", "--yes", "--json")
        #expect(done.status == 0)
        #expect(try await cluster.pdb("task", "ls", "--all").rows.count == 120)
      }
    }

    @Test(arguments: [
      ["--op", "get", "--batch", "2"], ["--op", "set", "--all"],
      ["--seconds", "1", "--count", "1"],
      ["--clients", "0"], ["--op", "nope"], ["--batch", "100", "--value-bytes", "20000"],
    ])
    func `what makes no sense is refused`(arguments: [String]) async throws {
      let result = try await TestCluster(0).workspace.run(["bench"] + arguments)
      #expect(result.status == 64 && result.output.isEmpty)
    }

    @Test func `a leader's death is counted, and the next leader is found`() async throws {
      try await TestCluster.running(3) { cluster in
        async let run = cluster.workspace.run([
          "bench", "--count", "4000", "--clients", "8", "--json", "--node",
          cluster.addresses[1].description,
        ])
        _ = try await waitFor { () -> Bool? in
          try await cluster.get(1, "/status").json["revision"]?.uint64 ?? 0 > 100 ? true : nil
        }
        let before = try await cluster.get(1, "/status").json["revision"]?.uint64 ?? 0
        #expect(before < 3_900)
        cluster.kill9(0)
        let result = try await run
        #expect(result.status == 1)
        let json = try result.json
        let errors = try #require(json["errors"]?.int64)
        let made = try #require(json["results"]?.array?.first?["requests"]?.int64)
        #expect(errors > 0 && errors + made == 4_000)
        #expect(json["failures"]?["connection lost"]?.int64 ?? 0 > 0)
        let revision = try await cluster.get(1, "/status").json["revision"]?.int64 ?? 0
        // What failed may have been made all the same.
        #expect((made...4_000).contains(revision))
      }
    }
  }
}
