// Words on the command line: other names, negative numbers, help, and what goes wrong.

import Foundation
import PDBKit
import Testing

@testable import pdb

extension ProcessTests {
  @Suite struct CommandLineTests {
    @Test func `values and keys may begin with a minus`() async throws {
      try await TestCluster.running(1) { cluster in
        #expect(try await cluster.pdb("kv", "set", "k", "-5").status == 0)
        #expect(try await cluster.pdb("kv", "get", "k").output == "-5\n")
        #expect(try await cluster.pdb("kv", "set", "k", "-6.5", "--if-revision", "1").status == 0)
        #expect(try await cluster.pdb("kv", "append", "l", "1", "-5", "-q").output == "[1,-5]\n")
        #expect(try await cluster.pdb("kv", "incr", "n", "--by", "-5").output == "-5\n")
        #expect(try await cluster.pdb("task", "add", "-5 degrees").cell(0, 4) == "-5 degrees")
        let option = try await cluster.pdb("kv", "set", "-dash", "6")
        #expect(option.status == 64 && option.error.contains("'--'"), "\(option.error)")
        let node = cluster.addresses[0].description
        let key = try await cluster.workspace.run(
          ["kv", "set", "--node", node, "--", "-dash", "6"])
        #expect(key.status == 0, "\(key.error)")
      }
    }

