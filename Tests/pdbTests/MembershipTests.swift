// Members that come and go, on real processes.

import Foundation
import NIOCore
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct MembershipTests {
    /// Each member's address and whether it votes, as a node sees it.
    private func voters(_ cluster: TestCluster, _ node: Int) async throws -> [String: Bool] {
      let members = try await cluster.get(node, "/cluster/members").json["members"]?.array ?? []
      return Dictionary(
        uniqueKeysWithValues: members.map {
          ($0["address"]?.string ?? "?", $0["voter"]?.bool ?? false)
        })
    }

    private func waitUntilVoting(_ cluster: TestCluster, _ node: Int) async throws {
      let address = cluster.addresses[node].description
      _ = try await waitFor { try await self.voters(cluster, 0)[address] == true ? true : nil }
    }

    @Test func `a node joins, catches up, votes by itself, and carries the cluster`() async throws {
      try await TestCluster.running(2, spare: 1) { cluster in
        for round in 1...20 {
          try await cluster.change(.add("\(round)"))
        }
        try cluster.start(2, arguments: ["--join", cluster.addresses[1].description])
        try await waitUntilVoting(cluster, 2)
        // Two of three: without the new voter there would be no quorum.
        cluster.kill9(0)
        try await cluster.change(.add("after"))
        #expect(try await cluster.get(2, "/tasks").json["tasks"]?.array?.count == 21)
        // The list that the cluster began with does not contradict what it has become.
        try cluster.start(0)
        _ = try await cluster.settled()
        cluster.kill9(0)
        // Its membership is in its files: no flag is needed to come back.
        cluster.kill9(2)
        try cluster.start(2)
        try await cluster.change(.add("again"))
      }
    }

    @Test func `an announced address without a running node costs no quorum`() async throws {
      try await TestCluster.running(1, spare: 1) { cluster in
        let address = cluster.addresses[1].description
        let added = try await cluster.pdb("cluster", "add", address, "--json")
        #expect(added.status == 0)
        #expect(try await cluster.pdb("task", "add", "x").status == 0)
        #expect(try await voters(cluster, 0)[address] == false)
        // Started later, it becomes the member that was announced.
        try cluster.start(1, arguments: ["--join", cluster.addresses[0].description])
        try await waitUntilVoting(cluster, 1)
        let id = try added.json["id"]?.string
        #expect(try await cluster.get(1, "/status").json["node"]?.string == id)
      }
    }

    @Test func `leadership goes to the named member, and a removed leader hands over`()
      async throws
    {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let second = cluster.addresses[1]
        let given = try await cluster.pdb("cluster", "transfer", String(second.port), "--json")
        #expect(try given.json["leader"]?.string == second.url)
        #expect(try await cluster.leader() == 1)
        #expect(try await cluster.pdb("cluster", "remove", second.description, "--yes").status == 0)
        _ = try await waitFor {
          try await cluster.get(0, "/status").json["leader"]?.string != second.url ? true : nil
        }
        try await cluster.change(.add("on we go"))
        #expect(try await voters(cluster, 0)[second.description] == nil)
        let again = try await cluster.pdb(
          "cluster", "remove", second.description, "--yes", "--json")
        #expect(again.status == 1)
        #expect(try again.errorJSON["error"]?.string == "member_not_found")
      }
    }

    @Test func `a leader that is asked to stop hands over first`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let stopped = try await cluster.pdb("node", "stop", String(cluster.addresses[0].port))
        #expect(stopped.status == 0)
        #expect(try cluster.log(0).contains("stopped"))
        // No election timeout passed: the old leader asked a follower to lead.
        #expect(try cluster.log(0).contains("following"))
        try await cluster.change(.add("x"))
        let status = try await cluster.workspace.run([
          "cluster", "status", "--json", "--node", cluster.addresses[1].description,
        ])
        #expect(status.status == 1)
        let members = try status.json["members"]?.array ?? []
        #expect(members.first?["state"]?.string == "down")
        #expect(members.first?["silent_ms"]?.uint64 != nil)
      }
    }

    @Test func `a removal that would lose the quorum is refused, unless forced`() async throws {
      try await TestCluster.running(3) { cluster in
        cluster.kill9(2)
        // The leader must have noticed: a silent member is one that may be dead.
        _ = try await waitFor {
          let members = try await cluster.get(0, "/cluster/members").json["members"]?.array ?? []
          return members.contains { $0["silent_ms"]?.uint64 ?? 0 > 600 } ? true : nil
        }
        let address = cluster.addresses[1].description
        let refused = try await cluster.pdb("cluster", "remove", address, "--yes", "--json")
        #expect(refused.status == 3)
        #expect(try refused.errorJSON["error"]?.string == "loses_quorum")
        #expect(try refused.errorJSON["outcome"]?.string == "not_applied")
        let dead = cluster.addresses[2].description
        #expect(try await cluster.pdb("cluster", "remove", dead, "--yes").status == 0)
        #expect(try await voters(cluster, 0).count == 2)
      }
    }

    /// Rule 23, and the loss that was seen before: three nodes, a write on two of them, one of
    /// these two loses its data; it and the third must not elect a leader without the write.
    @Test func `a member that lost its data does not vote again`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        cluster.kill9(2)
        try await cluster.change(.add("precious"))
        cluster.kill9(0)
        cluster.kill9(1)
        try cluster.wipe(1)
        try cluster.start(1)
        try cluster.start(2)
        _ = try await waitFor {
          let alarms = try await cluster.get(1, "/status").json["alarms"]?.array ?? []
          return alarms.contains(.string("lost_data")) ? true : nil
        }
        #expect(try await cluster.get(1, "/readyz").status == 503)
        #expect(try await cluster.get(2, "/status").json["leader"] == .null)
        try cluster.start(0)
        // The one that has the write leads, and nothing is lost.
        _ = try await waitFor {
          try await cluster.get(2, "/readyz").status == 200 ? true : nil
        }
        let tasks = try await cluster.get(2, "/tasks").json["tasks"]?.array ?? []
        #expect(tasks.map { $0["title"]?.string } == ["precious"])
        // The documented way back: remove it, and let it join as a new member.
        cluster.kill9(1)
        _ = try await cluster.withStore {
          try await $0.remove("\(cluster.addresses[1])", force: true)
        }
        try cluster.wipe(1)
        let process = cluster.workspace.process([
          "node", "start", "--port", String(cluster.addresses[1].port), "--join",
          cluster.addresses[0].description,
        ])
        try process.run()
        cluster.adopt(process, as: 1)
        try await waitUntilVoting(cluster, 1)
      }
    }

    @Test func `a node that was removed is told so when it comes back`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        cluster.kill9(2)
        let address = cluster.addresses[2].description
        #expect(try await cluster.pdb("cluster", "remove", address, "--yes").status == 0)
        let term = try await cluster.get(0, "/status").json["term"]?.uint64
        try cluster.start(2)
        _ = try await waitFor {
          let alarms = try await cluster.get(2, "/status").json["alarms"]?.array ?? []
          return alarms.contains(.string("removed")) ? true : nil
        }
        #expect(try await cluster.get(0, "/status").json["term"]?.uint64 == term)
      }
    }

    @Test func `a node that is far behind is brought up with the whole state`() async throws {
      try await TestCluster.running(1, spare: 1, arguments: ["--log-entries", "100"]) { cluster in
        func put(_ number: Int) async throws -> TestCluster.Answer {
          try await cluster.send(
            0, .PUT, "/kv/key\(number % 20)", "{\"value\":\(number)}",
            headers: ["Idempotency-Key": "request-\(number)"])
        }
        for number in 1...400 {
          #expect(try await put(number).status == (number <= 20 ? 201 : 200))
        }
        _ = try await waitFor {
          try await cluster.get(0, "/status").json["log_first"]?.uint64 ?? 1 > 200 ? true : nil
        }
        try cluster.start(1, arguments: ["--join", cluster.addresses[0].description])
        try await waitUntilVoting(cluster, 1)
        let statuses = try await cluster.settled()
        #expect(Set(statuses.map { $0["hash"]?.string }).count == 1)
        #expect(try cluster.log(1).contains("received the state"))
        // What apply depends on came along: a repeated request is still known. Its answer is
        // the old one, the state is not.
        let repeated = try await put(7).json
        #expect(repeated["value"]?.int64 == 7 && repeated["revision"]?.uint64 == 7)
        #expect(try await cluster.get(1, "/kv/key7").json["value"]?.int64 == 387)
        // And it survives on its own files.
        cluster.kill9(1)
        try cluster.start(1)
        let after = try await cluster.settled()
        #expect(Set(after.map { $0["hash"]?.string }).count == 1)
      }
    }
  }
}
