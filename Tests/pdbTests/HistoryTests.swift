// Looking back, undoing, and listening, on real processes.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct HistoryTests {
    @Test func `every change is told, and can be undone`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "Học", "hai")
        _ = try await cluster.pdb("kv", "set", "a:b/c", "{\"x\":1}")
        _ = try await cluster.pdb("task", "done", "1")
        _ = try await cluster.pdb("task", "rm", "2")
        let log = try await cluster.pdb("log")
        #expect(log.column(0) == ["4", "3", "2", "1"])
        #expect(log.column(3) == ["task rm", "task done", "kv set", "task add"])
        #expect(try await cluster.pdb("log", "--key", "a:b/c").column(0) == ["2"])
        // A task that is gone is found by its number and by its id.
        let id = try #require(
          try await cluster.pdb("log", "--task", "2", "--json").json["revisions"]?.array?[0][
            "changes"]?.array?[0]["before"]?["id"]?.string)
        #expect(try await cluster.pdb("log", "--task", "2").column(0) == ["4", "1"])
        #expect(
          try await cluster.pdb("log", "--task", String(id.prefix(6))).column(0) == ["4", "1"])
        #expect(try await cluster.pdb("log", "-n", "1", "--oneline").column(0) == ["4"])
        let shown = try await cluster.pdb("show", "3", "--json").json["changes"]?.array?[0]
        #expect(shown?["before"]?["completed"]?.bool == false)
        #expect(shown?["after"]?["completed"]?.bool == true)
        #expect(try await cluster.pdb("show", "99").status == 1)

        #expect(try await cluster.pdb("undo").output == "4\n")
        #expect(try await cluster.pdb("undo").output == "3\n")
        #expect(try await cluster.pdb("task", "ls").column(0) == ["2", "1"])
        let conflict = try await cluster.pdb("undo", "4")
        #expect(conflict.status == 3, "\(conflict.error)")
        #expect(conflict.error.contains("expected") && conflict.error.contains("found"))
        #expect(try await cluster.pdb("undo", "5", "--json").json["operation"]?.string == "undo 4")
        #expect(try await cluster.pdb("task", "ls").column(0) == ["1"])
      }
    }

    @Test func `a long history comes whole, page by page`() async throws {
      try await TestCluster.running(1) { cluster in
        try await cluster.withStore([cluster.addresses[0]], patience: .seconds(60)) { store in
          try await withThrowingTaskGroup(of: Void.self) { group in
            for key in ["n0", "n1", "n2"] {
              group.addTask {
                for _ in 0..<(key == "n0" ? 434 : 433) {
                  try await store.apply(.increment(Bytes(utf8: key), by: 1))
                }
              }
            }
            try await group.waitForAll()
          }
        }
        let revisions = try await cluster.pdb("log").column(0)
        #expect(revisions == (1...1300).reversed().map(String.init))
        #expect(try await cluster.pdb("log", "--key", "n0", "-n", "300").rows.count == 300)
      }
    }

    @Test func `a stream taken up again anywhere misses and repeats nothing`() async throws {
      try await TestCluster.running(3) { cluster in
        for number in 1...20 {
          try await cluster.change(.set("k\(number % 4)", to: 1))
        }
        _ = try await cluster.settled()
        for node in 0..<3 {
          try await cluster.withStore([cluster.addresses[node]], patience: .seconds(20)) { store in
            for since in [UInt64(0), 7, 19] {
              let told = try await store.revisions(after: since, count: 20 - Int(since))
              #expect(told.map(\.number) == Array((since + 1)...20), "node \(node)")
            }
          }
        }
      }
    }

    @Test func `a listener hears every change once while leaders come and go`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let changes = 400
        async let heard = Self.listen(cluster, prefix: "k", upTo: changes)
        let written = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            try await cluster.withStore(patience: .seconds(60)) { store in
              for number in 1...changes {
                try await store.apply(.set("k\(number)", to: JSON(number)))
                written.change { $0 = number }
              }
            }
          }
          for round in 1...3 {
            _ = try await waitFor { written.value >= round * 100 ? true : nil }
            let leader = try await cluster.leader()
            cluster.kill9(leader)
            try cluster.start(leader)
            _ = try await cluster.leader()
          }
          try await group.waitForAll()
        }
        let told = try await heard
        let values = told.map { $0.changes.first.map { JSON(stored: $0.after).int64 } }
        #expect(values == Array(1...changes).map { Int64($0) })
        #expect(Set(told.map(\.number)).count == changes)
      }
    }

    private static func listen(
      _ cluster: TestCluster, prefix: String, upTo count: Int
    ) async throws -> [Revision] {
      try await cluster.withStore(patience: .seconds(60)) { store in
        try await store.revisions(
          after: 0, HistoryFilter(prefix: Bytes(prefix.utf8)), count: count)
      }
    }

    @Test func `watching ends after as many changes as wanted, and filters`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "a1", "1")
        _ = try await cluster.pdb("kv", "set", "b1", "2")
        _ = try await cluster.pdb("kv", "rm", "a1")
        let watched = try await cluster.pdb("kv", "watch", "a", "--since", "0", "--limit", "2")
        let lines = try watched.output.split(separator: "\n").map { try JSON(parsing: $0.utf8) }
        #expect(lines.map { $0["revision"]?.uint64 } == [1, 3])
        #expect(lines[0]["value"]?.int64 == 1 && lines[1]["value"]?.isNull == true)
      }
    }

    @Test func `a node with listeners stops at once`() async throws {
      try await TestCluster.running(1) { cluster in
        let listener = Task {
          try? await cluster.withStore(patience: .seconds(2)) { store in
            _ = try await store.revisions(after: 0, count: .max)
          }
        }
        _ = try await cluster.pdb("kv", "set", "a", "1")
        let start = ContinuousClock.now
        #expect(cluster.stop(0) == 0)
        #expect(ContinuousClock.now - start < .seconds(4))
        listener.cancel()
        await listener.value
      }
    }

    @Test(arguments: [
      ("/log?limit=x", 400), ("/log?before=-1", 400), ("/log/x", 400), ("/log/7", 404),
      ("/events?since=x", 400), ("/import/a%20b", 400),
    ])
    func `what makes no sense is refused`(path: String, status: Int) async throws {
      try await TestCluster.running(1) { cluster in
        #expect(Int(try await cluster.get(0, path).status) == status)
        let undo = try await cluster.send(0, .POST, "/undo", #"{"revision":"x"}"#)
        #expect(undo.status == 400)
        let nothing = try await cluster.send(0, .POST, "/undo", "{}")
        #expect(try nothing.json["error"]?.string == "revision_not_found")
      }
    }
  }
}