    @Test func `the usual other words for a command work`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "a", "b")
        #expect(try await cluster.pdb("task", "list").rows.count == 2)
        #expect(try await cluster.pdb("task", "delete", "1").status == 0)
        #expect(try await cluster.pdb("task", "remove", "2").status == 0)
        #expect(try await cluster.pdb("kv", "put", "a", "1").status == 0)
        #expect(try await cluster.pdb("kv", "list", "a").column(1) == ["a"])
        #expect(try await cluster.pdb("kv", "del", "a").status == 0)
        #expect(try await cluster.pdb("kv", "get", "a").status == 1)
        let version = try await cluster.workspace.run(["version"])
        #expect(version.status == 0 && version.output.hasPrefix("pdb "))
      }
    }

    @Test(arguments: [
      (["kv", "set", "--help"], ["USAGE: pdb kv set KEY VALUE [OPTION]...", "--if-absent"]),
      (["task", "ls", "-h"], ["EXAMPLES:", "FIELDS", "created_at", "--sort"]),
      (["task"], ["COMMANDS:", "reopen"]), (["task", "help", "add"], ["pdb task add TITLE..."]),
      (["--json", "task", "ls", "--help"], ["pdb task ls"]), (["--help"], ["HISTORY:", "undo"]),
      (["node", "start", "--help"], ["--token-file", "(default: 4000)"]),
    ])
    func `help is one screen about one command`(words: [String], parts: [String]) async throws {
      let help = try await Workspace().run(words)
      #expect(help.status == 0 && help.error.isEmpty, "\(help.error)")
      for part in parts { #expect(help.output.contains(part), "\(part) in \(help.output)") }
      // What every command takes stands apart, once.
      let common = help.output.components(separatedBy: "--timeout SECONDS").count - 1
      #expect(common == (words[0] == "node" ? 0 : 1))
    }

    @Test(arguments: [
      (["kv", "set"], "usage: pdb kv set KEY VALUE [OPTION]..."),
      (["task", "ls", "--sort", "nope"], "usage: pdb task ls [WORD...] [OPTION]..."),
      (["log", "x", "y", "z"], "usage: pdb log [RANGE|PREFIX...] [OPTION]..."),
    ])
    func `a usage error is told in a few lines`(words: [String], usage: String) async throws {
      let run = try await Workspace().run(words)
      #expect(run.status == 64 && run.error.hasPrefix("error: "), "\(run.error)")
      #expect(run.error.contains(usage), "\(run.error)")
      #expect(run.error.contains("--help' tells more") && !run.error.contains("--token-file"))
    }

    @Test func `an unknown command is called that`() async throws {
      let run = try await Workspace().run(["task", "lss"])
      #expect(run.error.contains("unknown command 'task lss'"), "\(run.error)")
    }

    @Test func `a list of members may have blanks`() async throws {
      let run = try await Workspace().run(
        ["node", "start", "--port", "4999", "--cluster", "127.0.0.1:1, 127.0.0.1:2"])
      #expect(run.status == 78 && run.error.contains("lacks this node"), "\(run.error)")
    }

    // MARK: Lists

    @Test func `tasks are sorted as people do, in both directions`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "zoo", "đi", "Á", "dọn", "a")
        let sorted = try await cluster.pdb("task", "ls", "--sort", "title").column(4)
        #expect(sorted == ["a", "Á", "dọn", "đi", "zoo"])
        #expect(
          try await cluster.pdb("task", "ls", "--sort", "-title").column(4) == sorted.reversed())
        #expect(
          try await cluster.pdb("task", "ls", "--sort", "-created", "--limit", "1").column(0)
            == ["5"])
      }
    }

    private func look(
      _ cluster: TestCluster, _ words: [String], _ environment: [String: String] = [:]
    ) throws -> Terminal {
      try Terminal(
        cluster.workspace, words + ["--node", cluster.addresses[0].description],
        environment: environment)
    }

    @Test func `a long list is paged and counted, and completed matches are told`() async throws {
      try await TestCluster.running(1) { cluster in
        let titles = (1...60).map { "task \($0)" }.joined(separator: "\n")
        _ = try await cluster.pdb("task", "add", "-", input: Data(titles.utf8))
        let paged = try look(cluster, ["task", "ls"], ["PDB_PAGER": "tail -n 2; echo paged"])
        try await paged.wait(for: "60 tasks")
        try await paged.wait(for: "paged")
        #expect(!paged.text.contains("task 60"))
        _ = try await cluster.pdb("task", "done", "60")
        let none = try look(cluster, ["task", "ls", "60"])
        try await none.wait(for: "no task matches, 1 completed does; --all shows them")
      }
    }

    @Test func `watching says that it waits`() async throws {
      try await TestCluster.running(1) { cluster in
        let watch = try look(cluster, ["kv", "watch", "user:"])
        try await watch.wait(for: "waiting for changes of keys that begin with 'user:'")
        _ = try await cluster.pdb("kv", "set", "user:lan", "1")
        try await watch.wait(for: "user:lan = 1")
      }
    }

    @Test func `what an ambiguous reference may mean is listed`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "task_abcd1", #"{"title":"Một"}"#)
        _ = try await cluster.pdb("kv", "set", "task_abcd2", #"{"title":"Hai"}"#)
        let run = try await cluster.pdb("task", "done", "abcd")
        #expect(run.status == 3, "\(run.error)")
        #expect(run.error.contains("1  abcd1  Một") && run.error.contains("2  abcd2  Hai"))
      }
    }

    @Test func `an undo that conflicts names the task and what differs`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Mua sữa")
        _ = try await cluster.pdb("task", "done", "1")
        let run = try await cluster.pdb("undo", "1")
        #expect(run.status == 3, "\(run.error)")
        #expect(run.error.contains("task 1 'Mua sữa' changed since"), "\(run.error)")
        #expect(run.error.contains("expected  completed: false"), "\(run.error)")
        #expect(run.error.contains("found     completed: true"), "\(run.error)")
        let undo = try look(cluster, ["undo"])
        try await undo.wait(for: "undid revision 2 (task done): 1 key restored")
      }
    }

    @Test func `keys that were not there are named when others are removed`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "a", "1")
        let run = try await cluster.pdb("kv", "rm", "a", "nokey", "--yes", "--json")
        #expect(try run.json["missing"]?.array == ["nokey"])
        _ = try await cluster.pdb("kv", "set", "a", "1")
        let told = try look(cluster, ["kv", "rm", "a", "nokey", "--yes"])
        try await told.wait(for: "removed 1; there was no key 'nokey'")
      }
    }

    @Test func `a node's status has times and addresses as they are written elsewhere`()
      async throws
    {
      try await TestCluster.running(2) { cluster in
        _ = try await cluster.settled()
        let rows = try await cluster.pdb("node", "status").rows
        let values = Dictionary(rows.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { first, _ in first
        }
        #expect(values["peers"] == cluster.addresses[1].description)
        #expect(values["leader"]?.contains("http") == false)
        #expect(values["last_heartbeat"]?.wholeMatch(of: #/\d{4}-\d\d-\d\dT[\d:.]+Z/#) != nil)
        let picked = try await cluster.pdb("node", "status", "--fields", "role,term")
        #expect(picked.rows.count == 1 && picked.rows[0].count == 2, "\(picked.output)")
      }
    }

    @Test func `fields are those of a list's items, or of an answer that is no list`() async throws
    {
      let workspace = try Workspace(nodes: "")
      _ = try await workspace.run(["init"])
      func pdb(_ words: String...) async throws -> CommandResult { try await workspace.run(words) }
      // An empty list has no rows, though the answer has a member of that name.
      #expect(try await pdb("kv", "ls", "--fields", "revision").output.isEmpty)
      _ = try await pdb("kv", "set", "a", "1")
      #expect(try await pdb("kv", "ls", "--fields", "key,revision").rows == [["a", "1"]])
      #expect(try await pdb("show", "1", "--fields", "operation").output == "kv set\n")
      #expect(try await pdb("show", "1", "--fields", "key").output == "a\n")
      _ = try await pdb("task", "add", "Học Python")
      // A task without tags is no empty list.
      #expect(try await pdb("task", "show", "1", "--fields", "title").output == "Học Python\n")
      #expect(try await pdb("show", "1", "--fields", "nope").status == 64)
    }
  }
}
