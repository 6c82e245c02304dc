// Data in bulk: out, in, and back to life.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct TransferTests {
    @Test func `an export goes into an empty cluster as it was`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Học Việt", "hai", "ba")
        _ = try await cluster.pdb("task", "rm", "1")
        _ = try await cluster.pdb("task", "done", "3")
        _ = try await cluster.pdb("kv", "set", "Ho\u{323}c", "1.50")
        _ = try await cluster.pdb("kv", "set", "Học", "{\"b\":1,\"a\":[]}")
        _ = try await cluster.pdb("kv", "set", "bin", "-", input: Data([0, 255]))
        #expect(try await cluster.pdb("export", "-o", "all.ndjson").status == 0)
        let tasks = try await cluster.pdb("task", "ls", "--all").output
        let pairs = try await cluster.pdb("kv", "ls").column(1)
        try await TestCluster.running(1) { other in
          let path = "\(cluster.workspace.path)/all.ndjson"
          let preview = try await other.pdb("import", path, "--dry-run", "--json").json
          #expect(preview["new"]?.int64 == 5)
          #expect(try await other.pdb("task", "ls", "--all").output.isEmpty)
          #expect(try await other.pdb("import", path).output == "5\n")
          #expect(try await other.pdb("task", "ls", "--all").output == tasks)
          #expect(try await other.pdb("kv", "ls").column(1) == pairs)
          #expect(try await other.pdb("import", path).output == "0\n")
          #expect(try await other.pdb("log").rows.count == 1)
          _ = try await other.pdb("kv", "set", "Học", "9")
          let refused = try await other.pdb("import", path)
          #expect(refused.status == 3 && refused.error.contains("--existing"))
          #expect(try await other.pdb("import", path, "--existing", "keep").output == "0\n")
          #expect(try await other.pdb("import", path, "--existing", "replace").output == "1\n")
          _ = try await other.pdb("undo", "1")
        }
      }
    }

    @Test func `an import that was interrupted goes on, and shows nothing before`() async throws {
      try await TestCluster.running(3) { cluster in
        let lines = (1...9000).map { "{\"key\":\"k\($0)\",\"value\":\($0)}" }
        let path = "\(cluster.workspace.path)/many.ndjson"
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
        let process = cluster.workspace.process(
          ["import", path, "--node", cluster.addresses[0].description])
        try process.run()
        _ = try await waitFor { () -> Bool? in
          let applied = try await cluster.get(0, "/status").json["applied"]?.uint64 ?? 0
          return applied >= 3 ? true : nil
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let before = try await cluster.pdb("kv", "ls", "--limit", "1").rows.count
        if before == 0 { #expect(try await cluster.pdb("log").rows.isEmpty) }
        cluster.kill9(0)
        let again = try await cluster.workspace.run(
          ["import", path, "--node", cluster.addresses[1].description])
        #expect(again.status == 0, "\(again.error)")
        try cluster.start(0)
        _ = try await cluster.settled()
        #expect(try await cluster.pdb("kv", "ls").rows.count == 9000)
        #expect(try await cluster.pdb("log").rows.count == 1)
      }
    }

    @Test func `a backup becomes a cluster that goes on from there`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "a", "b")
        _ = try await cluster.pdb("task", "rm", "1")
        #expect(try await cluster.pdb("backup", "pdb.backup").status == 0)
        let file = "\(cluster.workspace.path)/pdb.backup"
        let restored = try await TestCluster(3)
        defer { restored.killAll() }
        let list = restored.addresses.map(\.description).joined(separator: ",")
        for address in restored.addresses {
          let run = try await restored.workspace.run([
            "restore", file, "--port", String(address.port), "--cluster", list, "--json",
          ])
          #expect(run.status == 0, "\(run.error)")
        }
        for node in 0..<3 { try restored.start(node) }
        let statuses = try await restored.settled()
        #expect(Set(statuses.map { $0["hash"]?.string }).count == 1)
        let (old, jobs) = (
          try await cluster.get(0, "/status").json, try await cluster.get(0, "/jobs").body
        )
        #expect(try await restored.get(1, "/jobs").body == jobs)
        // It is another cluster, by its id and by its birth.
        let birth = try await waitFor {
          try await restored.get(2, "/status").json["birth"]?.string
        }
        #expect(birth != old["birth"]?.string)
        #expect(statuses[0]["cluster"]?.string != old["cluster"]?.string)
        #expect(try await restored.pdb("undo", "2").status == 0)
        #expect(try await restored.pdb("task", "ls").column(0) == ["2", "1"])
      }
    }

    @Test func `what is no node's answer is neither exported, backed up, compared nor watched`()
      async throws
    {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      try cluster.start(0)
      _ = try await cluster.leader()
      let address = cluster.addresses[0]
      let user = try Workspace(nodes: "")
      for command in [
        ["remote", "add", "lab", "\(address)"], ["use", "lab"], ["task", "add", "a"],
      ] {
        #expect(try await user.run(command).status == 0)
      }
      let old = try await user.run(["export", "-o", "old"])
      #expect(old.status == 0, "\(old.error)")
      let before = try String(contentsOfFile: user.path + "/old", encoding: .utf8)
      cluster.kill9(0)
      try await FakeServer.running(at: address.port, "<html>hello</html>\n") { _ in
        for command in [
          ["export"], ["export", "-o", "old"], ["export", "-o", "new"], ["backup", "new"],
          ["import", "old", "--dry-run"], ["kv", "watch", "--since", "0"], ["log", "-f"],
        ] {
          let run = try await user.run(command)
          #expect(run.status == 76, "\(command): \(run.error)")
          #expect(run.error.contains("bad_answer") && run.output.isEmpty, "\(command)")
        }
      }
      #expect(try String(contentsOfFile: user.path + "/old", encoding: .utf8) == before)
      #expect(!FileManager.default.fileExists(atPath: user.path + "/new"))
    }

    @Test(arguments: [("export", "{\"pdb_export\":1}\n"), ("backup", "{}")])
    func `data in bulk that end too early are an error and leave no file`(
      command: String, answer: String
    ) async throws {
      let id = "0123456789abcdef"
      let view =
        "{\"cluster\":\"\(id)\",\"current_node\":\"http://127.0.0.1:1\",\"members\":[]}"
      try await FakeServer.running(answer, headers: ["PDB-Cluster": id], view: view) { address in
        let user = try Workspace(nodes: "\(address)")
        let file = command == "export" ? ["-o", "new"] : ["new"]
        let run = try await user.run([command] + file)
        #expect(run.status == 76 && run.error.contains("missing"), "\(run.error)")
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: user.path)
            .allSatisfy { !$0.contains("new") })
      }
    }

    @Test func `a stranger's pickle is refused with its reason and executes nothing`() async throws
    {
      try await TestCluster.running(1) { cluster in
        let mark = "\(cluster.workspace.path)/executed"
        let hostile = "cos\nsystem\n(S'touch \(mark)'\ntR."
        let run = try await cluster.pdb("import", "-", input: Data(hostile.utf8))
        #expect(run.status == 65, "\(run.error)")
        #expect(run.error.contains("system"))
        #expect(!FileManager.default.fileExists(atPath: mark))
        #expect(try await cluster.pdb("import", "nowhere").status == 66)
      }
    }
  }
}