extension Store {
  /// Listens until so many revisions have come.
  func revisions(
    after start: UInt64, _ filter: HistoryFilter = HistoryFilter(), count: Int
  ) async throws -> [Revision] {
    var found: [Revision] = []
    for try await events in try await changes(since: start, filter, at: .now) {
      for case .change(let revision) in events { found.append(revision) }
      if found.count >= count { break }
    }
    return found
  }
}

// MARK: Looking back

extension ProcessTests {
  @Suite struct LookingBackTests {
    /// A folder with a few changes.
    private func workspace() async throws -> Workspace {
      let workspace = try Workspace(nodes: "")
      let lines = [
        "init", "kv set user:lan '{\"name\":\"Lan\",\"age\":7}'",
        "kv set user:lan '{\"name\":\"Lan\",\"age\":8}'", "task add 'Học Python' hai", "kv set n 1",
        "tag v1", "kv incr n", "task done 1", "kv rm n",
      ]
      for line in lines {
        let run = try await workspace.run(["shell", "-e", line])
        #expect(run.status == 0, "\(line): \(run.error)")
      }
      return workspace
    }

    @Test func `every command that reads takes a revision, in any form`() async throws {
      let workspace = try await workspace()
      func output(_ words: String...) async throws -> String {
        let run = try await workspace.run(words)
        #expect(run.status == 0, "\(words): \(run.error)")
        return run.output
      }
      for name in ["6", "@~2", "8~2"] {
        #expect(try await output("kv", "get", "n", "--at", name) == "2\n", "\(name)")
      }
      #expect(try await output("kv", "get", "n", "--at", "v1") == "1\n")
      #expect(try await output("--at", "v1", "kv", "get", "n") == "1\n")
      #expect(try await output("show", "v1:n") == "1\n")
      #expect(try await output("kv", "ls", "--at", "1").hasPrefix("1\tuser:lan"))
      #expect(try await output("task", "ls", "--at", "@~2").split(separator: "\n").count == 2)
      #expect(try await output("task", "ls").split(separator: "\n").count == 1)
      #expect(try await output("task", "show", "1", "--at", "v1").contains("active"))
      #expect(try await output("export", "--at", "1").contains("{\"pdb_export_end\":1}"))
      #expect(try await output("log", "--at", "2").split(separator: "\n").count == 2)
      #expect(try await workspace.run(["kv", "get", "n", "--at", "@{yesterday}"]).status == 1)
      let now = try await output("kv", "ls", "--at", "@{now}")
      #expect(now == (try await output("kv", "ls")))
      for (name, status) in [
        ("99", Int32(1)), ("@{soon}", 65), ("a b", 65), ("none", 1), ("@~99", 1),
      ] {
        let run = try await workspace.run(["kv", "get", "n", "--at", name])
        #expect(run.status == status && run.error.contains("hint: "), "\(name): \(run.error)")
      }
      #expect(try await workspace.run(["kv", "get", "n", "--at", "1", "--stale"]).status == 65)
      // What changes something does not know it.
      #expect(try await workspace.run(["kv", "set", "n", "1", "--at", "1"]).status == 64)
    }

