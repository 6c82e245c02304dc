// The program started on what version 0.1 left behind.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct UpgradeTests {
    /// Starts nodes of version 0.1 with this program and waits until one leads.
    private func running(
      _ fixtures: String..., body: (TestCluster) async throws -> Void
    ) async throws {
      let cluster = try await TestCluster(of: fixtures)
      defer { cluster.killAll() }
      for node in fixtures.indices { try cluster.start(node) }
      _ = try await cluster.leader()
      try await body(cluster)
    }

    /// Compares what users see with what they saw before.
    private func expectSame(_ fixture: String, _ cluster: TestCluster, node: Int = 0) async throws {
      let export = try await cluster.get(node, "/export").body.split(separator: "\n")
      let lines = try OldData.lines("\(fixture).export.gz")
      // The first one tells the time, and a cluster that was restored has a new name.
      #expect(export.count == lines.count && lines.count > 10)
      for (found, line) in zip(export, lines).dropFirst() { #expect(found == line) }
      let revisions = try OldData.lines("\(fixture).log.gz")
      for line in revisions {
        let number = try #require(try JSON(parsing: line.utf8)["revision"]?.uint64)
        #expect(try await cluster.get(node, "/log/\(number)").body == line + "\n")
      }
      #expect(revisions.count > 50)
      let page = try await cluster.get(node, "/log?limit=1").json
      let newest = try #require(page["revision"]?.uint64)
      #expect(page["compacted"]?.uint64 == newest - UInt64(revisions.count))
      let address = cluster.addresses[node].description
      let tasks = try await cluster.pdb("task", "ls", "--all", "--json", "--node", address)
      #expect(try tasks.json == OldData.json("\(fixture).tasks"))
    }

    @Test(arguments: ["lone", "killed", "compacted", "restored"])
    func `everything is as it was, and stays so after another start`(fixture: String) async throws {
      try await running(fixture) { cluster in
        let before = try OldData.json("\(fixture).status")
        for round in 0..<2 {
          let status = try #require(await cluster.status(0))
          for name in ["node", "cluster", "incarnation", "address", "revision"] {
            #expect(status[name] == before[name], "\(name)")
          }
          if fixture != "restored" { #expect(status["birth"] == before["birth"]) }
          try await expectSame(fixture, cluster)
          guard round == 0 else { continue }
          cluster.kill9(0)
          try cluster.start(0)
          _ = try await cluster.leader()
        }
        // It goes on from there, and can take back what was done before.
        let next = try #require(before["revision"]?.uint64) + 1
        let set = try await cluster.pdb("kv", "set", "after the upgrade", "1")
        #expect(set.status == 0)
        #expect(await cluster.status(0)?["revision"]?.uint64 == next)
        #expect(cluster.stop(0) == 0)
      }
    }

    @Test func `requests of before get the answers of before`() async throws {
      try await running("lone") { cluster in
        let revision = await cluster.status(0)?["revision"]
        var count = 0
        for line in try OldData.lines("lone.requests") {
          let request = try JSON(parsing: line.utf8)
          var headers = HTTPHeaders()
          for header in request["headers"]?.members ?? [] {
            headers.add(name: header.name, value: try #require(header.value.string))
          }
          let answer = try await cluster.send(
            0, HTTPMethod(rawValue: try #require(request["method"]?.string)),
            try #require(request["path"]?.string), request["body"]?.string, headers: headers)
          #expect(UInt64(answer.status) == request["status"]?.uint64, "\(line)")
          #expect(answer.body == request["answer"]?.string, "\(line)")
          // A refusal is told with the revision at which it is told.
          for header in request["answer_headers"]?.members ?? []
          where header.name != "PDB-Revision" || answer.status < 300 {
            #expect(answer.headers.first(name: header.name) == header.value.string, "\(line)")
          }
          count += 1
        }
        #expect(count > 20)
        #expect(await cluster.status(0)?["revision"] == revision)
      }
    }

    @Test func `a cluster goes on with all its members`() async throws {
      try await running("three-1", "three-2", "three-3") { cluster in
        for (node, status) in try await cluster.settled().enumerated() {
          #expect(try status["birth"] == OldData.json("three-\(node + 1).status")["birth"])
          try await expectSame("three-\(node + 1)", cluster, node: node)
        }
        try await cluster.change(.set("a", to: 1))
        let leader = try await cluster.leader()
        cluster.kill9(leader)
        try await cluster.change(.set("b", to: 2))
        try cluster.start(leader)
        let statuses = try await cluster.settled()
        #expect(statuses.map { $0["revision"]?.uint64 } == [239, 239, 239])
        #expect(Set(statuses.map { $0["hash"]?.string }).count == 1)
        #expect(statuses.allSatisfy { $0["alarms"]?.array?.isEmpty == true })
        let members = try await cluster.get(leader, "/cluster/status").json
        let before = try OldData.json("three.cluster")
        #expect(members["removed"] == before["removed"])
      }
    }

    @Test func `a backup of version 0.1 is restored`() async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      let file = cluster.workspace.path + "/lone.backup"
      try OldData.unpacked("lone.backup.gz").write(to: URL(fileURLWithPath: file))
      let port = String(cluster.addresses[0].port)
      let restored = try await cluster.pdb("restore", file, "--port", port)
      #expect(restored.status == 0, "\(restored.error)")
      try cluster.start(0)
      _ = try await cluster.leader()
      try await expectSame("lone", cluster)
    }

    @Test func `a damaged log of version 0.1 is refused`() async throws {
      let cluster = try await TestCluster(of: ["lone"])
      let file = "\(cluster.workspace.path)/.pdb/node_\(cluster.addresses[0].port).raft"
      let url = URL(fileURLWithPath: file)
      var bytes = try Data(contentsOf: url)
      let place = try #require(bytes.range(of: Data("idem/count".utf8)))
      bytes[place.lowerBound] ^= 1
      try bytes.write(to: url)
      let result = try await cluster.workspace.run([
        "node", "start", "--port", String(cluster.addresses[0].port),
      ])
      #expect(result.status == 74 && result.error.contains("is damaged"), "\(result.error)")
    }
  }
}
