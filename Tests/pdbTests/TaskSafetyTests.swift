// Tasks among the keys: what the command line shows of them, and which one a reference means.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct TaskSafetyTests {
    @Test func `keys are listed without tasks unless they are wanted`() async throws {
      try await TestCluster.running(1) { cluster in
        let id = try #require(try await cluster.pdb("task", "add", "a").cell(0, 1))
        _ = try await cluster.pdb("kv", "set", "k", "1")
        #expect(try await cluster.pdb("kv", "ls").column(1) == ["k"])
        #expect(try await cluster.pdb("kv", "ls", "--tasks").column(1) == ["k", "task_\(id)"])
        #expect(try await cluster.pdb("kv", "ls", "task_").column(1) == ["task_\(id)"])
      }
    }

    @Test func `a task is overwritten by a value that is none only by force`() async throws {
      try await TestCluster.running(1) { cluster in
        let id = try #require(try await cluster.pdb("task", "add", "a").cell(0, 1))
        let refused = try await cluster.pdb("kv", "set", "task_\(id)", "5")
        #expect(refused.status == 3 && refused.error.contains("--force"), "\(refused.error)")
        #expect(refused.error.contains("your change was not applied"))
        #expect(try await cluster.pdb("task", "ls").rows.count == 1)
        #expect(try await cluster.pdb("kv", "set", "task_\(id)", "5", "--force").status == 0)
        #expect(try await cluster.pdb("task", "ls").rows.isEmpty)
      }
    }

    @Test func `completion offers what cannot be mistaken for another task`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "một", "hai")
        let ids = try await cluster.pdb("task", "ls").column(1)
        _ = try await cluster.pdb("kv", "set", "task_2", #"{"title":"ba"}"#)
        let script =
          "PDB_NODES=\(cluster.addresses[0]) exec '\(program.path)' __complete fish task done ''"
        let offered = try await cluster.workspace.run(
          ["-c", script], program: URL(fileURLWithPath: "/bin/sh"))
        let words = offered.output.split(separator: "\n").map {
          String($0.prefix { $0 != "\t" })
        }
        #expect(Set(words) == ["1", ids[0], "3"], "\(words)")
        // The id that is written out wins over the number.
        #expect(try await cluster.pdb("task", "done", "2").cell(0, 4) == "ba")
      }
    }

    @Test(arguments: ["..", ".", "a/b"])
    func `a task with an unusual id can be shown and removed`(id: String) async throws {
      try await TestCluster.running(1) { cluster in
        let set = try await cluster.send(
          0, .POST, "/set", #"{"key":"task_\#(id)","value":{"title":"t"}}"#)
        #expect(set.status == 200 || set.status == 201)
        #expect(try await cluster.pdb("task", "show", id).cell(0, 4) == "t")
        #expect(try await cluster.pdb("task", "done", id).cell(0, 2) == "completed")
        #expect(try await cluster.pdb("task", "rm", id).status == 0)
        #expect(try await cluster.pdb("task", "ls", "--all").output.isEmpty)
      }
    }
  }
}
