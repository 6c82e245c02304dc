// A whole cluster in one terminal.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct LabTests {
    @Test func `a lab on ports that are in use creates nothing`() async throws {
      try await TestCluster.running(2) { cluster in
        let workspace = try Workspace()
        let run = try await workspace.run([
          "lab", "up", "--nodes", "2", "--port", String(cluster.addresses[1].port - 1),
        ])
        #expect(run.status == 75, "\(run.error)")
        #expect(run.error.contains("is in use"), "\(run.error)")
        #expect(!FileManager.default.fileExists(atPath: workspace.path + "/.pdb"))
      }
    }

    @Test func `in a folder with two labs a node is named by its port alone`() async throws {
      let ports = try TestPorts.adjacent(3).numbers
      let workspace = try Workspace()
      let folder = workspace.path + "/.pdb"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      func add(_ port: Int) {
        _ = FileManager.default.createFile(atPath: "\(folder)/node_\(port).lock", contents: nil)
      }
      add(ports[0])
      // Counted, it is found; it does not run.
      let counted = try await workspace.run(["lab", "kill", "1"])
      #expect(counted.error.contains("node \(ports[0]) does not run"), "\(counted.error)")
      add(ports[2])
      for node in ["1", "2", "3"] {
        let run = try await workspace.run(["lab", "kill", node])
        #expect(run.status == 65 && run.error.contains("not of one lab"), "\(run.error)")
        #expect(run.error.contains("\(ports[0]), \(ports[2])"), "\(run.error)")
      }
      let named = try await workspace.run(["lab", "kill", "\(ports[2])"])
      #expect(named.error.contains("node \(ports[2]) does not run"), "\(named.error)")
    }

    @Test func `a lab whose output nobody reads takes its nodes along`() async throws {
      let ports = try TestPorts.adjacent(2)
      let workspace = try Workspace(nodes: "")
      let lab = workspace.process(
        ["lab", "up", "--nodes", "2", "--port", String(ports.numbers[0])])
      let pipe = Pipe()
      lab.standardOutput = pipe
      lab.standardError = FileHandle.nullDevice
      try lab.run()
      try pipe.fileHandleForReading.close()
      _ = try await waitFor { lab.isRunning ? nil : true }
      let addresses = ports.numbers.map { NodeAddress(host: "127.0.0.1", port: $0) }
      _ = try await waitFor { (try? await PDBNode.checkPorts(of: addresses)).map { true } }
    }

    @Test func `what the manual says of labs does it`() async throws {
      let lab = try await TestLab(3)
      defer { lab.end() }
      try await lab.ready()
      var report: JSON = [:]
      for example in try ManualTests.examples("lab") where !example.contains(" up") {
        var words = example.replacing("\\-", with: "-").split(separator: " ").dropFirst().map(
          String.init)
        if words[1] == "sim" || words[1] != "kill" { words.append("--json") }
        if words[1] == "start" {
          _ = try await waitFor { try await lab.nodes()[1]["state"] == "dead" ? true : nil }
        }
        // One after the other in the same lab: what a damaged log stops, the next needs.
        if words.contains("--log") { continue }
        let run = try await lab.pdb(words)
        #expect(run.status == 0, "\(example): \(run.error)")
        if words[1] == "skew" { report = try run.json }
      }
      #expect(report["nodes"]?.array?[0]["clock_ms"]?.int64 == 3_600_000)
      #expect(try await lab.pdb("lab", "cut", "1", "1").status == 65)
      #expect(try await lab.pdb("lab", "cut", "1", "9").error.contains("the lab has no node 9"))
      let elsewhere = try await lab.pdb("lab", "heal", "--data-dir", "nowhere")
      #expect(elsewhere.status == 66)
    }

    @Test func `a bit that is turned over is noticed: a state is made anew, a log is not`()
      async throws
    {
      let lab = try await TestLab(3)
      defer { lab.end() }
      try await lab.ready()
      #expect(try await lab.pdb("task", "add", "Học Python").status == 0)
      let node = lab.addresses[1]
      func isHealthy() async throws -> Bool {
        try await lab.pdb("cluster", "status", "--json").json["health"] == "healthy"
      }
      _ = try await waitFor { try await isHealthy() ? true : nil }
      #expect(try await lab.pdb("lab", "flip", "2").status == 0)
      _ = try await waitFor {
        try? await lab.timeline(of: 1).contains("mended") ? true : nil
      }
      _ = try await waitFor { try await isHealthy() ? true : nil }
      #expect(try await lab.pdb("--node", "\(node)", "task", "ls", "--stale").column(0) == ["1"])
      // What it has promised cannot be had again, but the bit can be turned back.
      let flip = try await lab.pdb("lab", "flip", "2", "--log", "--json")
      #expect(try flip.json["nodes"]?.array?[1]["log_damaged"] == true)
      _ = try await waitFor {
        try await lab.pdb("lab", "resume", "2").error.contains("does not run") ? true : nil
      }
      #expect(try await lab.pdb("task", "add", "Làm đồ án").status == 0)
      #expect(try await lab.pdb("lab", "flip", "2").error.contains("does not run"))
      #expect(try await lab.nodes()[1]["log_damaged"] == false)
      #expect(try await lab.pdb("lab", "start", "2").status == 0)
      _ = try await waitFor {
        try await lab.pdb("--node", "\(node)", "task", "ls", "--stale").rows.count == 2
          ? true : nil
      }
      _ = try await waitFor { try await isHealthy() ? true : nil }
    }

    @Test func `no node outlives a lab that is killed`() async throws {
      let lab = try await TestLab(2)
      _ = try await waitFor {
        (try? await PDBNode.checkPorts(of: lab.addresses)) == nil ? true : nil
      }
      kill(lab.process.processIdentifier, SIGKILL)
      lab.process.waitUntilExit()
      try await lab.gone()
    }

    @Test func `what a lab prints can be typed as it stands`() async throws {
      let lab = try await TestLab(2)
      defer { lab.end() }
      let text = try await waitFor { () -> String? in
        let text = try lab.output
        return text.contains("Ctrl-C stops") ? text : nil
      }
      let commands = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { $0.hasPrefix("pdb ") || $0.hasPrefix("export ") }
      #expect(commands.count >= 4, "\(text)")
      let script = "cd / && " + commands.joined(separator: " && ")
      let run = try await lab.workspace.run(
        ["-c", script], program: URL(fileURLWithPath: "/bin/sh"))
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.contains("Học Python"))
    }
  }
}
