// The example programs do what they say.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct ExamplesTests {
    private static func example(_ name: String) -> URL {
      program.deletingLastPathComponent().appendingPathComponent("example-\(name)")
    }

    @Test func `the counter loses no step and counts none twice`() async throws {
      try await TestCluster.running(3) { cluster in
        let run = try await cluster.workspace.run(
          [cluster.addresses[0].description], program: Self.example("counter"))
        #expect(run.status == 0 && run.output == "counted from 0 to 100\n", "\(run.error)")
      }
    }

    @Test func `the bot answers, and goes on where it was`() async throws {
      try await TestCluster.running(1) { cluster in
        func said() async throws -> String {
          try await cluster.pdb("kv", "get", "bot:said").output
        }
        func start() throws -> Process {
          let bot = cluster.workspace.process(
            [cluster.addresses[0].description], program: Self.example("todobot"))
          bot.standardOutput = FileHandle.nullDevice
          try bot.run()
          return bot
        }
        // What was said before it listens is not for it.
        _ = try await cluster.pdb("kv", "set", "bot:last", "0")
        var bot = try start()
        _ = try await cluster.pdb("task", "add", "Học Python?")
        _ = try await waitFor { try await said().contains("until when") ? true : nil }
        bot.terminate()
        bot.waitUntilExit()
        _ = try await cluster.pdb("task", "done", "1")
        bot = try start()
        defer { bot.terminate() }
        let all = try await waitFor {
          let all = try await said()
          return all.contains("well done") ? all : nil
        }
        #expect(all.components(separatedBy: "until when").count == 2, "\(all)")
      }
    }

    @Test func `notes need no server, and are there for pdb`() async throws {
      let user = try Workspace(nodes: "")
      for note in ["Mua sữa", "Gọi mẹ"] {
        let run = try await user.run(["diary", note], program: Self.example("notes"))
        #expect(run.status == 0, "\(run.error)")
      }
      let all = try await user.run(["diary"], program: Self.example("notes"))
      #expect(all.output == "1  Mua sữa\n2  Gọi mẹ\n")
      let log = try await user.run(["log", "--oneline", "--dir", "diary"])
      #expect(log.rows.count == 4, "\(log.error)")
    }

    // MARK: Scripts

    /// Runs a script, with the program on its path, in a folder of the cluster's.
    private static func script(
      _ name: String, _ words: [String], _ cluster: TestCluster
    ) throws -> Process {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Examples/Scripts/\(name).sh")
      let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
      let process = cluster.workspace.process(
        words, program: file,
        environment: ["PATH": program.deletingLastPathComponent().path + ":" + path])
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      return process
    }

    private static func ended(_ process: Process) async throws -> Int32 {
      try await waitFor(within: .seconds(120)) { process.isRunning ? nil : true }
      return process.terminationStatus
    }

    private static func lines(_ name: String, _ cluster: TestCluster) -> [String] {
      let path = cluster.workspace.path + "/" + name
      return ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n")
        .map(String.init)
    }

    @Test func `a queue loses no job when workers and leaders are killed`() async throws {
      try await TestCluster.running(3) { cluster in
        for job in 1...12 {
          #expect(try await Self.ended(Self.script("queue", ["put", "job \(job)"], cluster)) == 0)
        }
        let work = ["work", "sh", "-c", "sleep 0.05; echo \"$1\" >> jobs", "sh"]
        let workers = try (0..<3).map { _ in try Self.script("queue", work, cluster) }
        _ = try await waitFor { Self.lines("jobs", cluster).count > 2 ? true : nil }
        kill(workers[0].processIdentifier, SIGKILL)
        let leader = try await cluster.leader()
        cluster.kill9(leader)
        try cluster.start(leader)
        _ = try await Self.ended(workers[1])
        _ = try await Self.ended(workers[2])
        // What could not reach a node in time is left to the next one.
        #expect(try await Self.ended(Self.script("queue", work, cluster)) == 0)
        #expect(Set(Self.lines("jobs", cluster)) == Set((1...12).map { "job \($0)" }))
        #expect(try await cluster.pdb("kv", "ls", "queue/").output.isEmpty)
      }
    }

    @Test func `many machines make one backup a day`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "k", "1")
        let folder = cluster.workspace.path + "/backups"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in ["2026-01-01", "2026-01-02"] {
          FileManager.default.createFile(atPath: "\(folder)/\(name).pdb", contents: nil)
        }
        let runs = try (0..<4).map { _ in
          try Self.script("nightly-backup", [folder, "2"], cluster)
        }
        for run in runs { #expect(try await Self.ended(run) == 0) }
        let kept = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(kept.count == 2 && kept[0] == "2026-01-02.pdb", "\(kept)")
        #expect(try await cluster.pdb("tag").rows.count == 1)
        let log = try await cluster.pdb("log", "--key", "backup-of-the-day")
        #expect(log.rows.count == 1, "\(log.output)")
      }
    }

    @Test func `a job that is killed goes on where it was`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let numbers = (1...40).map(String.init).joined(separator: "\n") + "\n"
        try numbers.write(
          toFile: cluster.workspace.path + "/numbers", atomically: true, encoding: .utf8)
        func far() async throws -> Int {
          Int(try await cluster.pdb("kv", "get", "job:line", "--default", "0").output.dropLast())
            ?? 0
        }
        for stop in [5, 15, 25] {
          let run = try Self.script("restartable-job", ["numbers"], cluster)
          _ = try await waitFor(within: .seconds(60)) { try await far() >= stop ? true : nil }
          kill(run.processIdentifier, SIGKILL)
          if stop == 15 {
            let leader = try await cluster.leader()
            cluster.kill9(leader)
            try cluster.start(leader)
            _ = try await cluster.settled()
          }
        }
        let both = try (0..<2).map { _ in
          try Self.script("restartable-job", ["numbers"], cluster)
        }
        for run in both { #expect(try await Self.ended(run) == 0) }
        #expect(try await cluster.pdb("kv", "get", "job:sum").output == "820\n")
      }
    }

    @Test func `a service runs on one machine, and moves when that dies`() async throws {
      try await TestCluster.running(3) { cluster in
        let service = "echo $PDB_LOCK_TOKEN >> turns; sleep 600"
        let machines = try (0..<3).map { _ in
          try Self.script("one-of-many", ["s", "sh", "-c", service], cluster)
        }
        defer {
          for machine in machines where machine.isRunning {
            kill(machine.processIdentifier, SIGKILL)
          }
          // Those that they started are told by the end of their locks.
        }
        var seen: [String] = []
        for turn in 1...3 {
          seen = try await waitFor(within: .seconds(60)) {
            let turns = Self.lines("turns", cluster)
            return turns.count == turn ? turns : nil
          }
          if turn == 2 { cluster.kill9(try await cluster.leader()) }
          // Whoever runs it gives up its lock, as if the machine had died.
          _ = try await cluster.pdb("kv", "rm", "lock/service-s")
        }
        #expect(seen.compactMap { UInt64($0) } == seen.compactMap { UInt64($0) }.sorted())
        #expect(Set(seen).count == 3)
      }
    }
  }
}
