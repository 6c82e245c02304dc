// The shell: typed, and from a script.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct ShellTests {
    private func shell(
      _ cluster: TestCluster, _ environment: [String: String] = [:]
    ) async throws -> Terminal {
      let terminal = try Terminal(
        cluster.workspace, ["shell", "--node", cluster.addresses[0].description],
        environment: environment)
      try await terminal.wait(for: ") \(cluster.addresses[0].port):")
      return terminal
    }

    @Test func `commands run, and the line of a dead node's shell goes on elsewhere`() async throws
    {
      try await TestCluster.running(3) { cluster in
        let terminal = try await shell(cluster)
        terminal.type("task add \"một\"\r")
        try await terminal.wait(for: "added 1")
        terminal.type("task add \"half ")
        try await terminal.wait(for: "task add \"half ")
        cluster.kill9(0)
        try await terminal.wait(for: "is gone; talking to")
        terminal.type("typed\"\r")
        try await terminal.wait(for: "added 2  half typed")
        try await terminal.wait(for: "> ", after: "added 2  half typed")
        terminal.type([4])
        #expect(try await terminal.end() == 0)
      }
    }

    @Test func `what was typed is remembered although the shell is killed`() async throws {
      try await TestCluster.running(1) { cluster in
        let terminal = try await shell(cluster)
        terminal.type("kv set remembered 1\r")
        try await terminal.wait(for: "set remembered")
        terminal.type(" kv set secret 1\r")
        try await terminal.wait(for: "set secret")
        terminal.send(signal: SIGKILL)
        _ = try await terminal.end()
        let path = "\(cluster.workspace.path)/state/pdb/history"
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "kv set remembered 1\n")
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let second = try await shell(cluster)
        second.type("\u{1B}[A\r")
        try await second.wait(for: "set remembered", times: 2)
      }
    }

    @Test func `Tab completes commands, keys with colons and slashes, and numbers`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "user:lan/email", "1")
        _ = try await cluster.pdb("task", "add", "Học Việt", "Đi chợ")
        let terminal = try await shell(cluster)
        terminal.type("kv ge\tus\t\r")
        try await terminal.wait(for: "kv get user:lan/email")
        terminal.type("task done \t\t")
        try await terminal.wait(for: "Học Việt")
        try await terminal.wait(for: "Đi chợ")
        terminal.type("1\r")
        try await terminal.wait(for: "done 1  Học Việt")
        terminal.type("task ls --a\t\t")
        try await terminal.wait(for: "--active")
      }
    }

    @Test func `Ctrl-C clears the line, or stops what waits`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let terminal = try await shell(cluster)
        terminal.type("task add nonsense")
        try await terminal.wait(for: "task add nonsense")
        terminal.send(signal: SIGINT)
        try await terminal.wait(for: "^C")
        terminal.type("kv watch\r")
        try await terminal.wait(for: "kv watch")
        _ = try await cluster.pdb("kv", "set", "seen", "value-of-seen")
        try await terminal.wait(for: "seen = value-of-seen")
        terminal.send(signal: SIGINT)
        terminal.type("kv get seen\r")
        try await terminal.wait(for: "value-of-seen", times: 2)
        cluster.kill9(1)
        cluster.kill9(2)
        terminal.type("task add waiting --timeout 60\r")
        try await terminal.wait(for: "waiting for the cluster")
        terminal.send(signal: SIGINT)
        try await terminal.wait(for: "stopped waiting")
        try await terminal.wait(for: "your change was")
      }
    }

    @Test func `a pager gets the terminal and gives it back`() async throws {
      try await TestCluster.running(1) { cluster in
        let lines = (1...80).map { "kv set key\($0) 1" }.joined(separator: "\n")
        _ = try await cluster.pdb("shell", "-q", input: Data(lines.utf8))
        // Whole lines: half of a colour would swallow what is typed.
        let terminal = try await shell(
          cluster, ["PDB_PAGER": "head -n 6; read x </dev/tty || :"])
        terminal.type("log\r")
        try await terminal.wait(for: "key80 = 1")
        terminal.type("kv get key1\r")
        try await terminal.wait(for: "kv get key1")
      }
    }

    @Test func `several lines that are pasted are several commands`() async throws {
      try await TestCluster.running(1) { cluster in
        let terminal = try await shell(cluster)
        terminal.type("task add one # not a title\rtask add \"two three\"\r")
        try await terminal.wait(for: "added 2  two three")
        #expect(try await cluster.pdb("task", "ls").column(4) == ["two three", "one"])
      }
    }

    @Test func `Tab writes keys with blanks and quotes as they must be typed`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("kv", "set", "my key one", "found-1")
        _ = try await cluster.pdb("kv", "set", "quo\"te", "found-2")
        let terminal = try await shell(cluster)
        terminal.type("kv get my\\ k\t\r")
        try await terminal.wait(for: "found-1")
        terminal.type("kv get \"my k\t\r")
        try await terminal.wait(for: "found-1", times: 2)
        terminal.type("kv get qu\t\r")
        try await terminal.wait(for: "found-2")
      }
    }

    @Test func `Ctrl-C answers a question with no, and ends reading`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.pdb("task", "add", "a", "b")
        _ = try await cluster.pdb("task", "done", "1", "2")
        let terminal = try await shell(cluster)
        terminal.type("task clear\r")
        try await terminal.wait(for: "[y/N]")
        terminal.send(signal: SIGINT)
        try await terminal.wait(for: "> ", after: "[y/N]")
        terminal.type("task add -\r")
        try await terminal.wait(for: "task add -")
        terminal.send(signal: SIGINT)
        terminal.type("kv set after 1\r")
        try await terminal.wait(for: "set after")
        #expect(try await cluster.pdb("task", "ls", "--done").rows.count == 2)
      }
    }

    @Test func `a command that is stopped says what became of its change`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        cluster.kill9(1)
        cluster.kill9(2)
        let terminal = try Terminal(
          cluster.workspace,
          ["task", "add", "x", "--timeout", "60", "--node", cluster.addresses[0].description])
        try await terminal.wait(for: "waiting for the cluster")
        terminal.send(signal: SIGINT)
        try await terminal.wait(for: "your change was")
        #expect(try await terminal.end() == 130)
      }
    }

    /// What input methods send: letters, then backspaces and the letters that take their place.
    static let telex: [UInt8] =
      Array("task add \"Hoc".utf8) + [0x7F, 0x7F] + Array("ọc Viet".utf8) + [0x7F, 0x7F]
      + Array("ê".utf8) + [0x7F] + Array("ệt\"\r".utf8)

    @Test(arguments: [true, false], ["C.UTF-8", "C", ""])
    func `Vietnamese arrives as it was typed`(isWhole: Bool, locale: String) async throws {
      try await TestCluster.running(1) { cluster in
        let terminal = try await shell(cluster, ["LANG": locale, "LC_ALL": ""])
        if isWhole { terminal.type(Self.telex) } else { terminal.typeSlowly(Self.telex) }
        try await terminal.wait(for: "added 1")
        let title = try await cluster.pdb("task", "ls").cell(0, 4)
        #expect(title?.utf8.elementsEqual("Học Việt".utf8) == true, "\(title ?? "")")
      }
    }

    // MARK: Scripts

    @Test func `a script ends at its first failure and says where`() async throws {
      try await TestCluster.running(1) { cluster in
        let script = "# một\ntask add \"Học Việt\" # tail\r\n\n  kv get nothing\ntask add never\n"
        let run = try await cluster.pdb("shell", input: Data(script.utf8))
        #expect(run.status == 1)
        #expect(run.cell(0, 4) == "Học Việt")
        #expect(run.error.contains("stdin:4: stopped here: kv get nothing"), "\(run.error)")
        #expect(try await cluster.pdb("task", "ls").rows.count == 1)
        let path = "\(cluster.workspace.path)/lines"
        try Data("kv set a 1\nexit\nkv set a 2".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try await cluster.pdb("shell", "-f", path).status == 0)
        #expect(try await cluster.pdb("kv", "get", "a").output == "1\n")
        #expect(
          try await cluster.pdb("shell", "-e", "kv incr a", "-e", "kv get a").output == "2\n2\n")
        #expect(try await cluster.pdb("shell", "-f", "nowhere").status == 66)
      }
    }

    @Test(arguments: [
      ("", 0), ("\n# x\n\n", 0), ("exit", 0), (".help", 0), (".format json\nconfig list", 0),
      (".nope", 64), ("task add 'open", 64), ("shell", 64), ("nope", 64),
      (".format xml", 64),
    ])
    func `a script's exit code is that of its last line`(script: String, status: Int32) async throws
    {
      let workspace = try Workspace()
      let run = try await workspace.run(["shell"], input: Data(script.utf8))
      #expect(run.status == status, "\(run.error)")
      #expect(run.error.isEmpty == (status == 0))
    }
  }
}
