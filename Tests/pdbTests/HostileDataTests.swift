// What data may hold to steer a terminal, and every command that may show it.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

@testable import pdb

extension ProcessTests {
  @Suite struct HostileDataTests {
    /// An operating system command that ends with BEL, the beginning of a control sequence in one
    /// character, and what turns the direction of writing.
    private static let mark =
      "\u{1B}]0;x\u{7}\u{9B}31m\u{7F}\u{202E}\u{2066}\u{200F}\u{61C}\u{2028}"
    /// What a title may hold of that.
    private static let title = "t\u{202E}\u{2066}\u{200F}\u{61C}i"

    private static let key = "k\(mark)"

    /// Every command of pdb, with hostile words where it takes any.
    private static let commands: [[String]] = [
      ["kv", "ls"], ["kv", "ls", "--tasks"], ["kv", "ls", "none\(mark)"], ["kv", "get", key],
      ["kv", "get", "none\(mark)"], ["kv", "get", "list"],
      ["kv", "get", "none", "--default", mark],
      ["kv", "set", key, mark], ["kv", "set", "\(key)2", mark, "--if-revision", "99"],
      ["kv", "append", "list", mark], ["kv", "append", key, mark], ["kv", "incr", key],
      ["kv", "watch", "--since", "0", "--limit", "3"], ["kv", "watch", key, "--limit", mark],
      ["kv", "edit", key], ["kv", "edit", mark], ["kv", "ls", "--keys"], ["kv", "ls", "--count"],
      ["task", "add", title, "--due", mark], ["task", "add", title, "--tag", mark],
      ["task", "add", title, "--project", title, "--notes", title, "--due", "fri"],
      ["task", "ls", "--project", mark], ["task", "show", "4"],
      ["task", "done", "--matching", mark],
      ["kv", "ttl", key], ["kv", "ttl", mark], ["kv", "touch", mark, "--persist"],
      ["kv", "set", "y", mark, "--ttl", mark], ["lock", mark, "--", "true"],
      ["lock", mark, "--", mark], ["wait", "--key", mark, "--timeout", "0.1"],
      ["kv", "get", key, "none\(mark)"], ["txn", "-f", mark], ["txn", "-f", "steps"],
      ["kv", "set", "x", "1", "--request-id", mark],
      ["kv", "rm", "gone\(mark)", "none\(mark)", "--yes"],
      ["task", "add", title, mark], ["task", "add", title], ["task", "ls", "--all"],
      ["task", "ls", mark], ["task", "show", "1"], ["task", "show", mark], ["task", "done", "1"],
      ["task", "reopen", "1"], ["task", "reopen", mark], ["task", "edit", "1", "\(title)2"],
      ["task", "edit", "1", mark], ["task", "rm", "1"], ["task", "rm", mark],
      ["task", "done", mark],
      ["task", "clear", "--yes"], ["task", "ls", "--fields", mark],
      ["log"], ["log", "--oneline"], ["log", "--key", key], ["log", "--author", title],
      ["log", "--task", mark], ["show", "1"], ["show", "2"], ["show", "3"], ["show", "4"],
      ["show", mark], ["show", "1:\(key)"], ["show", "1:\(mark)"], ["undo"], ["undo", "1"],
      ["undo", mark], ["redo"], ["log", "-p"], ["log", mark], ["log", "-S", mark],
      ["log", "--since", mark], ["log", "\(mark)..\(mark)"], ["diff", "1"],
      ["diff", "0..", "--stat"],
      ["diff", mark], ["blame", key], ["blame", "o\(mark)"], ["blame", mark],
      ["blame", "--task", "2"], ["kv", "get", key, "--at", mark], ["tag", "v1"], ["tag"],
      ["tag", mark], ["tag", "-d", mark], ["revert", mark], ["revert", "--to", mark],
      ["revert", "--to", "1", mark], ["revert", "--to", "1", "--yes"],
      ["bisect", "run", "--", "true"], ["bisect", "run", "--good", mark, "--", "false"],
      ["bisect", "run", "--", mark],
      ["status"], ["cluster", "status"], ["cluster", "members"], ["cluster", "settings"],
      ["cluster", "set", mark, mark], ["cluster", "set", "history.keep", mark],
      ["cluster", "unset", mark], ["cluster", "add", mark], ["cluster", "remove", mark, "--yes"],
      ["cluster", "transfer", mark], ["cluster", "invite", "--expires", mark],
      ["cluster", "cert", "--data-dir", mark, "--port", "4000"], ["cluster", "skip", mark],
      ["node", "status"], ["node", "status", mark],
      ["node", "stop", mark], ["node", "start", "--host", mark],
      ["node", "start", "--token-file", mark], ["node", "start", "--data-dir", "/proc/\(mark)"],
      ["config", "set", "alias.evil", mark], ["config", "set", mark, mark],
      ["config", "get", "alias.evil"], ["config", "get", mark], ["config", "list"],
      ["config", "list", "--show-origin"], ["config", "unset", mark],
      ["remote", "add", mark, mark], ["remote", "add", "a", mark], ["remote", "ls"],
      ["remote", "rm", mark], ["remote", "rename", mark, mark], ["remote", "accept", mark],
      ["init", mark], ["verify", "--dir", mark], ["use", mark], ["status", "--db", mark],
      ["status", "--node", mark],
      ["export"], ["export", "-o", "/proc/\(mark)"], ["import", mark], ["backup", "-"],
      ["backup", "/proc/\(mark)"], ["restore", mark],
      ["shell", "-e", "kv ls", "-e", "none\(mark)"], ["shell", "-f", mark],
      ["shell", "-e", ".format tsv", "-e", "kv ls", "-e", "log", "-e", "kv get '\(key)'"],
      ["ui", "--print"], ["bench", "--op", mark], ["lab", "up", "--nodes", mark],
      ["lab", "kill", mark], ["lab", "pause", mark], ["lab", "resume", "1", "--data-dir", mark],
      ["lab", "start", "1", "--data-dir", mark], ["lab", "cut", "1", "2", "--data-dir", mark],
      ["lab", "heal", "--data-dir", mark], ["lab", "slow", "1", mark],
      ["lab", "fill", "1", "--data-dir", mark], ["lab", "skew", mark, "1"],
      ["lab", "flip", "1", "--data-dir", mark],
      ["lab", "sim", "--bug", mark, "--json"],
      ["help", mark], ["completion", mark], ["evil"], [mark], ["task", mark],
      ["kv", "ls", "--\(mark)"],
      [Completer.word, "fish", "kv", "get", "--", ""], [Completer.word, "zsh", "show", ""],
      [Completer.word, "bash", "pdb task show ", ""],
    ]

    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      case 0x09, 0x0A, 0x0D: false
      case 0..<0x20, 0x7F...0x9F, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
      default: false
      }
    }

    /// What a command prints on a terminal.
    private func screen(_ arguments: [String], _ cluster: TestCluster) async throws -> String {
      let terminal = try Terminal(
        cluster.workspace, ["-c", #""$0" "$@"; echo; echo "<END>""#, program.path] + arguments,
        program: URL(fileURLWithPath: "/bin/sh"),
        environment: ["NO_COLOR": "1", "PAGER": "cat", "EDITOR": "true", "USER": Self.title])
      try await terminal.wait(for: "<END>")
      return terminal.raw
    }

    private func plant(_ cluster: TestCluster) async throws {
      try Data("kv get '\(Self.key)'\nkv rm 'none\(Self.mark)'\n".utf8).write(
        to: URL(fileURLWithPath: cluster.workspace.path + "/steps"))
      let mark = JSON.string(Self.mark)
      let pairs: JSON = [
        ["key": .string(Self.key), "value": mark],
        ["key": .string("o\(Self.mark)"), "value": .object([.init(Self.mark, mark)])],
        ["key": "list", "value": [mark]], ["key": .string("gone\(Self.mark)"), "value": 1],
      ]
      let planted = try await cluster.send(0, .POST, "/set", (["pairs": pairs] as JSON).text)
      #expect(planted.status < 300, "\(planted.body)")
      for _ in 0..<2 {
        let task: JSON = ["title": .string(Self.title)]
        let added = try await cluster.send(
          0, .POST, "/tasks", task.text, headers: ["PDB-Author": Self.title])
        #expect(added.status < 300, "\(added.body)")
      }
    }

    @Test func `no command lets data steer the terminal`() async throws {
      try await TestCluster.running(1) { cluster in
        try await plant(cluster)
        for command in Self.commands {
          let screen = try await screen(command, cluster)
          let found = screen.unicodeScalars.filter(Self.steers)
          #expect(found.isEmpty, "\(command): \(screen.debugDescription)")
        }
        // It was there to be shown, also in the end.
        let shown = try await screen(["kv", "ls"], cluster)
        #expect(shown.contains(#"k\u{1B}]0;x\u{7}\u{9B}31m\u{7F}\u{202E}"#), "\(shown)")
      }
    }

    @Test func `JSON on a terminal is what it is in a pipe, and steers nothing`() async throws {
      try await TestCluster.running(1) { cluster in
        try await plant(cluster)
        for command in [["kv", "get", Self.key], ["kv", "ls"], ["log"], ["task", "ls"]] {
          let screen = try await screen(command + ["--json"], cluster)
          #expect(!screen.unicodeScalars.contains(where: Self.steers), "\(screen)")
          let line = try #require(screen.split(whereSeparator: \.isNewline).first)
          let piped = try await cluster.workspace.run(
            command + ["--json"], environment: ["USER": Self.title])
          #expect(try JSON(parsing: line.utf8) == piped.json)
        }
        let found = try await cluster.workspace.run(["kv", "get", Self.key, "--json"])
        #expect(try found.json["value"]?.string == Self.mark)
        #expect(try found.json["key"]?.string == Self.key)
      }
    }

    @Test(arguments: ["text", "json"])
    func `a node's log holds no forged line and steers no terminal`(format: String) async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      let folder = "d\(Self.mark)\n2026-11-27T00:00:00.000Z ERROR   forged"
      try cluster.start(0, arguments: ["--data-dir", folder, "--log-format", format])
      _ = try await cluster.leader()
      let log = try cluster.log(0)
      #expect(!log.unicodeScalars.contains(where: Self.steers), "\(log.debugDescription)")
      let lines = log.split(separator: "\n").filter { $0.contains("forged") }
      // It is in the line that tells where the files are, and not at its beginning.
      #expect(lines.count == 1 && lines[0].contains("making a new cluster"), "\(lines)")
    }

    @Test func `every command was tried`() {
      for (path, _) in CommandTree.root.leaves() {
        #expect(Self.commands.contains { $0.starts(with: path) }, "\(path)")
      }
    }

    @Test func `what a server says of itself steers no terminal`() async throws {
      let word = JSON.string("w\(Self.mark)")
      let view: JSON = [
        "cluster": word, "birth": word, "node": word, "address": word, "role": word,
        "is_leader": false, "leader": nil, "term": 1, "quorum": 1, "revision": 1,
        "members": [["id": word, "address": word, "voter": true, "role": word]], "error": word,
        "message": word, "hint": word,
      ]
      try await TestCluster.running(1) { cluster in
        try await FakeServer.running(view.text, headers: ["PDB-Cluster": "w"]) { address in
          for command in [
            ["status"], ["cluster", "status"], ["cluster", "members"], ["node", "status"], ["log"],
            ["kv", "ls"], ["task", "ls"], ["kv", "set", "a", "1"], [],
          ] {
            let screen = try await screen(
              command + ["--node", "\(address)", "--timeout", "1"], cluster)
            let found = screen.unicodeScalars.filter(Self.steers)
            #expect(found.isEmpty, "\(command): \(screen.debugDescription)")
          }
        }
      }
    }
  }
}
