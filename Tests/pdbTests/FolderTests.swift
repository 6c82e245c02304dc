// A folder that needs no server: the program as its users meet it.

import Foundation
import NIOConcurrencyHelpers
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct FolderTests {
    /// A folder with a database in it, and a user who has set no place.
    private static func initialized() async throws -> Workspace {
      let user = try Workspace(nodes: "")
      let made = try await user.run(["init"])
      #expect(made.status == 0, "\(made.error)")
      return user
    }

    /// Runs a command that must work.
    @discardableResult
    private static func run(_ user: Workspace, _ words: String...) async throws -> CommandResult {
      let run = try await user.run(words)
      #expect(run.status == 0, "\(words): \(run.error)")
      return run
    }

    @Test func `tasks and pairs are kept without a server`() async throws {
      let user = try await Self.initialized()
      let again = try await user.run(["init", "--json"])
      #expect(try again.status == 0 && again.json["created"] == false)
      try await Self.run(user, "task", "add", "Học Python", "Làm đồ án")
      try await Self.run(user, "task", "done", "1")
      #expect(try await Self.run(user, "task", "ls").column(4) == ["Làm đồ án"])
      try await Self.run(user, "kv", "set", "user:lan", #"{"name":"Lan"}"#)
      #expect(try await Self.run(user, "kv", "incr", "visits").output == "1\n")
      try await Self.run(user, "undo")
      #expect(try await user.run(["kv", "get", "visits"]).status == 1)
      let log = try await Self.run(user, "log", "--oneline")
      #expect(log.column(0) == ["5", "4", "3", "2", "1"])
      let status = try await Self.run(user, "status", "--json")
      #expect(try status.json["health"]?.string == "healthy")
      #expect(try status.json["folder"]?.string?.hasSuffix("/.pdb") == true)
    }

    @Test func `the folder is found from below, and named from elsewhere`() async throws {
      let user = try await Self.initialized()
      try await Self.run(user, "kv", "set", "a", "1")
      try FileManager.default.createDirectory(
        atPath: user.path + "/x/y", withIntermediateDirectories: true)
      let process = user.process(["kv", "get", "a"])
      process.currentDirectoryURL = URL(fileURLWithPath: user.path + "/x/y")
      let pipe = Pipe()
      process.standardOutput = pipe
      try process.run()
      #expect(try pipe.fileHandleForReading.readToEnd() == Data("1\n".utf8))
      process.waitUntilExit()
      let other = try Workspace(nodes: "")
      for place in [user.path, user.path + "/.pdb"] {
        #expect(try await Self.run(other, "kv", "get", "a", "--dir", place).output == "1\n")
      }
      let named = try await other.run(["kv", "get", "a"], environment: ["PDB_DIR": user.path])
      #expect(named.output == "1\n")
      let both = try await other.run(["kv", "get", "a", "--dir", user.path, "--node", "4000"])
      #expect(both.status == 64)
      let nothing = try await other.run(["kv", "get", "a", "--dir", other.path])
      #expect(nothing.status == 66 && nothing.error.contains("pdb init"))
    }

    @Test func `what only nodes can do is refused with what to do instead`() async throws {
      let user = try await Self.initialized()
      for command in [
        ["cluster", "members"], ["cluster", "add", "127.0.0.1:4001"], ["ui", "--print"],
      ] {
        let run = try await user.run(command + ["--json"])
        #expect(run.status == 64, "\(command)")
        #expect(try run.errorJSON["error"]?.string == "not_supported")
        #expect(try run.errorJSON["outcome"]?.string == "not_applied")
        #expect(run.error.contains("pdb node start"))
      }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount"))
    func `a folder that cannot be written is read, with the end of its log`() async throws {
      let user = try await Self.initialized()
      try await Self.run(user, "kv", "set", "a", "1")
      let script = """
        mount --bind . . && mount -o remount,bind,ro . && cd "$PWD" || exit 99
        "$0" kv get a && "$0" task ls && "$0" log --oneline && ! "$0" kv set a 2
        """
      let run = try await user.run(
        ["-m", "/bin/sh", "-c", script, program.path],
        program: URL(fileURLWithPath: "/usr/bin/unshare"))
      // Where nothing may be mounted, there is nothing to see.
      if run.status == 99 || run.error.contains("unshare failed") { return }
      #expect(run.status == 0, "\(run.error)")
      #expect(run.output.hasPrefix("1\n1\t"))
      #expect(run.error.contains("cannot be written, only read"))
      #expect(run.error.contains("your change was not applied"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `a folder of another user is not used unasked`() async throws {
      let user = try await Self.initialized()
      #expect(chown(user.path + "/.pdb", 65534, 65534) == 0)
      for command in [["kv", "set", "a", "1"], ["task", "ls"], ["status"]] {
        let run = try await user.run(command)
        #expect(run.status == 78 && run.error.contains("belongs to the user"), "\(run.error)")
      }
      let elsewhere = try await user.run(["task", "ls", "--node", "127.0.0.1:1"])
      #expect(elsewhere.status == 69)
    }

    @Test(arguments: ["lone", "compacted", "killed"])
    func `a folder of version 0.1 is taken over`(fixture: String) async throws {
      let user = try Workspace(nodes: "")
      try OldData.unpack(fixture, into: user.path + "/.pdb")
      let found = try await Self.run(user, "task", "ls", "--all", "--json").json
      #expect(try found == OldData.json("\(fixture).tasks"))
      #expect(try await Self.run(user, "kv", "incr", "a-new-key").output == "1\n")
      #expect(try await Self.run(user, "verify").output.contains("sound"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can mount"))
    func `a full disk loses nothing that was acknowledged`() async throws {
      let user = try Workspace(nodes: "")
      let script = """
        mkdir small && mount -t tmpfs -o size=4m none small && cd small || exit 99
        "$0" init >&2 && head -c 1500000 /dev/zero >filler && value=$(head -c 40000 /dev/zero | tr '\\0' x)
        i=0; status=0
        while [ $status = 0 ]; do "$0" kv set k$i "$value" >/dev/null; status=$?; i=$((i + 1)); done
        "$0" kv get k0 | wc -c; echo $((i - 1)) $status; rm filler
        "$0" kv set after 1 >/dev/null && "$0" verify >&2 && "$0" kv ls k --fields key | wc -l
        """
      let run = try await user.run(
        ["-m", "/bin/sh", "-c", script, program.path],
        program: URL(fileURLWithPath: "/usr/bin/unshare"))
      if run.status == 99 || run.error.contains("unshare failed") { return }
      let lines = run.output.split(separator: "\n").map(String.init)
      #expect(lines.count == 3 && lines[0] == "40001", "\(run.output) \(run.error)")
      let done = lines[1].split(separator: " ").compactMap { Int($0) }
      // Of the one that failed it may not be known whether it was made.
      #expect(done[0] > 5 && [75, 5].contains(done[1]), "\(run.output) \(run.error)")
      let kept = try #require(Int(lines[2]))
      #expect(
        kept == done[0] || (done[1] == 5 && kept == done[0] + 1), "\(run.output) \(run.error)")
    }

    @Test func `a command waits for its turn as long as it was told`() async throws {
      let user = try await Self.initialized()
      let lock = open(user.path + "/.pdb/node_4000.lock", O_RDWR)
      defer { close(lock) }
      #expect(flock(lock, LOCK_EX) == 0)
      let refused = try await user.run(["kv", "set", "a", "1", "--timeout", "0.3"])
      #expect(refused.status == 75 && refused.error.contains("another program"), "\(refused.error)")
      #expect(refused.error.contains("your change was not applied"))
      async let waiting = user.run(["kv", "set", "a", "2"])
      #expect(flock(lock, LOCK_UN) == 0)
      #expect(try await waiting.status == 0)
    }

    @Test func `of several who make the same database one does`() async throws {
      let user = try Workspace(nodes: "")
      let made = try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<8 {
          group.addTask {
            let run = try await user.run(["init", "--json"])
            #expect(run.status == 0, "\(run.error)")
            try await Self.run(user, "kv", "set", "key-\(number)", "1")
            return try run.json["created"] == true
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(made.count { $0 } == 1)
      #expect(try await Self.run(user, "kv", "ls", "key-").rows.count == 8)
      #expect(try await Self.run(user, "verify").output.contains("sound"))
    }

    @Test func `programs take turns`() async throws {
      let user = try await Self.initialized()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<6 {
          group.addTask {
            for _ in 0..<10 { try await Self.run(user, "kv", "incr", "n") }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await Self.run(user, "kv", "get", "n").output == "60\n")
    }

    @Test func `a node serves the same files, and others join it`() async throws {
      let user = try await Self.initialized()
      try await Self.run(user, "task", "add", "Học Python")
      let ports = try TestPorts(2)
      let log = FileHandle(forWritingAtPath: "/dev/null")
      func start(_ words: [String]) throws -> Process {
        let node = user.process(["node", "start"] + words)
        (node.standardOutput, node.standardError) = (log, log)
        try node.run()
        return node
      }
      let first = try start(["--port", String(ports.numbers[0])])
      defer { first.terminate() }
      let answer = try await waitFor {
        let answer = try await user.run(["cluster", "members", "--json"])
        return answer.status == 0 ? answer : nil
      }
      #expect(try answer.json["members"]?.array?.count == 1)
      #expect(try await Self.run(user, "task", "ls").column(4) == ["Học Python"])
      try await Self.run(user, "task", "add", "Làm đồ án")
      let elsewhere = try Workspace(nodes: "")
      let second = elsewhere.process(
        [
          "node", "start", "--port", String(ports.numbers[1]), "--join",
          "127.0.0.1:\(ports.numbers[0])",
        ], environment: ["XDG_STATE_HOME": user.path + "/state"])
      (second.standardOutput, second.standardError) = (log, log)
      try second.run()
      defer { second.terminate() }
      _ = try await waitFor {
        let status = try await user.run(["cluster", "status", "--json"])
        return status.status == 0 && status.output.contains("\(ports.numbers[1])") ? true : nil
      }
      #expect(try await Self.run(elsewhere, "task", "ls").column(4) == ["Làm đồ án", "Học Python"])
      for node in [first, second] {
        node.terminate()
        node.waitUntilExit()
      }
      // A member of two cannot be changed, or read, without the other.
      let alone = try await user.run(["task", "add", "x"])
      #expect(alone.status == 75 && alone.error.contains("one member of 2"), "\(alone.error)")
      #expect(alone.error.contains("pdb node start"))
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `a node may come and go while commands run`(signal: Int32) async throws {
      let user = try await Self.initialized()
      let ports = try TestPorts(1)
      let isOver = NIOLockedValueBox(false)
      try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask {
          var done = 0
          while !isOver.withLockedValue({ $0 }) {
            try await Self.run(user, "kv", "incr", "n")
            done += 1
          }
          return done
        }
        for _ in 0..<3 {
          let node = user.process(["node", "start", "--port", String(ports.numbers[0])])
          (node.standardOutput, node.standardError) = (
            FileHandle.nullDevice, FileHandle.nullDevice
          )
          try node.run()
          _ = try await waitFor {
            let view = try await user.run(["cluster", "members"])
            return view.status == 0 ? true : nil
          }
          try await Self.run(user, "kv", "set", "seen", "1")
          kill(node.processIdentifier, signal)
          node.waitUntilExit()
        }
        isOver.withLockedValue { $0 = true }
        let done = try await group.next()!
        #expect(try await Self.run(user, "kv", "get", "n").output == "\(done)\n")
      }
    }
  }
}
