// Output that cannot be written, and what becomes of changes whose answer is lost with it.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct OutputTests {
    /// Runs a line of the system's shell in which `pdb` is the program under test.
    private func run(_ line: String, _ cluster: TestCluster) async throws -> CommandResult {
      let script =
        "pdb() { '\(program.path)' \"$@\"; }; export PDB_NODES=\(cluster.addresses[0]); \(line)"
      return try await cluster.workspace.run(
        ["-c", script], program: URL(fileURLWithPath: "/bin/bash"))
    }

    @Test(arguments: [">/dev/full", ">&-"])
    func `a change whose answer cannot be written is told as applied`(
      redirection: String
    ) async throws {
      try await TestCluster.running(1) { cluster in
        let added = try await run("pdb task add x \(redirection)", cluster)
        #expect(added.status == 74)
        #expect(added.error.contains("cannot write to stdout"), "\(added.error)")
        #expect(added.error.contains("your change was applied"))
        #expect(added.error.contains("pdb show 1"))
        let json = try await run("pdb kv incr n --json \(redirection)", cluster)
        #expect(try json.errorJSON["error"]?.string == "output_failed")
        #expect(try json.errorJSON["outcome"]?.string == "applied")
        let read = try await run("pdb task ls \(redirection)", cluster)
        #expect(read.status == 74 && read.error.contains("cannot write to stdout"))
        #expect(!read.error.contains("your change"))
        #expect(try await cluster.pdb("task", "ls").rows.count == 1)
      }
    }

    @Test func `a closed pipe is told only where a change was made`() async throws {
      try await TestCluster.running(1) { cluster in
        // The reader is gone before anything is written.
        let added = try await run(
          "{ sleep 0.2; pdb task add x; echo $? >rc; } | :; cat rc", cluster)
        #expect(added.output == "141\n")
        #expect(added.error.contains("output pipe closed"), "\(added.error)")
        #expect(added.error.contains("your change was applied"))
        let read = try await run("{ sleep 0.2; pdb task ls; echo $? >rc; } | :; cat rc", cluster)
        #expect(read.output == "141\n" && read.error.isEmpty, "\(read.error)")
      }
    }

    @Test func `bytes that are not text are printed only when they are wanted`() async throws {
      try await TestCluster.running(1) { cluster in
        let bytes = Data([0x68, 0xFF, 0x0A])
        _ = try await cluster.pdb("kv", "set", "bin", "-", input: bytes)
        let refused = try await cluster.pdb("kv", "get", "bin")
        #expect(refused.status == 65 && refused.output.isEmpty)
        #expect(refused.error.contains("--raw"), "\(refused.error)")
        let raw = try await run("pdb kv get bin --raw | od -An -tx1", cluster)
        #expect(raw.output.split(separator: " ").joined(separator: " ").contains("68 ff 0a"))
      }
    }

    // MARK: Outcomes

    /// Arguments, and what stands on stderr beside the outcome.
    static let failures: [([String], String)] = [
      (["task", "rm", "1", "99", "--yes"], "no task '99'"), (["task", "rm", "1", "2"], "--yes"),
      (["task", "edit", "1", ""], "title"), (["task", "add", ""], "title"),
      (["task", "done", "99"], "no task"), (["task", "reopen", "99"], "no task"),
      (["kv", "set", "w", "1", "--if-absent"], "revision"), (["kv", "set", "", "1"], "empty"),
      (["kv", "incr", "w"], "not a whole number"), (["kv", "append", "w", "1"], "not a list"),
      (["kv", "rm", "none"], "no key"), (["undo", "99"], "no revision"),
      (["import", "nowhere"], "cannot read"),
    ]

    @Test func `every failed change says that it was not applied`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "a", "b")
        _ = try await cluster.pdb("kv", "set", "w", "word")
        for (arguments, words) in Self.failures {
          let result = try await cluster.workspace.run(
            arguments + ["--node", cluster.addresses[0].description])
          #expect(result.status != 0 && result.error.contains(words), "\(result.error)")
          #expect(result.error.contains("your change was not applied"), "\(arguments)")
        }
        let read = try await cluster.pdb("kv", "get", "none")
        #expect(!read.error.contains("your change"))
      }
    }

    @Test func `a wrong token is no reason to leave the outcome out`() async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      for name in ["right", "wrong"] {
        try writeSecret("0123456789abcdef-\(name)", to: "\(cluster.workspace.path)/\(name)")
      }
      try cluster.start(0, arguments: ["--token-file", "right"])
      _ = try await waitFor { () -> Bool? in
        let run = try await cluster.pdb("task", "ls", "--token-file", "right")
        return run.status == 0 ? true : nil
      }
      let run = try await cluster.pdb("task", "add", "x", "--token-file", "wrong")
      #expect(run.status == 77 && run.error.contains("your change was not applied"))
    }

    // MARK: Titles

    @Test func `words that look like one title are added, and the slip is told`() async throws {
      try await TestCluster.running(1) { cluster in
        let node = ["--node", cluster.addresses[0].description]
        let words = try Terminal(
          cluster.workspace, ["task", "add", "Mua", "sữa", "cho", "mẹ"] + node)
        try await words.wait(for: "added 4 tasks; one title needs quotes")
        try await words.wait(for: "undo 1")
        #expect(try await words.end() == 0)
        let titles = try Terminal(
          cluster.workspace, ["task", "add", "Học Python", "Làm đồ án"] + node)
        try await titles.wait(for: "added 6")
        #expect(try await titles.end() == 0)
        #expect(!titles.text.contains("quotes"))
        let piped = try await cluster.pdb("task", "add", "a", "b")
        #expect(piped.rows.count == 2 && piped.error.isEmpty)
      }
    }

    @Test func `standard input and titles do not mix`() async throws {
      try await TestCluster.running(1) { cluster in
        let mixed = try await cluster.pdb("task", "add", "-", "extra", input: Data("1\n2\n".utf8))
        #expect(mixed.status == 64 && mixed.error.contains("stands alone"), "\(mixed.error)")
        #expect(try await cluster.pdb("task", "ls").output.isEmpty)
      }
    }
  }
}
