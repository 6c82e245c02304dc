// The command line: what it prints, for people, programs and the shell.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct CommandTests {
    @Test func `a task lives from add to clear`() async throws {
      try await TestCluster.running(1) { cluster in
        let added = try await cluster.pdb("task", "add", "Học Python", "Ho\u{323}c Việt", "ba")
        #expect(added.status == 0)
        #expect(added.column(0) == ["1", "2", "3"])
        #expect(added.cell(1, 4)?.utf8.elementsEqual("Học Việt".utf8) == true)
        let id = try #require(added.cell(0, 1))
        #expect(
          try await cluster.pdb("task", "done", "2", "3").column(2) == [
            "completed", "completed",
          ])
        #expect(try await cluster.pdb("task", "reopen", "3").cell(0, 2) == "active")
        #expect(
          try await cluster.pdb("task", "edit", String(id.prefix(8)), "một").cell(0, 4) == "một")
        #expect(try await cluster.pdb("task", "show", id).cell(0, 0) == "1")
        #expect(try await cluster.pdb("task", "ls").column(0) == ["3", "1"])
        #expect(try await cluster.pdb("task", "ls", "--all").rows.count == 3)
        #expect(try await cluster.pdb("task", "ls", "--done").column(0) == ["2"])
        #expect(try await cluster.pdb("task", "ls", "--all", "hoc").column(0) == ["2"])
        #expect(
          try await cluster.pdb("task", "ls", "--all", "--sort", "number", "--limit", "2").rows.map
          {
            $0[0]
          } == ["1", "2"])
        #expect(try await cluster.pdb("task", "clear").output == "1\n")
        #expect(try await cluster.pdb("task", "rm", "1").status == 0)
        #expect(try await cluster.pdb("task", "add", "bốn").cell(0, 0) == "4")
        #expect(try await cluster.pdb("task", "ls").column(0) == ["4", "3"])
      }
    }

    @Test func `titles come from standard input, one per line, all or none`() async throws {
      try await TestCluster.running(1) { cluster in
        let good = try await cluster.pdb(
          "task", "add", "-", input: Data("một\r\n\n  hai  \nba".utf8))
        #expect(good.column(4) == ["một", "hai", "ba"])
        let bad = try await cluster.pdb("task", "add", "-", input: Data("a\nb\u{1B}\n".utf8))
        #expect(bad.status == 65)
        let binary = try await cluster.pdb("task", "add", "-", input: Data([0x61, 0xFF]))
        #expect(binary.status == 65)
        #expect(try await cluster.pdb("task", "ls").rows.count == 3)
      }
    }

    @Test func `values come back as they were given`() async throws {
      try await TestCluster.running(1) { cluster in
        let values: [(arguments: [String], input: Data?, raw: String, json: String)] = [
          (["hello"], nil, "hello", "\"hello\""), (["1.50"], nil, "1.50", "1.50"),
          (["--string", "1.50"], nil, "1.50", "\"1.50\""),
          (["{\"b\": 1, \"a\": [true]}"], nil, "{\"b\":1,\"a\":[true]}", "{\"b\":1,\"a\":[true]}"),
          (["a\tb\\c"], nil, "a\tb\\c", "\"a\\tb\\\\c\""), ([""], nil, "", "\"\""),
          (["-"], Data("dòng 1\ndòng 2\n".utf8), "dòng 1\ndòng 2\n", "\"dòng 1\\ndòng 2\\n\""),
        ]
        for value in values {
          let set = try await cluster.workspace.run(
            ["kv", "set", "k"] + value.arguments + ["--node", cluster.addresses[0].description],
            input: value.input)
          #expect(set.status == 0, "\(value.raw): \(set.error)")
          #expect(try await cluster.pdb("kv", "get", "k", "--raw").output == value.raw)
          #expect(
            try await cluster.pdb("kv", "get", "k", "--json").json["value"]?.text == value.json)
        }
        // In a pipe, one line is one value.
        #expect(try await cluster.pdb("kv", "get", "k").output == "dòng 1\\ndòng 2\\n\n")
        // Bytes that are not text survive too.
        let bytes = Data([0x00, 0xFF, 0x0A, 0x80])
        #expect(try await cluster.pdb("kv", "set", "bin", "-", input: bytes).status == 0)
        let json = try await cluster.pdb("kv", "get", "bin", "--json").json
        #expect(json["value_b64"]?.string == bytes.base64EncodedString())
      }
    }

    @Test func `numbers and lists grow, and removing is all or nothing`() async throws {
      try await TestCluster.running(1) { cluster in
        #expect(try await cluster.pdb("kv", "incr", "n").output == "1\n")
        #expect(try await cluster.pdb("kv", "incr", "n", "--by", "-5").output == "-4\n")
        #expect(try await cluster.pdb("kv", "append", "l", "x", "2").output == "[\"x\",2]\n")
        #expect(try await cluster.pdb("kv", "ls").column(1) == ["l", "n"])
        #expect(try await cluster.pdb("kv", "ls", "n").rows.count == 1)
        #expect(try await cluster.pdb("kv", "set", "n", "1", "--if-absent").status == 3)
        #expect(try await cluster.pdb("kv", "set", "n", "1", "--if-revision", "99").status == 3)
        let declined = try await cluster.pdb("kv", "rm", "n", "l")
        #expect(declined.status == 4 && declined.error.contains("--yes"))
        #expect(try await cluster.pdb("kv", "rm", "n", "l", "--yes").status == 0)
        #expect(try await cluster.pdb("kv", "get", "n").status == 1)
        #expect(try await cluster.pdb("kv", "get", "n", "--default", "7").output == "7\n")
      }
    }

    /// Arguments, the members of the JSON on stdout.
    static let successes: [([String], [String])] = [
      (["task", "add", "a", "b", "c"], ["tasks", "revision"]),
      (["task", "ls"], ["tasks", "revision"]),
      (["task", "ls", "--sort", "title"], ["tasks", "revision"]),
      (["task", "show", "1"], ["id", "number", "title", "completed", "created_at", "revision"]),
      (["task", "done", "1", "2"], ["tasks"]), (["task", "reopen", "1"], ["tasks"]),
      (
        ["task", "edit", "1", "x"],
        ["id", "number", "title", "completed", "created_at", "revision"]
      ),
      (["task", "rm", "1"], ["status", "count"]), (["task", "clear"], ["status", "count"]),
      (["kv", "set", "k", "1"], ["key", "value", "revision"]),
      (["kv", "get", "k"], ["key", "value", "revision"]),
      (["kv", "get", "none", "--default", "1"], ["key", "value", "revision"]),
      (["kv", "incr", "k"], ["key", "value", "revision"]),
      (["kv", "append", "l", "1"], ["key", "value", "revision"]),
      (["kv", "ls"], ["pairs", "revision"]), (["kv", "rm", "k"], ["status", "count"]),
      (
        ["cluster", "status"],
        ["cluster", "health", "verdict", "leader", "term", "quorum", "members"]
      ),
    ]

    /// Arguments, the exit code, the error's name.
    static let failures: [([String], Int32, String)] = [
      (["task", "add", ""], 65, "title_required"), (["task", "show", "99"], 1, "task_not_found"),
      (["task", "done", "99"], 1, "task_not_found"),
      (["task", "reopen", "99"], 1, "task_not_found"),
      (["task", "edit", "99", "x"], 1, "task_not_found"),
      (["task", "rm", "99"], 1, "task_not_found"), (["task", "rm", "3", "99"], 4, "bad_request"),
      (["kv", "get", "none"], 1, "key_not_found"), (["kv", "rm", "none"], 1, "key_not_found"),
      (["kv", "set", "", "1"], 65, "invalid_key"), (["kv", "incr", "l"], 3, "not_a_number"),
      (["kv", "append", "w", "1"], 3, "not_a_list"),
      (["kv", "set", "w", "1", "--if-absent"], 3, "conflict"),
      (["task", "ls", "--limit", "0"], 64, "bad_request"), (["task"], 0, ""),
      (["nope"], 64, "bad_request"), (["task", "ls", "--nope"], 64, "bad_request"),
      (["task", "ls", "--timeout", "0"], 64, "bad_request"),
      (["task", "ls", "--node", "nowhere:x"], 78, "bad_configuration"),
    ]

    @Test func `every command speaks JSON, in success and in failure`() async throws {
      try await TestCluster.running(1) { cluster in
        for (arguments, members) in Self.successes {
          let result = try await cluster.workspace.run(
            arguments + ["--json", "--node", cluster.addresses[0].description])
          #expect(result.status == 0, "\(arguments): \(result.error)")
          #expect(result.error.isEmpty, "\(arguments)")
          let json = try result.json
          for member in members { #expect(json[member] != nil, "\(arguments) lacks \(member)") }
        }
        _ = try await cluster.pdb("kv", "set", "w", "word")
        for (arguments, status, error) in Self.failures where status != 0 {
          let node =
            arguments.contains("--node") ? [] : ["--node", cluster.addresses[0].description]
          let result = try await cluster.workspace.run(arguments + ["--json"] + node)
          #expect(result.status == status, "\(arguments): \(result.error)")
          #expect(result.output.isEmpty, "\(arguments)")
          let json = try result.errorJSON
          #expect(json["error"]?.string == error, "\(arguments)")
          #expect(json["message"]?.string?.isEmpty == false, "\(arguments)")
          #expect(json["outcome"]?.string == "not_applied", "\(arguments)")
          // The same for people, with the same exit code.
          let plain = try await cluster.workspace.run(arguments + node)
          #expect(plain.status == status && plain.output.isEmpty, "\(arguments)")
          #expect(plain.error.lowercased().hasPrefix("error: "), "\(arguments): \(plain.error)")
        }
      }
    }

    @Test func `global options stand before or after the command`() async throws {
      try await TestCluster.running(1) { cluster in
        let node = cluster.addresses[0].description
        for arguments in [
          ["--json", "--node", node, "task", "ls"], ["task", "--json", "ls", "--node", node],
          ["--node=\(node)", "task", "ls", "--json"],
        ] {
          let result = try await cluster.workspace.run(arguments)
          #expect(result.status == 0, "\(arguments): \(result.error)")
          #expect(try result.json["tasks"]?.array?.isEmpty == true)
        }
        // Behind `--` nothing is an option.
        let titles = try await cluster.workspace.run(
          ["--node", node, "task", "add", "--", "--json", "-x"])
        #expect(titles.column(4) == ["--json", "-x"])
      }
    }

    @Test func `several tasks are changed only if all of them exist`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "a", "b")
        let result = try await cluster.pdb("task", "done", "1", "99", "--json")
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(try await cluster.pdb("task", "ls").rows.count == 2)
        #expect(try await cluster.pdb("task", "rm", "1", "99", "--yes").status == 1)
        #expect(try await cluster.pdb("task", "ls").rows.count == 2)
      }
    }

    @Test func `a value as deep as the limit does not hide the others`() async throws {
      try await TestCluster.running(1) { cluster in
        let deep = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        let set = try await cluster.pdb("kv", "set", "deep", deep)
        #expect(set.status == 0)
        let list = try await cluster.pdb("kv", "ls")
        #expect(list.rows.count == 1)
        let got = try await cluster.pdb("kv", "get", "deep")
        #expect(got.output == deep + "\n")
      }
    }

    @Test func `when no node listens it says so at once`() async throws {
      let cluster = try await TestCluster(1)
      let start = ContinuousClock.now
      let result = try await cluster.pdb("task", "ls", "--json")
      #expect(result.status == 69)
      #expect(try result.errorJSON["error"]?.string == "unreachable")
      #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func `arguments that are not UTF-8 are refused`() async throws {
      try await TestCluster.running(1) { cluster in
        let script =
          "exec '\(program.path)' task add \"$(printf 'a\\377')\" --node \(cluster.addresses[0])"
        let result = try await cluster.workspace.run(
          ["-c", script], program: URL(fileURLWithPath: "/bin/sh"))
        #expect(result.status == 65)
        #expect(try await cluster.pdb("task", "ls").output.isEmpty)
      }
    }

    @Test func `a reader that goes away early is no failure to speak of`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "a")
        let script = "'\(program.path)' task ls --node \(cluster.addresses[0]) | head -0"
        let result = try await cluster.workspace.run(
          ["-c", script], program: URL(fileURLWithPath: "/bin/sh"))
        #expect(result.status == 0 && result.error.isEmpty)
      }
    }
  }
}