    @Test func `a tag is a revision wherever one may stand, and a count as in git`() async throws {
      let workspace = try Workspace(nodes: "")
      for words in [
        ["init", "-q"], ["kv", "set", "user", "7"], ["kv", "set", "user", "8"], ["tag", "v1"],
        ["kv", "set", "v1x", "1"],
      ] { #expect(try await workspace.run(words).status == 0) }
      func column(_ words: String...) async throws -> [String] {
        let run = try await workspace.run(words)
        #expect(run.status == 0, "\(words): \(run.error)")
        return run.column(0)
      }
      #expect(try await column("diff", "v1~1", "v1") == ["user"])
      #expect(try await column("diff", "v1", "v1").isEmpty)
      #expect(try await column("diff", "v1", "v1x") == ["v1x"])
      #expect(try await column("log", "v1") == ["2", "1"])
      #expect(try await column("log", "v1x") == ["4"])
      #expect(try await column("log", "-1") == ["4"])
      #expect(try await column("log", "-p", "-1", "v1")[0] == "2")
      #expect(try await workspace.run(["log", "user", "nosuch"]).status == 64)
    }

    @Test func `differences end with 1 if asked, and are counted`() async throws {
      let workspace = try await workspace()
      let all = try await workspace.run(["diff", "v1"])
      #expect(all.column(0).count == 2 && all.column(0)[0] == "n")
      #expect(all.output.hasPrefix("n\t1\t\n"))
      let some = try await workspace.run(["diff", "1..2", "user:"])
      #expect(
        some.output == "user:lan\t{\"name\":\"Lan\",\"age\":7}\t{\"name\":\"Lan\",\"age\":8}\n")
      #expect(try await workspace.run(["diff", "1..2", "--stat"]).output == "user:lan\t1\t1\n")
      #expect(try await workspace.run(["diff", "v1", "--exit-code"]).status == 1)
      let same = try await workspace.run(["diff", "v1..5", "--exit-code"])
      #expect(same.status == 0 && same.output.isEmpty)
      let back = try await workspace.run(["diff", "..1", "user:", "--json"]).json
      #expect(back["from"]?.uint64 == 8 && back["revision"]?.uint64 == 1)
      #expect(back["changes"]?.array?[0]["after"]?["age"]?.int64 == 7)
    }

