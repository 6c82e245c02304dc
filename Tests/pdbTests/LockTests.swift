// Keys that end, locks, and waiting, on real processes.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct LockTests {
    @Test func `a lock runs a command, and ends as it does`() async throws {
      let workspace = try Workspace(nodes: "")
      _ = try await workspace.run(["init"])
      let run = try await workspace.run(
        ["lock", "a", "--", "sh", "-c", "echo $PDB_LOCK $PDB_LOCK_TOKEN; exit 7"])
      #expect(run.status == 7 && run.output == "a 1\n", "\(run.error)")
      let again = try await workspace.run(["lock", "a", "--", "sh", "-c", "echo $PDB_LOCK_TOKEN"])
      #expect(again.status == 0 && again.output == "3\n")
      #expect(try await workspace.run(["lock", "a", "--", "/none"]).status == 127)
      // What a lock leaves behind is nobody's to undo.
      #expect(try await workspace.run(["undo"]).status == 1)
      #expect(try await workspace.run(["kv", "ls", "lock/"]).output.isEmpty)
      #expect(try await workspace.run(["lock", "a"]).status == 64)
      #expect(try await workspace.run(["lock", "a", "--ttl", "1ms", "--", "true"]).status == 64)
    }

    @Test func `who does not wait is told who has the lock`() async throws {
      try await TestCluster.running(1) { cluster in
        let holder = cluster.workspace.process(["lock", "a", "--", "sleep", "60"])
        try holder.run()
        defer { holder.terminate() }
        _ = try await waitFor {
          try await cluster.pdb("kv", "get", "lock/a").status == 0 ? true : nil
        }
        let refused = try await cluster.pdb("lock", "a", "--no-wait", "--", "echo", "no")
        #expect(refused.status == 3 && refused.output.isEmpty)
        #expect(refused.error.contains("held by '"), "\(refused.error)")
        let late = try await cluster.pdb("lock", "a", "--wait", "200ms", "--", "echo", "no")
        #expect(late.status == 3)
        // SIGTERM is the command's; then the lock is given back.
        holder.terminate()
        holder.waitUntilExit()
        #expect(holder.terminationStatus == 143)
        #expect(
          try await cluster.pdb("lock", "a", "--no-wait", "--", "echo", "yes").output == "yes\n")
      }
    }

    @Test func `a lock that is lost stops its command`() async throws {
      try await TestCluster.running(1) { cluster in
        async let ended = cluster.pdb(
          "lock", "a", "--ttl", "1s", "--", "sh", "-c",
          "trap 'echo stopped; kill $!; exit 0' TERM; sleep 60 & wait")
        _ = try await waitFor {
          try await cluster.pdb("kv", "get", "lock/a").status == 0 ? true : nil
        }
        _ = try await cluster.pdb("kv", "set", "lock/a", "mine")
        let run = try await ended
        #expect(run.status == 3 && run.output == "stopped\n", "\(run.error)")
        #expect(run.error.contains("is lost"))
      }
    }

    @Test func `leaders die, and never are there two holders`() async throws {
      try await TestCluster.running(3) { cluster in
        let script = """
          mkdir busy || echo "two holders" >> trouble
          echo $PDB_LOCK_TOKEN >> tokens
          sleep 0.05
          rmdir busy
          """
        let (rounds, holders) = (6, 3)
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<holders {
            group.addTask {
              for _ in 0..<rounds {
                let run = try await cluster.workspace.run(
                  ["lock", "m", "--ttl", "20s", "--timeout", "60", "--", "sh", "-c", script])
                #expect(run.status == 0, "\(run.error)")
              }
            }
          }
          group.addTask {
            for _ in 0..<2 {
              let leader = try await cluster.leader()
              cluster.kill9(leader)
              try cluster.start(leader)
              _ = try await cluster.settled(0..<3)
            }
          }
          try await group.waitForAll()
        }
        let folder = cluster.workspace.path
        #expect(!FileManager.default.fileExists(atPath: folder + "/trouble"))
        let tokens = try String(contentsOfFile: folder + "/tokens", encoding: .utf8)
          .split(separator: "\n").compactMap { UInt64($0) }
        #expect(tokens.count == rounds * holders && tokens == tokens.sorted())
        #expect(Set(tokens).count == tokens.count)
      }
    }

    @Test func `keys end on all nodes, also after a failover`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let set = try await cluster.pdb("kv", "set", "s", "1", "--ttl", "2s")
        #expect(set.status == 0, "\(set.error)")
        let begin = ContinuousClock.now
        let left = try await cluster.pdb("kv", "ttl", "s").output
        #expect((Int(left.dropLast()) ?? 0) > 500, "\(left)")
        cluster.kill9(try await cluster.leader())
        _ = try await waitFor {
          try await cluster.pdb("kv", "get", "s").status == 1 ? true : nil
        }
        #expect(begin.duration(to: .now) > .milliseconds(1500))
        let log = try await cluster.pdb("log", "-n", "1")
        #expect(log.column(3) == ["kv expire"])
        #expect(try await cluster.pdb("kv", "ttl", "s").status == 1)
      }
    }

    @Test func `waiting ends when what is wanted is there, or in vain`() async throws {
      try await TestCluster.running(1) { cluster in
        async let key = cluster.pdb("wait", "--key", "k", "--timeout", "30")
        _ = try await cluster.pdb("kv", "set", "k", "1")
        #expect(try await key.status == 0)
        #expect(try await cluster.pdb("wait", "--healthy", "--timeout", "30").status == 0)
        #expect(try await cluster.pdb("wait", "--leader").status == 0)
        let vain = try await cluster.pdb("wait", "--key", "k", "--gone", "--timeout", "0.2")
        #expect(vain.status == 75 && vain.error.contains("'k' is there"))
        cluster.killAll()
        let silent = try await cluster.pdb("wait", "--leader", "--timeout", "0.3")
        #expect(silent.status == 75, "\(silent.error)")
        #expect(try await cluster.pdb("wait").status == 64)
      }
    }
  }
}
