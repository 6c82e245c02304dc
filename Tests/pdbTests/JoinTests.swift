// Starting and joining: a start that fails leaves nothing behind, and no word makes a node leave
// the cluster that its files belong to.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct JoinTests {
    private func members(_ cluster: TestCluster) async throws -> Int? {
      try await cluster.get(0, "/cluster/members").json["members"]?.array?.count
    }

    private func files(_ path: String) -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    private func secret(_ letter: Character, in workspace: Workspace) throws -> String {
      let path = "\(workspace.path)/secret-\(letter)"
      try writeSecret(String(repeating: letter, count: 32), to: path)
      return path
    }

    @Test func `a node with files of its own does not join another cluster`() async throws {
      try await TestCluster.running(1, spare: 1) { cluster in
        let port = String(cluster.addresses[1].port)
        // It was forgotten to say --join.
        let alone = cluster.workspace.process(
          ["node", "start", "--port", port, "--data-dir", "d"])
        alone.standardError = FileHandle.nullDevice
        try alone.run()
        cluster.adopt(alone, as: 1)
        _ = try await waitFor { await self.leads(cluster, 1) ? true : nil }
        _ = cluster.stop(1)
        let joining = try await cluster.workspace.run([
          "node", "start", "--port", port, "--data-dir", "d", "--join",
          cluster.addresses[0].description,
        ])
        #expect(joining.status == 76, "\(joining.error)")
        #expect(joining.error.contains("/d' holds node \(port) of cluster"), "\(joining.error)")
        #expect(try await members(cluster) == 1)
      }
    }

    private func leads(_ cluster: TestCluster, _ node: Int) async -> Bool {
      await cluster.status(node)?["is_leader"]?.bool == true
    }

    @Test func `a node that joined is started again with the same words`() async throws {
      try await TestCluster.running(1, spare: 1) { cluster in
        let arguments = ["--join", cluster.addresses[0].description]
        for _ in 0..<2 {
          try cluster.start(1, arguments: arguments)
          _ = try await cluster.settled()
          #expect(cluster.stop(1) == 0)
        }
        #expect(try await members(cluster) == 2)
      }
    }

    @Test func `a port that is in use makes neither files nor a member`() async throws {
      try await TestCluster.running(1) { cluster in
        try await TestCluster.running(1) { other in
          let busy = String(other.addresses[0].port)
          let run = try await cluster.workspace.run([
            "node", "start", "--port", busy, "--data-dir", "w", "--join",
            cluster.addresses[0].description,
          ])
          #expect(run.status == 75, "\(run.error)")
          #expect(run.error.contains("in use"))
          #expect(!FileManager.default.fileExists(atPath: cluster.workspace.path + "/w"))
          #expect(try await members(cluster) == 1)
        }
      }
    }

    @Test func `a cluster that cannot be reached leaves no files of a node that would join`()
      async throws
    {
      let workspace = try Workspace()
      let ports = try TestPorts(2)
      let run = try await workspace.run([
        "node", "start", "--port", String(ports.numbers[0]), "--data-dir", "w", "--join",
        "127.0.0.1:\(ports.numbers[1])",
      ])
      #expect(run.status == 69, "\(run.error)")
      #expect(!FileManager.default.fileExists(atPath: workspace.path + "/w"))
    }

    @Test(arguments: [("a", "b"), ("a", nil), (nil, "a")] as [(Character?, Character?)])
    func `a node that does not know the secret is told so, and does not become a member`(
      of cluster: Character?, of joiner: Character?
    ) async throws {
      let workspace = try Workspace()
      func options(_ letter: Character?) throws -> [String] {
        try letter.map { ["--cluster-secret-file", try secret($0, in: workspace)] } ?? []
      }
      try await TestCluster.running(1, spare: 1, arguments: try options(cluster)) { running in
        let run = try await running.workspace.run(
          [
            "node", "start", "--port", String(running.addresses[1].port), "--data-dir", "w",
            "--join", running.addresses[0].description,
          ] + options(joiner))
        #expect(run.status == 77, "\(run.error)")
        #expect(run.error.contains("cluster secret"), "\(run.error)")
        #expect(!FileManager.default.fileExists(atPath: running.workspace.path + "/w"))
        #expect(try await members(running) == 1)
      }
    }

    @Test func `first members on several machines must be told a secret`() async throws {
      let workspace = try Workspace()
      let ports = try TestPorts(2)
      let token = try secret("t", in: workspace)
      let run = try await workspace.run([
        "node", "start", "--port", String(ports.numbers[0]), "--token-file", token, "--cluster",
        "127.0.0.1:\(ports.numbers[0]),10.9.8.7:\(ports.numbers[1])",
      ])
      #expect(run.status == 78, "\(run.error)")
      #expect(run.error.contains("--cluster-secret-file"))
      #expect(run.error.contains("cluster invite"))
    }

    @Test func `a stranger on the port for peers of a node with a token is told nothing`()
      async throws
    {
      try await TestCluster.running(1, token: "0123456789abcdef") { cluster in
        let status = try await waitFor {
          let status = try await cluster.get(0, "/status").json
          return status["birth"]?.string == nil ? Optional.none : status
        }
        let upgrade =
          "GET /peer HTTP/1.1\r\nHost: \(cluster.addresses[0])\r\n"
          + "Connection: upgrade\r\nUpgrade: pdb-raft/1\r\n\r\n"
        let hello: [UInt8] = [0, 0, 0, 9, 1, 1, 1, 0x78, 1, 2, 3, 0, 0]
        let answer = try cluster.sendRaw(0, Array(upgrade.utf8) + hello)
        #expect(!answer.contains("101 Switching"))
        let body = answer.components(separatedBy: "\r\n\r\n").dropFirst().joined()
        for name in ["cluster", "node", "incarnation", "birth"] {
          #expect(!body.contains(try #require(status[name]?.string)), "\(name)")
        }
      }
    }
  }
}
