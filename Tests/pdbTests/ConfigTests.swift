// Settings, aliases, programs of the user's own, slips of the finger.

import Foundation
import Testing

extension ProcessTests {
  @Suite struct ConfigTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func write(_ path: String, _ text: String) throws {
      let url = URL(fileURLWithPath: "\(workspace.path)/\(path)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }

    private func read(_ path: String) throws -> String {
      try String(contentsOfFile: "\(workspace.path)/\(path)", encoding: .utf8)
    }

    private static let own = ".config/pdb/config"

    @Test func `later files win, and every origin is told`() async throws {
      try write(Self.own, "[core]\n  timeout = 3\n  color = never\n")
      try write(".pdb/config", "[core]\ntimeout = 4 ; a comment\n")
      let list = try await workspace.run(["config", "list", "--show-origin"])
      #expect(
        list.column(1) == ["core.timeout", "core.color", "core.timeout", "core.nodes"])
      #expect(list.column(0).suffix(2) == [".pdb/config", "PDB_NODES"])
      #expect(try await workspace.run(["config", "get", "CORE.Timeout"]).output == "4\n")
      let unset = try await workspace.run(["config", "get", "core.pager"])
      #expect(unset.status == 1 && unset.output.isEmpty && unset.error.isEmpty)
    }

    @Test(arguments: [
      ("1", false), ("yes", false), ("0", true), ("false", true), ("No", true), ("", true),
    ])
    func `whether the system's file counts is said as a boolean of git's`(
      variable: String, counts: Bool
    ) async throws {
      try write("system", "[core]\n\tcolor = never\n")
      let run = try await workspace.run(
        ["config", "get", "core.color"],
        environment: [
          "PDB_CONFIG_SYSTEM": workspace.path + "/system", "PDB_CONFIG_NOSYSTEM": variable,
        ])
      #expect(run.output == (counts ? "never\n" : ""), "\(run.error)")
    }

    @Test func `a relative folder for settings or state does not count`() async throws {
      try write("there/pdb/config", "[core]\n\tcolor = never\n")
      try write(Self.own, "[core]\n\tcolor = always\n")
      let variables = ["XDG_CONFIG_HOME": "there", "XDG_STATE_HOME": "there"]
      let run = try await workspace.run(["config", "get", "core.color"], environment: variables)
      #expect(run.output == "always\n", "\(run.error)")
      let shell = try Terminal(workspace, ["shell"], environment: variables)
      shell.type("config get core.color\r")
      try await shell.wait(for: "always")
      shell.type("exit\r")
      let history = workspace.path + "/.local/state/pdb/history"
      _ = try await waitFor { FileManager.default.fileExists(atPath: history) ? true : nil }
    }

    @Test func `changing one line leaves the others as they are`() async throws {
      let text = "# mine\n[core]\n\ttimeout = 3 # short\n\n[alias]\n\tx = \"task ls --all\"\n"
      try write(Self.own, text)
      #expect(try await workspace.run(["config", "set", "core.timeout", "7"]).status == 0)
      #expect(try read(Self.own) == text.replacing("timeout = 3 # short", with: "timeout = 7"))
      #expect(try await workspace.run(["config", "set", "alias.y", " a;\"b\"\\ "]).status == 0)
      #expect(try await workspace.run(["config", "get", "alias.y"]).output == " a;\"b\"\\\\ \n")
      #expect(try await workspace.run(["config", "unset", "alias.y"]).status == 0)
      #expect(try await workspace.run(["config", "unset", "alias.y"]).status == 1)
      #expect(try read(Self.own) == text.replacing("timeout = 3 # short", with: "timeout = 7"))
    }

    @Test func `a section keeps its header, whatever variable stands on the same line`()
      async throws
    {
      let text = """
        [core] remote = x
        [remote "x"] nodes = 127.0.0.1:1
        \ttoken-file = x
        [remote "y"] nodes = 127.0.0.1:2 # mine
        \ttoken-file = y

        """
      try write(Self.own, text)
      for command in [
        ["config", "set", "remote.y.nodes", "127.0.0.1:3"], ["use", "y"], ["remote", "rm", "x"],
      ] {
        let run = try await workspace.run(command)
        #expect(run.status == 0, "\(command): \(run.error)")
      }
      let rest = "[remote \"y\"]\n\tnodes = 127.0.0.1:3\n\ttoken-file = y\n"
      #expect(try read(Self.own) == "[core]\n\tremote = y\n" + rest)
      #expect(try await workspace.run(["use", "--none"]).status == 0)
      #expect(try read(Self.own) == "[core]\n" + rest)
      #expect(try await workspace.run(["use", "y"]).status == 0)
      #expect(try read(Self.own) == "[core]\n\tremote = y\n" + rest)
    }

