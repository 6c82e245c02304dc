// Starting a node: what it refuses, and that it changes nothing then.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct NodeStartTests {
    @Test(arguments: [
      (["--host", "0.0.0.0"], Int32(78), "--insecure"),
      (["--cluster", "127.0.0.1:1,127.0.0.1:2"], 78, "lacks this node"),
      (["--cluster", "127.0.0.1:4999,nonsense"], 78, "not an address"),
      (["--cluster", "127.0.0.1:4999,127.0.0.1:4999"], 78, "twice"),
      (["--data-dir", "/proc/nope"], 73, "/proc/nope"), (["--token-file", "/nope"], 78, "/nope"),
      (["--election-ms", "10"], 78, "election"), (["--port", "0"], 78, "address"),
      (["--port", "x"], 64, "port"),
    ])
    func `a node that must not start says why`(
      arguments: [String], status: Int32, words: String
    ) async throws {
      let workspace = try Workspace()
      let port = arguments.contains("--port") ? [] : ["--port", "4999"]
      let result = try await workspace.run(["node", "start"] + port + arguments)
      #expect(result.status == status, "\(result.error)")
      #expect(result.error.contains(words), "\(result.error)")
    }

    @Test(arguments: [0o644, 0o640, 0o606, 0o620])
    func `a secret that others can read or write is refused with the command that mends it`(
      mode: Int
    ) async throws {
      let workspace = try Workspace()
      let file = workspace.path + "/secret"
      try writeSecret("0123456789abcdef", to: file)
      for option in ["--token-file", "--cluster-secret-file"] {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        let start = ["node", "start", "--port", "4999", "--host", "203.0.113.1", option, file]
        let refused = try await workspace.run(start)
        #expect(refused.status == 78 && refused.error.contains("'\(file)'"), "\(refused.error)")
        #expect(refused.error.contains("hint: chmod 600 \(file)\n"), "\(refused.error)")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let mended = try await workspace.run(start)
        #expect(!mended.error.contains(file), "\(mended.error)")
      }
      // A client's too.
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
      let client = try await workspace.run(["task", "ls", "--token-file", file])
      #expect(client.status == 78 && client.error.contains("chmod 600"), "\(client.error)")
    }

    @Test func `a secret may come from a pipe`() async throws {
      try await TestCluster.running(1, token: "0123456789abcdef") { cluster in
        let line = "'\(program.path)' task ls --token-file <(cat '\(cluster.tokenFile)')"
        let run = try await cluster.workspace.run(
          ["-c", line], program: URL(fileURLWithPath: "/bin/bash"))
        #expect(run.status == 0, "\(run.error)")
      }
    }

    @Test func `a data directory that others can write to is refused`() async throws {
      let workspace = try Workspace()
      let folder = workspace.path + "/open"
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false)
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
      let port = String(try TestPorts(1).numbers[0])
      let run = try await workspace.run(["node", "start", "--port", port, "--data-dir", "open"])
      #expect(run.status == 73, "\(run.error)")
      #expect(run.error.contains("hint: chmod 700 \(folder)\n"), "\(run.error)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test func `a port and a data directory have one owner`() async throws {
      try await TestCluster.running(1) { cluster in
        let port = String(cluster.addresses[0].port)
        let sameData = try await cluster.workspace.run(["node", "start", "--port", port])
        #expect(sameData.status == 75 && sameData.error.contains("in use"))
        let samePort = try await cluster.workspace.run(
          ["node", "start", "--port", port, "--data-dir", "other"])
        #expect(samePort.status == 75 && samePort.error.contains("--port"), "\(samePort.error)")
        #expect(try await cluster.pdb("cluster", "status").status == 0)
      }
    }

    @Test func `another port beside a node that runs is no new cluster unless that is said`()
      async throws
    {
      try await TestCluster.running(1, spare: 1) { cluster in
        let (own, other) = (cluster.addresses[0].port, cluster.addresses[1])
        let refused = try await cluster.workspace.run(["node", "start", "--port", "\(other.port)"])
        #expect(refused.status == 78, "\(refused.error)")
        let folder = cluster.workspace.path + "/.pdb"
        let command = "pdb node start --port \(own) --data-dir "
        for words in ["/.pdb' holds the data of node \(own)", command, "another --data-dir"] {
          #expect(refused.error.contains(words), "\(refused.error)")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(!files.contains { $0.hasPrefix("node_\(other.port)") })
        try cluster.start(1, arguments: ["--cluster", "\(other)"])
        _ = try await waitFor {
          try await cluster.workspace.run(
            ["cluster", "members"], environment: ["PDB_NODES": "\(other)"]
          ).status == 0 ? true : nil
        }
      }
    }

    @Test func `the only files of a folder are served on any port, and found again there`()
      async throws
    {
      try await TestCluster.running(1, spare: 2) { cluster in
        _ = try await cluster.pdb("kv", "set", "a", "1")
        #expect(cluster.stop(0) == 0)
        let nodes = ["PDB_NODES": "\(cluster.addresses[1])"]
        try cluster.start(1)
        let members = try await waitFor {
          let members = try await cluster.workspace.run(["cluster", "members"], environment: nodes)
          return members.status == 0 ? members.column(2) : nil
        }
        #expect(members == ["\(cluster.addresses[1])"])
        try cluster.start(2, arguments: ["--join", "\(cluster.addresses[1])"])
        _ = try await waitFor {
          let members = try await cluster.workspace.run(
            ["cluster", "status", "--json"], environment: nodes)
          return members.status == 0 && members.output.contains("\(cluster.addresses[2])")
            ? true : nil
        }
        // Now two nodes have files there, and those of one are not named by its port.
        #expect(cluster.stop(1) == 0)
        try cluster.start(1)
        _ = try await waitFor {
          let status = try await cluster.workspace.run(["cluster", "status"], environment: nodes)
          return status.status == 0 ? true : nil
        }
        let value = try await cluster.workspace.run(["kv", "get", "a"], environment: nodes)
        #expect(value.output == "1\n")
        // Somebody who means the old address is told.
        let old = try await cluster.workspace.run([
          "node", "start", "--port", "\(cluster.addresses[0].port)",
        ])
        #expect(old.status != 0)
      }
    }

    @Test func `a data directory of another cluster is refused`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = cluster.stop(0)
        let own = cluster.addresses[0]
        let other = try await cluster.workspace.run([
          "node", "start", "--port", String(own.port), "--cluster", "\(own),127.0.0.1:1",
        ])
        #expect(other.status == 76 && other.error.contains("belong to the cluster \(own)"))
      }
    }

    @Test func `files are private, and a stopped node continues without its list`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.pdb("task", "add", "a")
        let files = try FileManager.default.contentsOfDirectory(
          atPath: cluster.workspace.path + "/.pdb")
        #expect(files.count >= 9)
        for file in files {
          let attributes = try FileManager.default.attributesOfItem(
            atPath: cluster.workspace.path + "/.pdb/" + file)
          #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
        }
        for node in 0..<3 { #expect(cluster.stop(node) == 0) }
        for address in cluster.addresses {
          let process = cluster.workspace.process(["node", "start", "--port", String(address.port)])
          process.standardError = FileHandle.nullDevice
          try process.run()
          cluster.adopt(process, as: cluster.addresses.firstIndex(of: address)!)
        }
        _ = try await cluster.leader()
        #expect(try await cluster.pdb("task", "ls").rows.count == 1)
      }
    }

    @Test func `a log that was cut short is refused, not forgotten`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "a")
        _ = cluster.stop(0)
        let folder = "\(cluster.workspace.path)/.pdb"
        for file in try FileManager.default.contentsOfDirectory(atPath: folder)
        where file.hasPrefix("node_\(cluster.addresses[0].port).log-") {
          try FileManager.default.removeItem(atPath: "\(folder)/\(file)")
        }
        let result = try await cluster.workspace.run([
          "node", "start", "--port", String(cluster.addresses[0].port),
        ])
        #expect(result.status == 74 && result.error.contains("part of the log is gone"))
      }
    }

    @Test func `a node's log tells what happened, and no values`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "secret-key", "secret-value")
        #expect(cluster.stop(0) == 0)
        let log = try cluster.log(0)
        for words in ["listening on", "elected leader", "stopping", "stopped"] {
          #expect(log.contains(words), "\(words)")
        }
        #expect(!log.contains("secret"))
      }
    }
  }
}
