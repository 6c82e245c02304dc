// The shell's signs at work: several commands in a line, programs, files, and pasted lines.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct ShellOutputTests {
    private func run(_ line: String, _ cluster: TestCluster) async throws -> CommandResult {
      try await cluster.pdb("shell", "-e", line)
    }

    private func read(_ name: String, _ cluster: TestCluster) throws -> String {
      try String(contentsOfFile: "\(cluster.workspace.path)/\(name)", encoding: .utf8)
    }

    @Test func `commands of a line run until one fails`() async throws {
      try await TestCluster.running(1) { cluster in
        let good = try await run("kv set a 1; kv set b '2; 3'; kv get b", cluster)
        #expect(good.status == 0 && good.output == "2; 3\n", "\(good.error)")
        let bad = try await run("kv set a 2; kv get none; kv set a 3; kv set b 3", cluster)
        #expect(bad.status == 1)
        #expect(bad.error.contains("not run: kv set a 3; kv set b 3"), "\(bad.error)")
        #expect(try await cluster.pdb("kv", "get", "a").output == "2\n")
        // What is wrong is found before the first command runs.
        #expect(try await run("kv set a 9; kv get a && true", cluster).status == 64)
        #expect(try await cluster.pdb("kv", "get", "a").output == "2\n")
      }
    }

    @Test func `output goes to programs and files`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "milk", "bread")
        let sorted = try await run("task ls | cut -f5 | sort; kv ls none", cluster)
        #expect(sorted.status == 0 && sorted.output == "bread\nmilk\n", "\(sorted.error)")
        #expect(
          try await run("task ls > f; task ls --done >> f; kv set k 7; kv get k >> f", cluster)
            .output.isEmpty)
        #expect(try read("f", cluster).split(separator: "\n").count == 3)
        #expect(try await cluster.pdb("task", "ls", "--all").rows.count == 2)
        // The exit code is the command's, then the program's.
        #expect(try await run("kv get none | cat", cluster).status == 1)
        #expect(try await run("task ls | exit 3", cluster).status == 3)
        #expect(try await run("task ls > /nowhere/f", cluster).status == 73)
        let full = try await run("kv incr n > /dev/full; kv set never 1", cluster)
        #expect(full.status == 74 && full.error.contains("your change was applied"))
        #expect(try await cluster.pdb("kv", "get", "never").status == 1)
      }
    }

    @Test func `a program that has read enough ends the command and not the shell`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "a", "1")
        let run = try await run("kv watch --since 0 | head -n 1; kv get a", cluster)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.output.split(separator: "\n").count == 2 && run.output.hasSuffix("\n1\n"))
      }
    }

    @Test func `a script on standard input cannot be read by its commands`() async throws {
      try await TestCluster.running(1) { cluster in
        for line in ["kv set k -", "task add -", "import -"] {
          let run = try await cluster.pdb("shell", input: Data("\(line)\nhello\n".utf8))
          #expect(run.status == 65, "\(line): \(run.error)")
          #expect(run.error.contains("standard input") && run.error.contains("stdin:1"))
        }
        #expect(try await cluster.pdb("log").output.isEmpty)
        // From a file it can.
        try Data("kv set k -\n".utf8).write(
          to: URL(fileURLWithPath: "\(cluster.workspace.path)/lines"))
        let run = try await cluster.pdb("shell", "-f", "lines", input: Data("hello".utf8))
        #expect(run.status == 0, "\(run.error)")
        #expect(try await cluster.pdb("kv", "get", "k").output == "hello\n")
      }
    }

    @Test func `a program called pdb-WORD is a command of the shell`() async throws {
      try await TestCluster.running(1) { cluster in
        let path = "\(cluster.workspace.path)/pdb-hi"
        try Data("#!/bin/sh\necho \"hi $1 $(cat)\"\n".utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o755)
        let script =
          "PATH=\"$PWD:$PATH\"; echo in | '\(program.path)' shell -e 'hi there' -e 'hi > f'"
        let run = try await cluster.workspace.run(
          ["-c", script], program: URL(fileURLWithPath: "/bin/sh"))
        #expect(run.status == 0 && run.output == "hi there in\n", "\(run.error)")
        #expect(try read("f", cluster) == "hi  \n")
      }
    }

    // MARK: Typed

    private func shell(_ cluster: TestCluster) async throws -> Terminal {
      let terminal = try Terminal(
        cluster.workspace, ["shell", "--node", cluster.addresses[0].description])
      try await terminal.wait(for: "leader t")
      return terminal
    }

    @Test func `pasted lines are shown, and run when Enter is pressed`() async throws {
      try await TestCluster.running(1) { cluster in
        let terminal = try await shell(cluster)
        terminal.type("\u{1B}[200~task add one\rtask add \"two; three\"\u{1B}[201~")
        try await terminal.wait(for: "two; three")
        #expect(try await cluster.pdb("task", "ls").output.isEmpty)
        terminal.type("\r")
        try await terminal.wait(for: "added 2  two; three")
        #expect(try await cluster.pdb("task", "ls").column(4) == ["two; three", "one"])
      }
    }

    @Test func `Tab completes behind a semicolon, and files behind a redirection`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "user:lan", "found-1")
        let terminal = try await shell(cluster)
        terminal.type("kv ls;kv ge\tus\t\r")
        try await terminal.wait(for: "found-1", times: 2)
        try Data().write(to: URL(fileURLWithPath: "\(cluster.workspace.path)/kept-here"))
        terminal.type("kv get user:lan >> kept-h\t\r")
        try await terminal.wait(for: "kept-here")
        _ = try await waitFor { try read("kept-here", cluster) == "found-1\n" ? true : nil }
      }
    }

    @Test func `clear clears the screen and removes nothing`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "a")
        _ = try await cluster.pdb("task", "done", "1")
        let piped = try await run("clear", cluster)
        #expect(piped.status == 0 && piped.output.isEmpty && piped.error.isEmpty)
        #expect(try await cluster.pdb("task", "ls", "--done").rows.count == 1)
      }
    }
  }
}
