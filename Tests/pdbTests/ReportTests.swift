// What a cluster in trouble is told to be, and how its nodes are started again.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct ReportTests {
    private func restart(_ cluster: TestCluster, of node: Int, asking other: Int) async throws
      -> JSON?
    {
      let members = try await cluster.get(other, "/cluster/status").json["members"]?.array ?? []
      let address = cluster.addresses[node].description
      return members.first { $0["address"]?.string == address }?["restart"]
    }

    @Test func `a dead member's restart command works wherever it is typed`() async throws {
      try await TestCluster.running(3) { cluster in
        cluster.kill9(2)
        let command = try #require(try await restart(cluster, of: 2, asking: 0)?.string)
        let port = cluster.addresses[2].port
        #expect(
          command == "pdb node start --port \(port) --data-dir \(cluster.workspace.path)/.pdb")
        let shown = try await cluster.pdb("cluster", "status", "--json").json
        #expect(shown["members"]?.array?.first?["restart"]?.string == command)
        let elsewhere = try Workspace()
        let process = elsewhere.process(
          command.split(separator: " ").dropFirst().map(String.init))
        process.standardError = FileHandle.nullDevice
        try process.run()
        cluster.adopt(process, as: 2)
        let statuses = try await cluster.settled()
        #expect(Set(statuses.map { $0["cluster"]?.string }).count == 1)
      }
    }

    @Test func `no restart command is given for a paused member or a learner`() async throws {
      try await TestCluster.running(3, spare: 1) { cluster in
        let follower = try await cluster.leader() == 2 ? 1 : 2
        cluster.send(signal: SIGSTOP, to: follower)
        #expect(try await restart(cluster, of: follower, asking: 0) == .null)
        cluster.send(signal: SIGCONT, to: follower)
        _ = try await cluster.pdb("cluster", "add", cluster.addresses[3].description)
        #expect(try await restart(cluster, of: 3, asking: 0) == .null)
      }
    }

    // What follows from it for the verdict: Tests/Page/verdicts.json, "behind: ...".
    @Test func `a leader tells what it had committed a second ago`() async throws {
      try await TestCluster.running(3) { cluster in
        #expect(try await cluster.pdb("task", "add", "a").status == 0)
        let leader = try await cluster.leader()
        _ = try await waitFor {
          let status = try await cluster.get(leader, "/status").json
          let isSettled = status["commit_settled"]?.uint64 == status["commit"]?.uint64
          return isSettled && status["commit"]?.uint64 ?? 0 > 0 ? true : nil
        }
        let report = try await cluster.pdb("cluster", "status", "--json").json
        #expect(report["members"]?.array?.allSatisfy { $0["behind"]?.bool == false } == true)
      }
    }

    @Test func `without a quorum a read says how many nodes are needed`() async throws {
      try await TestCluster.running(4) { cluster in
        for node in 1..<4 { cluster.kill9(node) }
        let run = try await cluster.pdb("task", "ls", "--timeout", "4")
        #expect(run.status == 75, "\(run.error)")
        #expect(run.error.contains("1 of 4 nodes answered, 3 are needed"), "\(run.error)")
        #expect(run.error.contains("--stale"))
        #expect(try await cluster.pdb("task", "ls", "--stale").status == 0)
      }
    }

    @Test func `a member is removed only when that was confirmed`() async throws {
      try await TestCluster.running(3) { cluster in
        let address = cluster.addresses[2].description
        let run = try await cluster.pdb("cluster", "remove", address)
        #expect(run.status == 4)
        #expect(run.error.contains("leaves 2 voters (losing one more stops changes)"))
        #expect(
          try await cluster.get(0, "/cluster/members").json["members"]?.array?.count == 3)
        let done = try await cluster.pdb("cluster", "remove", address, "--yes")
        #expect(done.status == 0 && done.cell(0, 1) == address)
      }
    }
  }
}
