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
  }
}