    @Test(arguments: [
      (["config", "set", "core.tiemout", "1"], 65, "core.timeout"),
      (["config", "set", "core.timeout", "soon"], 78, "soon"),
      (["config", "set", "core.nodes", "a b:1"], 78, "address"),
      (["config", "set", "--folder", "core.pager", "x"], 65, "folder"),
      (["config", "set", "--folder", "alias.x", "!ls"], 65, "folder"),
      (["config", "set", "alias.task", "kv ls"], 65, "command"),
      (["config", "set", "alias.a b", "kv ls"], 65, "setting"),
    ])
    func `what makes no sense is not set`(
      arguments: [String], status: Int32, words: String
    ) async throws {
      let run = try await workspace.run(arguments)
      #expect(run.status == status && run.error.contains(words), "\(run.error)")
    }

    @Test(arguments: [
      "[core\n", "timeout = 1\n", "[core]\n= 1\n", "[core]\ntimeout = \"1\n",
      "[core]\ntimeout = x\n",
    ])
    func `a file that is wrong is named`(text: String) async throws {
      try write(Self.own, text)
      let run = try await workspace.run(["task", "ls"])
      #expect(run.status == 78, "\(run.error)")
      #expect(run.error.contains(Self.own) || run.error.contains("core.timeout"), "\(run.error)")
    }

