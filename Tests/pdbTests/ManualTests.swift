// The manual and the completions: complete, as the sources have them, and true.

import Foundation
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct ManualTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()

    @Test func `the pages and scripts in the sources are those of the commands`() async throws {
      let workspace = try Workspace()
      #expect(try await workspace.run(["manual", "."]).status == 0)
      for folder in ["man", "man/vi", "completions", "docs/schemas"] {
        let made = try Self.files(in: "\(workspace.path)/\(folder)")
        let kept = try Self.files(in: Self.root.appendingPathComponent(folder).path)
        #expect(made == kept, "run 'make docs'")
        for name in made {
          let new = try String(
            contentsOfFile: "\(workspace.path)/\(folder)/\(name)", encoding: .utf8)
          let old = try String(
            contentsOf: Self.root.appendingPathComponent("\(folder)/\(name)"), encoding: .utf8)
          #expect(new == old, "'\(folder)/\(name)' is not up to date: run 'make docs'")
        }
      }
    }

    /// The files of a folder, without the folders in it.
    private static func files(in folder: String) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter { name in
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
        return !isFolder.boolValue
      }
    }

    /// All commands, as the parser itself lists them.
    private func commands() async throws -> [[String]] {
      let dump = try await Workspace().run(["help", "--json"]).json
      func leaves(_ command: JSON, _ path: [String]) -> [[String]] {
        let children = (command["subcommands"]?.array ?? []).filter {
          $0["shouldDisplay"]?.bool != false && $0["commandName"]?.string != "help"
        }
        if children.isEmpty { return [path] }
        return children.flatMap { leaves($0, path + [$0["commandName"]?.string ?? ""]) }
      }
      return leaves(dump["command"] ?? .null, []) + [["help"]]
    }

    private static func page(_ group: String) throws -> String {
      try String(
        contentsOf: root.appendingPathComponent("man/pdb-\(group).1"), encoding: .utf8
      ).replacing("\\-", with: "-")
    }

    @Test func `every command has help, a place in the manual, an example and completions`()
      async throws
    {
      let commands = try await commands()
      #expect(commands.count > 35)
      let workspace = try Workspace()
      for path in commands {
        let help = try await workspace.run(path + ["--help"])
        #expect(help.status == 0 && help.output.contains("OVERVIEW"), "\(path)")
        let page = try Self.page(path[0])
        let line = (["pdb"] + path).joined(separator: " ")
        #expect(page.contains(".B \(line)"), "\(path)")
        let examples = page.components(separatedBy: ".SH EXAMPLES").last ?? ""
        #expect(examples.contains(line), "\(path) has no example")
        for shell in ["bash", "zsh", "fish"] {
          let prefix = path.dropLast()
          let typed = String(path.last!.prefix(1))
          let words =
            shell == "bash"
            ? [(["pdb"] + prefix + [typed]).joined(separator: " "), typed] : prefix + [typed]
          let offered = try await workspace.run(["__complete", shell] + words)
          let names = offered.output.split(separator: "\n").map {
            $0.split(whereSeparator: { ":\t".contains($0) }).first.map(String.init) ?? ""
          }
          #expect(names.contains(path.last!), "\(path) in \(shell): \(names)")
        }
      }
    }

    /// The examples of a page, as they would be typed.
    static func examples(_ group: String) throws -> [String] {
      let text = try page(group).components(separatedBy: ".SH EXAMPLES").last ?? ""
      return text.components(separatedBy: "\n.RS\n").dropFirst().map { part in
        (part.components(separatedBy: "\n.RE").first ?? "").replacing("\\(aq", with: "'").replacing(
          "\\(ti", with: "~"
        )
        .replacing("\\e", with: "\\")
      }
    }

    private func run(_ line: String, _ workspace: Workspace, _ node: NodeAddress) async throws
      -> CommandResult
    {
      let script =
        "PATH='\(program.deletingLastPathComponent().path)':$PATH; export PDB_NODES=\(node); \(line)"
      return try await workspace.run(["-c", script], program: URL(fileURLWithPath: "/bin/sh"))
    }

    @Test func `every example does what it says`() async throws {
      try await TestCluster.running(3, spare: 2) { cluster in
        _ = try await cluster.settled(0..<3)
        func aTask() async throws -> String {
          try await cluster.pdb("task", "add", "x").column(0)[0]
        }
        for group in [
          "task", "kv", "txn", "lock", "wait", "log", "show", "tag", "diff", "blame", "undo",
          "redo", "revert", "bisect", "export", "import", "backup", "restore", "config",
          "completion", "help", "shell", "cluster",
        ] {
          let examples = try Self.examples(group)
          #expect(!examples.isEmpty, "\(group)")
          for example in examples {
            let line = example.replacing("127.0.0.1:4004", with: cluster.addresses[3].description)
              .replacing("--port 4000", with: "--port \(cluster.addresses[4].port)")
            // By then the first task has been removed.
            let blamed = line.contains("blame --task 1") ? try await aTask() : "1"
            let result = try await run(
              line.replacing("blame --task 1", with: "blame --task \(blamed)"), cluster.workspace,
              cluster.addresses[0])
            // No entry has to be skipped here.
            let status: Int32 = line.contains("cluster skip") ? 3 : 0
            #expect(result.status == status, "\(line): \(result.error)")
          }
        }
        // Nodes that are hurt, looked at and stopped.
        let ports = cluster.addresses.map { String($0.port) }
        for group in ["lab", "node"] {
          for example in try Self.examples(group)
          where ["lab kill", "lab pause", "lab resume", "node s"].contains(where: example.contains)
            && !example.contains(" start")
          {
            let line = example.replacing("stop 4000", with: "stop \(ports[2])")
              .replacing("lab kill 2", with: "lab kill \(ports[1])")
            let result = try await run(line, cluster.workspace, cluster.addresses[0])
            #expect(result.status == 0, "\(line): \(result.error)")
            if line.contains("kill") {
              cluster.kill9(1)
              try cluster.start(1)
              _ = try await cluster.settled(0..<3)
            }
          }
        }
      }
    }
  }
}