    @Test func `each member of a value has its own author`() async throws {
      let workspace = try await workspace()
      let set = try await workspace.run(
        ["kv", "set", "user:lan", "{\"name\":\"Lan\",\"age\":8,\"city\":\"Huế\"}"],
        environment: ["USER": "bình"])
      #expect(set.status == 0)
      let blame = try await workspace.run(["blame", "user:lan"])
      #expect(blame.column(0) == ["1", "2", "9"])
      #expect(blame.column(3) == ["name", "age", "city"])
      #expect(blame.column(2)[2] == "bình")
      let then = try await workspace.run(["blame", "user:lan", "--at", "1"])
      #expect(then.column(0) == ["1", "1"])
      let task = try await workspace.run(["blame", "--task", "1", "--json"]).json
      let lines = task["lines"]?.array ?? []
      #expect(lines.first { $0["member"]?.string == "completed" }?["revision"]?.uint64 == 7)
      #expect(lines.first { $0["member"]?.string == "title" }?["revision"]?.uint64 == 3)
      #expect(try await workspace.run(["blame", "none"]).status == 1)
    }

    @Test func `going back asks before it changes much`() async throws {
      let workspace = try await workspace()
      let refused = try await workspace.run(["revert", "--to", "v1"])
      #expect(refused.status == 4 && refused.error.contains("2 keys back to revision 4"))
      #expect(try await workspace.run(["revert", "--to", "v1", "n"]).output == "1\n")
      #expect(try await workspace.run(["kv", "get", "n"]).output == "1\n")
      #expect(try await workspace.run(["undo"]).output == "9\n")
      #expect(try await workspace.run(["redo"]).output == "10\n")
      #expect(try await workspace.run(["redo"]).status == 1)
      #expect(try await workspace.run(["revert", "@"]).output == "11\n")
      #expect(try await workspace.run(["kv", "get", "n"]).status == 1)
    }

    @Test func `tags are listed, moved only by force, and removed`() async throws {
      let workspace = try await workspace()
      #expect(try await workspace.run(["tag"]).output == "4\tv1\n")
      let taken = try await workspace.run(["tag", "v1", "@"])
      #expect(taken.status == 3 && taken.error.contains("--force"))
      #expect(try await workspace.run(["tag", "v1", "7", "--force"]).output == "7\tv1\n")
      #expect(try await workspace.run(["tag", "-d", "v1"]).output == "7\tv1\n")
      #expect(try await workspace.run(["tag", "-d", "v1"]).status == 1)
      #expect(try await workspace.run(["tag", "1a"]).status == 65)
      #expect(try await workspace.run(["undo"]).status == 0)
      #expect(try await workspace.run(["tag"]).output == "7\tv1\n")
    }

    @Test func `a search by halves finds the first change after which a command fails`()
      async throws
    {
      let workspace = try await workspace()
      let pdb = program.path
      func bisect(_ script: String, _ words: String...) async throws -> CommandResult {
        try await workspace.run(["bisect", "run"] + words + ["--", "sh", "-c", script])
      }
      let age = try await bisect(
        "test \"$('\(pdb)' kv get user:lan --json | grep -c 'age\":7')\" = 1", "--good", "1")
      #expect(age.output == "2\n", "\(age.error)")
      let skipping = try await bisect("test \"$PDB_AT\" = 4 && exit 125; test $PDB_AT -lt 6")
      #expect(skipping.output == "6\n")
      let unclear = try await bisect(
        "test $PDB_AT -lt 3 && exit 0; test $PDB_AT -gt 5 && exit 1; exit 125")
      #expect(unclear.status == 65 && unclear.error.contains("one of 3 to 6"))
      #expect(try await bisect("exit 129").status == 65)
      #expect(try await bisect("true", "--good", "8").status == 65)
      #expect(try await workspace.run(["bisect", "run"]).status == 64)
    }
  }
}

// MARK: Transactions