    @Test(arguments: [Self.own, ".config/pdb", ".config"])
    func `a link that leads nowhere is refused, not taken for no settings, and stays`(
      link: String
    ) async throws {
      let path = URL(fileURLWithPath: "\(workspace.path)/\(link)")
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(atPath: path.path, withDestinationPath: "nowhere")
      for command in [["task", "add", "x"], ["config", "set", "core.timeout", "3"], ["status"]] {
        let run = try await workspace.run(command)
        #expect(run.status == 78 && run.error.contains(Self.own), "\(command): \(run.error)")
      }
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: path.path) == "nowhere")
    }

    @Test func `a folder that cannot be searched is refused, not taken for no settings`()
      async throws
    {
      try write(Self.own, "[core]\n\tcolor = never\n")
      // No user can search it, not even the superuser.
      let loop = "\(workspace.path)/loop"
      try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: "loop")
      let run = try await workspace.run(["task", "ls"], environment: ["XDG_CONFIG_HOME": loop])
      #expect(run.status == 78 && run.error.contains("loop/pdb/config"), "\(run.error)")
      let none = try await workspace.run(
        ["config", "list"], environment: ["XDG_CONFIG_HOME": workspace.path + "/none"])
      #expect(none.status == 0, "\(none.error)")
    }

    @Test func `a file that cannot be locked is not changed`() async throws {
      try write(Self.own + ".lock/x", "")
      let run = try await workspace.run(["config", "set", "core.color", "never"])
      #expect(run.status == 78 && run.error.contains(Self.own + ".lock"), "\(run.error)")
      #expect(try await workspace.run(["config", "get", "core.color"]).status == 1)
    }

    @Test func `a file behind a link is written in its place with the mode that it has`()
      async throws
    {
      try write("mine/config", "[core]\n\tcolor = never\n")
      let target = "\(workspace.path)/mine/config"
      chmod(target, 0o640)
      try FileManager.default.createDirectory(
        atPath: "\(workspace.path)/.config/pdb", withIntermediateDirectories: true)
      let link = "\(workspace.path)/\(Self.own)"
      try FileManager.default.createSymbolicLink(
        atPath: link, withDestinationPath: "../../mine/config")
      #expect(try await workspace.run(["config", "set", "core.color", "auto"]).status == 0)
      #expect(try read("mine/config") == "[core]\n\tcolor = auto\n")
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: link) == "../../mine/config")
      let mode = try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions]
      #expect(mode as? Int == 0o640)
    }

    @Test(arguments: [
      ("[core]\ntimeout = 1\ntimeot = 5\n", "line 3", "core.timeout"),
      ("[cor]\ntimeout = 1\n", "line 2", "core.timeout"),
      ("[alias]\nx = kv ls\n[core]\n\tnope = 1\n", "line 4", "core.nodes"),
    ])
    func `a setting that pdb does not know is refused with its place`(
      text: String, line: String, hint: String
    ) async throws {
      try write(Self.own, text)
      let run = try await workspace.run(["task", "ls"])
      #expect(run.status == 78 && run.error.contains("unknown setting"), "\(run.error)")
      #expect(run.error.contains(Self.own) && run.error.contains(line), "\(run.error)")
      #expect(run.error.contains(hint), "\(run.error)")
      #expect(try await workspace.run(["--help"]).status == 0)
    }

    @Test func `an alias stands for words, or in one's own file for a program`() async throws {
      try write(
        Self.own,
        """
        [alias]
          cfg = config
          get = cfg get
          hello = !echo hello
          loop = loop2 x
          loop2 = loop
        """)
      let first = try await workspace.run(["get", "alias.cfg"])
      #expect(first.output == "config\n", "\(first.error)")
      #expect(try await workspace.run(["hello", "a b"]).output == "hello a b\n")
      #expect(try await workspace.run(["loop"]).status == 78)
      try write(".pdb/config", "[alias]\n  hello = !echo stolen\n")
      let refused = try await workspace.run(["hello"])
      #expect(refused.status == 78 && refused.output.isEmpty)
    }

    @Test func `a folder's file cannot name tokens or programs`() async throws {
      try write(".pdb/config", "[core]\n  token-file = /etc/hostname\n  pager = touch owned\n")
      #expect(try await workspace.run(["config", "get", "core.token-file"]).status == 1)
      #expect(try await workspace.run(["config", "get", "core.pager"]).status == 1)
    }

    @Test func `a program called pdb-WORD is a command`() async throws {
      try write("bin/pdb-hi", "#!/bin/sh\necho \"hi $1\"\nexit 7\n")
      chmod("\(workspace.path)/bin/pdb-hi", 0o755)
      let script = "PATH=\"$PWD/bin:$PATH\" exec '\(program.path)' hi there"
      let run = try await workspace.run(
        ["-c", script], program: URL(fileURLWithPath: "/bin/sh"))
      #expect(run.status == 7 && run.output == "hi there\n")
    }

    @Test func `a program gets what stands behind its name, and in its environment what is before`()
      async throws
    {
      let say = #"!f() { echo "$PDB_DB,$PDB_NODES,$PDB_TIMEOUT:$*"; }; f"#
      for (name, text) in [
        ("alias.say", say), ("alias.there", "--timeout 4 say --node"),
        ("remote.b.nodes", "127.0.0.1:1"),
      ] {
        let set = try await workspace.run(["config", "set", "--", name, text])
        #expect(set.status == 0, "\(set.error)")
      }
      for (words, output) in [
        ("--db b say x", "b,,:x"), ("--node=h:1 --timeout 3 say", ",h:1,3:"),
        ("--db b say --db c x --json -- y", "b,,:--db c x --json -- y"),
        ("--db b there x", "b,,4:--node x"), ("--json say x", ",127.0.0.1:1,:x --json"),
      ] {
        let run = try await workspace.run(words.split(separator: " ").map(String.init))
        #expect(run.output == output + "\n", "\(words): \(run.error)")
      }
    }

    @Test(arguments: [
      ("tsk", "pdb task"), ("lgo", "pdb log"), ("task lss", "pdb task ls"), ("done", "task done"),
      ("kv gte", "pdb kv get"), ("imprt", "pdb import"),
    ])
    func `a slip is answered with what was meant`(words: String, meant: String) async throws {
      let run = try await workspace.run(words.split(separator: " ").map(String.init))
      #expect(run.status == 64 && run.output.isEmpty)
      #expect(run.error.contains("did you mean") && run.error.contains(meant), "\(run.error)")
    }

    @Test func `pdb alone says how things are and what can be done`() async throws {
      let run = try await workspace.run([])
      #expect(run.status == 0)
      for word in ["pdb task", "pdb shell", "History", "no node answers"] {
        #expect(run.output.contains(word))
      }
    }
  }
}