extension ProcessTests {
  @Suite struct TransactionTests {
    private func transact(
      _ workspace: Workspace, _ lines: String..., options: [String] = []
    ) async throws -> CommandResult {
      try await workspace.run(
        ["txn"] + options, input: Data((lines.joined(separator: "\n") + "\n").utf8))
    }

    @Test func `lines of commands are one change, or none`() async throws {
      let workspace = try Workspace(nodes: "")
      _ = try await workspace.run(["init"])
      let made = try await transact(
        workspace, "# a comment", "kv set stock 5", "", "kv incr stock --by -1", "kv get stock",
        "task add 'Học Python' hai", "task done 1", "task edit 2 ba", "kv get none",
        "kv append l x",
        "kv rm l")
      #expect(made.status == 0, "\(made.error)")
      #expect(made.output.split(separator: "\n").count == 9)
      #expect(try await workspace.run(["log"]).column(3) == ["txn"])
      #expect(try await workspace.run(["kv", "get", "stock"]).output == "4\n")
      #expect(try await workspace.run(["task", "ls"]).output.hasSuffix("\tba\n"))
      let refused = try await transact(
        workspace, "kv set stock 0", "kv set x 1 --if-revision 7")
      #expect(refused.status == 3 && refused.error.contains("step 2: "), "\(refused.error)")
      #expect(refused.error.contains("your change was not applied"))
      #expect(try await workspace.run(["kv", "get", "stock"]).output == "4\n")
      #expect(try await workspace.run(["undo"]).output == "1\n")
      #expect(try await workspace.run(["kv", "ls", "--tasks"]).output.isEmpty)
    }

    @Test(arguments: [
      ("kv set a", "line 2: "), ("log", "line 2: 'log' cannot be part"), ("nonsense", "line 2: "),
      ("kv set a 1 | cat", "line 2: one command a line"), ("kv set 'a", "line 2: unclosed"),
      ("task done 1 2", "line 2: a step changes one task"), ("kv set '' 1", "line 2: a key"),
    ])
    func `what is no step is said with its line, and nothing is made`(
      line: String, message: String
    ) async throws {
      let workspace = try Workspace(nodes: "")
      _ = try await workspace.run(["init"])
      let run = try await transact(workspace, "kv set a 1", line)
      #expect(run.status == 65 && run.error.contains(message), "\(run.error)")
      #expect(try await workspace.run(["log"]).output.isEmpty)
    }

    @Test func `a change with an id is made once, whoever repeats it`() async throws {
      let workspace = try Workspace(nodes: "")
      _ = try await workspace.run(["init"])
      for _ in 0..<3 {
        let run = try await workspace.run(["kv", "incr", "n", "--request-id", "r1"])
        #expect(run.output == "1\n", "\(run.error)")
      }
      let other = try await workspace.run(["kv", "incr", "m", "--request-id", "r1"])
      #expect(other.status != 0 && other.error.contains("another request"))
      #expect(try await workspace.run(["kv", "get", "m", "n", "--default", "0"]).rows.count == 2)
    }

    @Test func `several keys are read at one revision`() async throws {
      let workspace = try Workspace(nodes: "")
      _ = try await workspace.run(["init"])
      _ = try await transact(workspace, "kv set a 1", "kv set b 2")
      let both = try await workspace.run(["kv", "get", "a", "b"])
      #expect(both.rows == [["1", "a", "1"], ["1", "b", "2"]])
      let missing = try await workspace.run(["kv", "get", "a", "x", "y"])
      #expect(missing.status == 1 && missing.error.contains("'x', 'y'"))
      #expect(missing.rows == [["1", "a", "1"]])
      let json = try await workspace.run(["kv", "get", "a", "b", "--json"]).json
      #expect(json["pairs"]?.array?.count == 2 && json["revision"]?.uint64 == 1)
      let removed = try await workspace.run(["kv", "rm", "a", "--if-revision", "9"])
      #expect(removed.status == 3)
      #expect(try await workspace.run(["kv", "rm", "a", "--if-revision", "1"]).status == 0)
    }
  }
}
