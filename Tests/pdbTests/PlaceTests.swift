// Which cluster a command means: never another one than was said.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct PlaceTests {
    /// Two clusters of one node, and a user of both without settings that choose one.
    private static func twoClusters(
      _ body: (TestCluster, TestCluster, Workspace) async throws -> Void
    ) async throws {
      try await TestCluster.running(1) { first in
        try await TestCluster.running(1) { second in
          try await body(first, second, try Workspace(nodes: ""))
        }
      }
    }

    private static func titles(_ cluster: TestCluster) async throws -> [String] {
      (try await cluster.get(0, "/tasks").json["tasks"]?.array ?? []).compactMap {
        $0["title"]?.string
      }
    }

    @Test func `a node that is named for one command is not remembered for the next`() async throws
    {
      try await Self.twoClusters { first, second, user in
        let (one, two) = (first.addresses[0].description, second.addresses[0].description)
        for command in [
          ["remote", "add", "one", one], ["use", "one"], ["task", "ls", "--node", two],
          ["task", "add", "here"],
        ] {
          let run = try await user.run(command)
          #expect(run.status == 0, "\(command): \(run.error)")
        }
        #expect(try await Self.titles(first) == ["here"])
        #expect(try await Self.titles(second).isEmpty)
      }
    }

    @Test func `nodes of two clusters are refused before anything is sent`() async throws {
      try await Self.twoClusters { first, second, user in
        let nodes = [first, second].flatMap { ["--node", $0.addresses[0].description] }
        for command in [["task", "add", "x"], ["task", "ls"]] {
          let run = try await user.run(command + nodes)
          #expect(run.status == 76, "\(run.error)")
          #expect(run.error.contains("two clusters"))
        }
        #expect(try await Self.titles(first).isEmpty)
        #expect(try await Self.titles(second).isEmpty)
      }
    }

    @Test func `a change is sent to no node that has not said which cluster it belongs to`()
      async throws
    {
      try await Self.twoClusters { first, second, user in
        let clusters = [first, second]
        for cluster in clusters { cluster.send(signal: SIGSTOP, to: 0) }
        let nodes = clusters.flatMap { ["--node", $0.addresses[0].description] }
        let run = try await user.run(["kv", "set", "k", "1", "--timeout", "3"] + nodes)
        #expect(run.status == 75, "\(run.error)")
        #expect(run.error.contains("your change was not applied"))
        // What was sent to a node that was stopped is done when it goes on.
        for cluster in clusters {
          cluster.send(signal: SIGCONT, to: 0)
          _ = try await cluster.leader()
          #expect(try await cluster.get(0, "/kv/k").status == 404)
        }
      }
    }

    @Test func `a shell pins no remote that has come to mean other nodes meanwhile`() async throws {
      try await Self.twoClusters { first, second, user in
        let (one, two) = (first.addresses[0].description, second.addresses[0].description)
        // A remote that nothing has met yet.
        #expect(try await user.run(["config", "set", "remote.lab.nodes", one]).status == 0)
        let again = ["remote rm lab", "config set remote.lab.nodes \(two)", "kv set k 1"]
        let shell = try await user.run(["shell", "--db", "lab"] + again.flatMap { ["-e", $0] })
        #expect(shell.status == 0, "\(shell.error)")
        #expect(try await first.get(0, "/kv/k").status == 200)
        let run = try await user.run(["kv", "set", "k", "2", "--db", "lab"])
        #expect(run.status == 0, "\(run.error)")
        #expect(try await second.get(0, "/kv/k").status == 200)
      }
    }

    @Test func `a remote of the system's file is pinned in the user's own`() async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      try cluster.start(0)
      _ = try await cluster.leader()
      let user = try Workspace(nodes: "")
      let address = cluster.addresses[0].description
      let system = user.path + "/system"
      try Data("[remote \"lab\"]\n  nodes = \(address)\n".utf8)
        .write(to: URL(fileURLWithPath: system))
      let environment = ["PDB_CONFIG_NOSYSTEM": "0", "PDB_CONFIG_SYSTEM": system, "PDB_DB": "lab"]
      #expect(try await user.run(["kv", "set", "k", "1"], environment: environment).status == 0)
      cluster.kill9(0)
      try cluster.wipe(0)
      try cluster.start(0, arguments: ["--cluster", address])
      _ = try await cluster.leader()
      let refused = try await user.run(["kv", "set", "k", "2"], environment: environment)
      #expect(refused.status == 76, "\(refused.error)")
      let accepted = try await user.run(
        ["remote", "accept", "lab", "--yes"], environment: environment)
      #expect(accepted.status == 0, "\(accepted.error)")
      #expect(try await user.run(["kv", "set", "k", "2"], environment: environment).status == 0)
    }

    @Test func `how to undo a change is said so that it undoes that one everywhere`() async throws {
      try await Self.twoClusters { first, second, user in
        let (one, two) = (first.addresses[0].description, second.addresses[0].description)
        _ = try await user.run(["remote", "add", "one", one])
        _ = try await user.run(["remote", "add", "two", two])
        _ = try await user.run(["use", "one"])
        for name in ["one", "two"] {
          _ = try await user.run(["kv", "set", "k", "1", "--db", name])
        }
        for (variable, words) in [("", "pdb undo 2"), ("two", "pdb --db two undo 2")] {
          let terminal = try Terminal(user, ["kv", "rm", "k"], environment: ["PDB_DB": variable])
          try await terminal.wait(for: "undo it:  " + words)
        }
      }
    }

    @Test func `a shell says how to undo a change of the place that it was opened on`() async throws
    {
      try await Self.twoClusters { first, second, user in
        let (one, two) = (first.addresses[0].description, second.addresses[0].description)
        _ = try await user.run(["remote", "add", "one", one])
        _ = try await user.run(["use", "one"])
        let terminal = try Terminal(user, ["shell", "--node", two])
        try await terminal.wait(for: "leader t1>")
        terminal.type("kv set k 1; kv rm k\r")
        try await terminal.wait(for: "pdb --db \(two) undo 2")
      }
    }

    @Test func `a prompt names no remote that has come to mean other nodes`() async throws {
      try await Self.twoClusters { first, second, user in
        let (one, two) = (first.addresses[0].description, second.addresses[0].description)
        _ = try await user.run(["remote", "add", "lab", one])
        let terminal = try Terminal(user, ["shell", "--db", "lab"])
        try await terminal.wait(for: "pdb(lab)")
        #expect(try await user.run(["remote", "rm", "lab"]).status == 0)
        #expect(try await user.run(["config", "set", "remote.lab.nodes", two]).status == 0)
        let id = try #require(try await first.get(0, "/status").json["cluster"]?.string)
        terminal.type("\r")
        try await terminal.wait(for: "pdb(\(id.prefix(8)))")
      }
    }

    @Test func `a program of a shell is held to its cluster, too, where a folder names the nodes`()
      async throws
    {
      try await Self.twoClusters { first, second, user in
        let set = ["config", "set", "--folder", "core.nodes"]
        #expect(try await user.run(set + [first.addresses[0].description]).status == 0)
        let pdb = "!'\(program.path)'"
        let move = "\(pdb) \(set.joined(separator: " ")) \(second.addresses[0])"
        _ = try await user.run(["config", "set", "alias.move", move])
        _ = try await user.run(["config", "set", "alias.there", "\(pdb) kv set k 1"])
        let shell = try await user.run(["shell", "-e", "kv ls; move; there"])
        #expect(shell.status == 76, "\(shell.error)")
        #expect(try await second.get(0, "/kv/k").status == 404)
      }
    }

    @Test func `a node is stopped only in the cluster that is named beside it`() async throws {
      try await Self.twoClusters { first, second, user in
        let (one, two) = (first.addresses[0].description, second.addresses[0].description)
        _ = try await user.run(["remote", "add", "pinned", one])
        _ = try await user.run(["config", "set", "remote.new.nodes", one])
        for place in [["--db", "pinned"], ["--db", "new"], ["--node", one]] {
          for command in ["stop", "status"] {
            let run = try await user.run(["node", command, two] + place)
            #expect(run.status == 76, "\(place): \(run.error)")
          }
        }
        // Nor where nothing can tell whether it belongs there.
        _ = try await user.run(["config", "set", "remote.dead.nodes", "127.0.0.1:1"])
        let run = try await user.run(["node", "stop", two, "--db", "dead"])
        #expect(run.status == 69, "\(run.error)")
        #expect(run.error.contains("your change was not applied"))
        #expect(await second.status(0) != nil)
        #expect(try await user.run(["node", "stop", two]).status == 0)
      }
    }

    @Test func `commands about one node mean the node that the prompt names`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let terminal = try Terminal(cluster.workspace, ["shell"])
        try await terminal.wait(for: "t1>")
        cluster.kill9(0)
        try await terminal.wait(for: "is gone; talking to")
        let named = try #require(
          terminal.text.firstMatch(of: #/talking to (\S+:\d+) now/#)?.1.description)
        terminal.type("node stop\r")
        try await terminal.wait(for: "stopped \(named)")
      }
    }

    /// What every answer of a node of some cluster carries.
    private static func identity(_ cluster: String) -> HTTPHeaders {
      ["PDB-Cluster": cluster, "PDB-Birth": "0123456789abcdef"]
    }

    @Test func `a token and a value are sent to no other cluster`() async throws {
      let cluster = try await TestCluster(1, spare: 1, token: "a_token_of_this_test")
      defer { cluster.killAll() }
      try cluster.start(0)
      _ = try await cluster.leader()
      let user = try Workspace(nodes: "")
      let (own, other) = (cluster.addresses[0], cluster.addresses[1])
      let token = ["--token-file", cluster.tokenFile]
      #expect(try await user.run(["remote", "add", "a", "\(own)"] + token).status == 0)
      #expect(try await user.run(["kv", "set", "k", "1", "--db", "a"]).status == 0)
      let stranger = try await WebServer(other, headers: Self.identity("b"))
      for command in [["node", "stop"], ["node", "status"]] {
        let run = try await user.run(command + ["\(other)", "--db", "a"])
        #expect(run.status == 76, "\(command): \(run.error)")
      }
      cluster.kill9(0)
      let successor = try await WebServer(own, headers: Self.identity("b"))
      let commands = [
        ["kv", "set", "k", "2"], ["kv", "get", "k"], ["log", "-f"], ["export"],
        ["bench", "-n", "1"],
        ["remote", "accept", "a"],
      ]
      for command in commands {
        let run = try await user.run(
          command + (command[0] == "remote" ? [] : ["--db", "a"]), environment: ["PDB_TIMEOUT": "2"]
        )
        #expect(run.status == (command[0] == "remote" ? 4 : 76), "\(command): \(run.error)")
      }
      #expect(stranger.tokens + successor.tokens == 0)
      #expect(successor.heads.allSatisfy { $0.method == .GET })
      let accepted = try await user.run(["remote", "accept", "a", "--yes"])
      #expect(accepted.error.contains(cluster.tokenFile), "\(accepted.error)")
    }

    @Test func `a token is sent to the first cluster that is met and to no second one`()
      async throws
    {
      let ports = try TestPorts(2)
      let addresses = ports.numbers.map { NodeAddress(host: "127.0.0.1", port: $0) }
      let one = try await WebServer(addresses[0], headers: Self.identity("a"))
      let two = try await WebServer(addresses[1], headers: Self.identity("b"))
      let user = try Workspace(nodes: addresses.map(\.description).joined(separator: ","))
      let file = user.path + "/token"
      try writeSecret("0123456789abcdef", to: file)
      let terminal = try Terminal(user, ["shell"], environment: ["PDB_TOKEN_FILE": file])
      try await terminal.wait(for: "two clusters answer")
      for count in 1...5 {
        terminal.type("kv set k 1\r")
        try await terminal.wait(for: "two clusters", times: count)
      }
      #expect(min(one.tokens, two.tokens) == 0)
    }

    @Test func `a web server in the place of a dead member does not hide the living ones`()
      async throws
    {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let user = try Workspace(nodes: "")
        let (dead, alive) = (cluster.addresses[0], cluster.addresses[1])
        #expect(try await user.run(["remote", "add", "lab", "\(dead)"]).status == 0)
        #expect(try await user.run(["kv", "set", "k", "0", "--db", "lab"]).status == 0)
        cluster.kill9(0)
        _ = try await cluster.leader()
        let server = try await WebServer(dead)
        for command in [["kv", "set", "k", "1"], ["kv", "get", "k"], ["log"]] {
          let run = try await user.run(command + ["--db", "lab"])
          #expect(run.status == 0, "\(command): \(run.error)")
        }
        let met = try await user.run(["kv", "set", "k", "2", "--db", "\(dead),\(alive)"])
        #expect(met.status == 0, "\(met.error)")
        let heads = server.heads.count
        // Alone it is named, and what was only asked has changed nothing.
        let run = try await user.run(["kv", "set", "k", "3", "--node", "\(dead)"])
        #expect(run.status == 76, "\(run.error)")
        #expect(run.error.contains("your change was not applied"))
        #expect(server.heads.dropFirst(heads).allSatisfy { $0.method == .GET })
      }
    }

    @Test func `what fails before a cluster is found says that nothing was changed`() async throws {
      let user = try Workspace()
      let damaged = user.path + "/damaged"
      try Data("[core\n".utf8).write(to: URL(fileURLWithPath: damaged))
      let cases: [(arguments: [String], environment: [String: String])] = [
        (["kv", "set", "k", "1", "--db", "nosuch"], [:]),
        (["task", "add", "x", "--db", ""], [:]),
        (["add", "x", "--node", ""], [:]),
        (["undo", "1"], ["PDB_DB": " "]),
        (["kv", "rm", "k"], ["PDB_TOKEN_FILE": "/nosuch"]),
        (["kv", "incr", "k"], ["PDB_TIMEOUT": "soon"]),
        (["task", "done", "1"], ["PDB_CONFIG_NOSYSTEM": "0", "PDB_CONFIG_SYSTEM": damaged]),
        (["cluster", "add", "x::"], [:]), (["node", "stop"], ["PDB_DB": "nosuch"]),
        (["bench", "-n", "1", "--db", "nosuch"], [:]), (["node", "stop"], [:]),
        (["kv", "set", "k", "1"], ["PDB_CLUSTER": "/"]),
      ]
      for (arguments, environment) in cases {
        let run = try await user.run(arguments, environment: environment)
        #expect(run.status != 0)
        #expect(run.error.contains("your change was not applied"), "\(arguments): \(run.error)")
      }
      let read = try await user.run(["kv", "get", "k", "--db", "nosuch"])
      #expect(!read.error.contains("your change"))
    }

    @Test func `a program is refused a place that a command would be refused`() async throws {
      let user = try Workspace(nodes: "")
      #expect(try await user.run(["config", "set", "alias.there", "!true"]).status == 0)
      let cases: [(options: [String], status: Int32)] = [
        (["--db", ""], 78), (["--node", ""], 78), (["--db", "nosuch"], 78),
        (["--db", "127.0.0.1:1", "--node", "127.0.0.1:2"], 64),
        (["--node", "127.0.0.1:1"], 0), (["--db=127.0.0.1:1", "--quiet"], 0), ([], 0),
      ]
      for (options, status) in cases {
        let run = try await user.run(options + ["there"])
        #expect(run.status == status, "\(options): \(run.error)")
      }
    }

    @Test func `a remote whose nodes were set anew is met again before anything is changed`()
      async throws
    {
      try await Self.twoClusters { first, second, user in
        let (one, two) = (first.addresses[0].description, second.addresses[0].description)
        #expect(try await user.run(["remote", "add", "a", one]).status == 0)
        let set = ["kv", "set", "k", "1", "--db", "a"]
        #expect(try await user.run(set).status == 0)
        #expect(try await user.run(["config", "set", "remote.a.nodes", two]).status == 0)
        let run = try await user.run(set)
        #expect(run.status == 76, "\(run.error)")
        #expect(try await first.get(0, "/kv/k").headers.first(name: "PDB-Revision") == "1")
        // One that nothing answers at says nothing of another cluster.
        #expect(try await user.run(["config", "set", "remote.a.nodes", "127.0.0.1:1"]).status == 0)
        #expect(try await user.run(set).status == 0)
      }
    }

    @Test func `a place that could not be heeded is refused`() async throws {
      let user = try Workspace(nodes: "")
      for command in ["kill", "pause", "resume"] {
        for place in [["--db", "a"], ["--node", "127.0.0.1:1"]] {
          let run = try await user.run(["lab", command, "1"] + place)
          #expect(run.status == 64, "\(command): \(run.error)")
        }
      }
      #expect(try await user.run(["lab", "up", "--db", "a"]).status == 64)
      let twice = try await user.run(["kv", "ls", "--db", "127.0.0.1:1", "--db", "127.0.0.1:2"])
      #expect(twice.status == 64, "\(twice.error)")
    }

    @Test func `no remote has a name that means something else`() async throws {
      let user = try Workspace(nodes: "")
      let names = [
        "--", "-x", "42000", "localhost", "a:1", String(repeating: "a", count: 65), "",
      ]
      for name in names {
        let added = try await user.run(["remote", "add", "--", name, "127.0.0.1:1"])
        #expect(added.status == 65, "\(name): \(added.error)")
        let set = try await user.run(["config", "set", "--", "remote.\(name).nodes", "127.0.0.1:1"])
        #expect(set.status == 65, "\(name): \(set.error)")
      }
      #expect(try await user.run(["remote", "ls"]).rows.isEmpty)
      let name = String(repeating: "a", count: 64)
      #expect(try await user.run(["remote", "add", name, "127.0.0.1:1"]).status == 0)
      // A section without nodes is no remote, and says so.
      #expect(try await user.run(["config", "set", "remote.b.cluster", "1"]).status == 0)
      let run = try await user.run(["kv", "ls", "--db", "b"])
      #expect(run.error.contains("remote 'b' has no nodes"), "\(run.error)")
      #expect(try await user.run(["remote", "add", "b", "127.0.0.1:1"]).status == 0)
    }

    @Test func `use says that commands go nowhere while PDB_CLUSTER names another cluster`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        let user = try Workspace(nodes: "")
        let address = cluster.addresses[0].description
        #expect(try await user.run(["remote", "add", "lab", address]).status == 0)
        let run = try await user.run(["use", "lab"], environment: ["PDB_CLUSTER": "other/1"])
        #expect(run.error.contains("PDB_CLUSTER names other/1"), "\(run.error)")
        #expect(try await user.run(["use"]).output == "lab\n")
      }
    }

    @Test func `a remote means one cluster, whatever answers at its address`() async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      try cluster.start(0)
      _ = try await cluster.leader()
      let user = try Workspace(nodes: "")
      let address = cluster.addresses[0].description
      #expect(try await user.run(["remote", "add", "lab", address]).status == 0)
      #expect(try await user.run(["task", "add", "old", "--db", "lab"]).status == 0)
      // The same address, and for a cluster of one list the same id: only the birth tells.
      cluster.kill9(0)
      try cluster.wipe(0)
      try cluster.start(0, arguments: ["--cluster", address])
      _ = try await cluster.leader()
      for command in [["task", "add", "new"], ["task", "ls"], ["kv", "get", "x"], ["undo"]] {
        let run = try await user.run(command + ["--db", "lab"])
        #expect(run.status == 76, "\(command): \(run.error)")
        #expect(run.error.contains("pdb remote accept lab"))
      }
      #expect(try await Self.titles(cluster).isEmpty)
      #expect(try await user.run(["remote", "accept", "lab"]).status == 4)
      #expect(try await user.run(["remote", "accept", "lab", "--yes"]).status == 0)
      #expect(try await user.run(["task", "add", "new", "--db", "lab"]).status == 0)
      #expect(try await Self.titles(cluster) == ["new"])
    }

    @Test func `a cluster that was made anew from the same list is another one`() async throws {
      let cluster = try await TestCluster(3)
      defer { cluster.killAll() }
      for node in 0..<3 { try cluster.start(node) }
      _ = try await cluster.leader()
      let user = try Workspace(nodes: "")
      let added = try await user.run(
        ["remote", "add", "lab", cluster.addresses[0].description, "--json"])
      let before = try added.json
      cluster.killAll()
      for node in 0..<3 { try cluster.wipe(node) }
      for node in 0..<3 { try cluster.start(node) }
      _ = try await cluster.leader()
      // The cluster has the same id.
      let now = try await cluster.get(0, "/status").json
      #expect(now["cluster"] == before["cluster"])
      let run = try await user.run(["task", "add", "x", "--db", "lab"])
      #expect(run.status == 76, "\(run.error)")
      #expect(try await Self.titles(cluster).isEmpty)
    }

    @Test func `a remote outlives the node by which it was named`() async throws {
      try await TestCluster.running(3) { cluster in
        let user = try Workspace(nodes: "")
        _ = try await cluster.settled()
        let first = cluster.addresses[0].description
        #expect(try await user.run(["remote", "add", "lab", first]).status == 0)
        #expect(try await user.run(["use", "lab"]).status == 0)
        #expect(try await user.run(["task", "add", "a"]).status == 0)
        cluster.kill9(0)
        _ = try await cluster.leader()
        #expect(try await user.run(["task", "add", "b"]).status == 0)
        // But a node that is named for one command is that node.
        let run = try await user.run(["task", "add", "c", "--node", first])
        #expect(run.status == 69, "\(run.error)")
      }
    }

    @Test func `status says which place is meant and why`() async throws {
      try await Self.twoClusters { first, second, user in
        let (one, two) = (first.addresses[0].description, second.addresses[0].description)
        func reason(_ arguments: [String] = [], _ environment: [String: String] = [:])
          async throws -> [String?]
        {
          let run = try await user.run(
            ["status", "--json"] + arguments, environment: environment)
          #expect(run.status == 0, "\(run.error)")
          let json = try run.json
          return [json["place"]?.string, json["reason"]?.string, json["cluster"]?.string]
        }
        let ids = [
          try await first.get(0, "/status").json["cluster"]?.string,
          try await second.get(0, "/status").json["cluster"]?.string,
        ]
        _ = try await user.run(["remote", "add", "one", one])
        _ = try await user.run(["remote", "add", "two", two])
        _ = try await user.run(["use", "one"])
        #expect(try await reason() == ["one", "chosen with 'pdb use'", ids[0]])
        #expect(try await reason(["--db", "two"]) == ["two", "given with --db", ids[1]])
        #expect(try await reason(["--node", two]) == [two, "given with --node", ids[1]])
        #expect(try await reason([], ["PDB_DB": "two"]) == ["two", "set in PDB_DB", ids[1]])
        #expect(try await reason([], ["PDB_NODES": two]) == [two, "set in PDB_NODES", ids[1]])
        let both = try await user.run(["status", "--db", "two", "--node", one])
        #expect(both.status == 64)
        let shadowed = try await user.run(["use", "two"], environment: ["PDB_NODES": one])
        #expect(shadowed.error.contains("PDB_NODES"))
      }
    }

    @Test func `remotes are added, listed, renamed and removed`() async throws {
      let user = try Workspace(nodes: "")
      #expect(try await user.run(["remote", "add", "a", "127.0.0.1:1"]).status == 0)
      #expect(try await user.run(["remote", "add", "a", "127.0.0.1:2"]).status == 3)
      #expect(try await user.run(["remote", "add", "a.b", "127.0.0.1:1"]).status == 65)
      #expect(try await user.run(["remote", "add", "b", "nonsense::"]).status == 78)
      #expect(try await user.run(["use", "a"]).status == 0)
      #expect(try await user.run(["remote", "ls"]).rows == [["*", "a", "?", "127.0.0.1:1"]])
      #expect(try await user.run(["remote", "rename", "a", "c"]).status == 0)
      #expect(try await user.run(["use"]).output == "c\n")
      let unknown = try await user.run(["task", "ls", "--db", "cc"])
      #expect(unknown.status == 78)
      #expect(unknown.error.contains("did you mean 'c'?"))
      #expect(try await user.run(["remote", "rm", "c"]).status == 0)
      #expect(try await user.run(["remote", "ls"]).rows.isEmpty)
      #expect(try await user.run(["use"]).status == 1)
    }

    @Test func `what the system's file says of remotes is told, and not taken for the user's`()
      async throws
    {
      let user = try Workspace(nodes: "")
      let system = user.path + "/system"
      let text = "[core]\n\tremote = sys\n[remote \"sys\"]\n\tnodes = 127.0.0.1:1\n"
      try Data(text.utf8).write(to: URL(fileURLWithPath: system))
      func run(_ arguments: String...) async throws -> CommandResult {
        try await user.run(
          arguments, environment: ["PDB_CONFIG_SYSTEM": system, "PDB_CONFIG_NOSYSTEM": "no"])
      }
      let status = try await run("status")
      #expect(status.output.contains("'core.remote' in \(system)"), "\(status.output)")
      #expect(try await run("remote", "ls").column(0) == ["*"])
      let none = try await run("use", "--none")
      #expect(none.status == 78 && none.error.contains(system), "\(none.error)")
      // The user's own remote of that name hides the system's, until it is removed.
      _ = try await run("config", "set", "remote.sys.nodes", "127.0.0.1:2")
      #expect(try await run("use", "sys").status == 0)
      #expect(try await run("status").output.contains("chosen with 'pdb use'"))
      #expect(try await run("remote", "rename", "sys", "own").error.contains("127.0.0.1:1 now"))
      #expect(try await run("use").output == "own\n")
      #expect(try await run("remote", "rename", "own", "other").error.isEmpty)
      _ = try await run("config", "set", "remote.sys.nodes", "127.0.0.1:2")
      let removed = try await run("remote", "rm", "sys")
      #expect(removed.status == 0 && removed.error.contains("127.0.0.1:1 now, as \(system)"))
      #expect(try await run("config", "unset", "core.remote").status == 0)
      #expect(try await run("use").output == "sys\n")
    }

    @Test func `a folder's file can neither define nor choose a remote`() async throws {
      try await Self.twoClusters { first, second, user in
        _ = try await user.run(["remote", "add", "one", first.addresses[0].description])
        _ = try await user.run(["remote", "add", "two", second.addresses[0].description])
        _ = try await user.run(["use", "one"])
        let folder = URL(fileURLWithPath: user.path + "/.pdb")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let text = """
          [core]
            remote = two
          [remote "one"]
            nodes = \(second.addresses[0])
          """
        try Data(text.utf8).write(to: folder.appendingPathComponent("config"))
        #expect(try await user.run(["task", "add", "x"]).status == 0)
        #expect(try await Self.titles(first) == ["x"])
      }
    }

    @Test func `a program that a shell starts means what the shell means`() async throws {
      try await Self.twoClusters { first, second, user in
        _ = try await user.run(["remote", "add", "one", first.addresses[0].description])
        _ = try await user.run(["use", "one"])
        let alias = "!'\(program.path)' task add there"
        #expect(try await user.run(["config", "set", "alias.there", alias]).status == 0)
        let shell = try await user.run([
          "shell", "--node", second.addresses[0].description, "-e", "task ls", "-e", "there",
        ])
        #expect(shell.status == 0, "\(shell.error)")
        #expect(try await Self.titles(first).isEmpty)
        #expect(try await Self.titles(second) == ["there"])
      }
    }

    @Test func `the cluster that PDB_CLUSTER names is meant, whatever says where it is`()
      async throws
    {
      try await Self.twoClusters { first, second, user in
        let identity = try await waitFor { () -> String? in
          let status = try await first.get(0, "/status").json
          return status["birth"]?.string.map { "\(status["cluster"]?.string ?? "")/\($0)" }
        }
        let two = second.addresses[0].description
        _ = try await user.run(["remote", "add", "two", two])
        let cases: [(options: [String], variables: [String: String])] = [
          (["--db", "two"], [:]), (["--node", two], [:]), ([], ["PDB_NODES": two]),
          ([], ["PDB_DB": "two"]),
        ]
        for (options, variables) in cases {
          let run = try await user.run(
            ["task", "add", "x"] + options,
            environment: variables.merging(["PDB_CLUSTER": identity]) { $1 })
          #expect(run.status == 76, "\(run.error)")
          #expect(run.error.contains("unset PDB_CLUSTER"))
          #expect(run.error.contains("your change was not applied"))
        }
        #expect(try await Self.titles(second).isEmpty)
      }
    }

    @Test func `nodes of two clusters are refused by a shell, too, however often`() async throws {
      try await Self.twoClusters { first, second, user in
        let nodes = [first, second].flatMap { ["--node", $0.addresses[0].description] }
        let shell = try await user.run(
          ["shell"] + nodes + ["-e", "task ls; task add x"], input: nil)
        #expect(shell.status == 76, "\(shell.error)")
        let terminal = try Terminal(user, ["shell"] + nodes)
        try await terminal.wait(for: "two clusters answer")
        for _ in 0..<2 {
          terminal.type("task add x\r")
          try await terminal.wait(for: "two clusters")
        }
        #expect(try await Self.titles(first).isEmpty)
        #expect(try await Self.titles(second).isEmpty)
      }
    }

    @Test func `changes of the settings at the same time are all kept`() async throws {
      let user = try Workspace(nodes: "")
      try await withThrowingTaskGroup(of: Int32.self) { group in
        for number in 0..<8 {
          group.addTask {
            try await user.run(["remote", "add", "r\(number)", "127.0.0.1:\(number + 1)"]).status
          }
        }
        for try await status in group { #expect(status == 0) }
      }
      #expect(try await user.run(["remote", "ls"]).rows.count == 8)
    }

    @Test(arguments: [
      (["remote", "rename", "q", "x"], ["remote", "rename", "q", "y"]),
      (["remote", "rm", "q"], ["remote", "rename", "q", "x"]),
      (["remote", "rm", "q"], ["use", "q"]),
      (["remote", "rename", "q", "x"], ["use", "q"]),
    ])
    func `of changes at the same time each goes by what the one before has left`(
      first: [String], second: [String]
    ) async throws {
      for round in 0..<10 {
        let user = try Workspace(nodes: "")
        _ = try await user.run(["remote", "add", "q", "127.0.0.1:1"])
        async let one = user.run(first)
        async let other = user.run(second)
        let statuses = try await [one.status, other.status]
        let remotes = try await user.run(["remote", "ls"])
        let names = remotes.column(1)
        #expect(remotes.status == 0)
        if second[0] == "use" {
          // Whichever came first, what is in use is there.
          let used = try await user.run(["use"]).output
          #expect(used.isEmpty || names.contains(used.dropLast().description), "\(round): \(used)")
          #expect(statuses[0] == 0)
        } else {
          #expect(statuses.sorted() == [0, 78], "\(round): \(names)")
          let isRemoved = first[1] == "rm" && statuses[0] == 0
          #expect(names.count == (isRemoved ? 0 : 1), "\(round): \(names)")
        }
      }
    }

    @Test func `a new remote that is in use already says so`() async throws {
      let user = try Workspace(nodes: "")
      #expect(try await user.run(["config", "set", "core.remote", "tmp"]).status == 0)
      let run = try await user.run(["remote", "add", "tmp", "127.0.0.1:1"])
      #expect(run.status == 0 && run.error.contains("commands mean it now"), "\(run.error)")
    }

    @Test func `a program named behind --node means that node`() async throws {
      try await Self.twoClusters { first, second, user in
        _ = try await user.run(["remote", "add", "one", first.addresses[0].description])
        _ = try await user.run(["use", "one"])
        let script = "#!/bin/sh\n'\(program.path)' task add there\n"
        let path = user.path + "/pdb-there"
        try Data(script.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o755)
        let run = try await user.run(
          ["--node", second.addresses[0].description, "there"],
          environment: ["PATH": user.path + ":/usr/bin:/bin"])
        #expect(run.status == 0, "\(run.error)")
        #expect(try await Self.titles(first).isEmpty)
        #expect(try await Self.titles(second) == ["there"])
      }
    }

    @Test func `a shell asks for the members once, and not again when the leader changes`()
      async throws
    {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        func asked() async throws -> Int {
          var count = 0
          for node in 0..<3 {
            for line in try await cluster.get(node, "/metrics").body.split(separator: "\n")
            where line.hasPrefix("pdb_http_requests_total")
              && line.contains(#"route="/cluster/status""#)
            {
              count += line.split(separator: " ").last.flatMap { Int($0) } ?? 0
            }
          }
          return count
        }
        let before = try await asked()
        let changes = (0..<10).map { "kv set k \($0)" }
        let script = (["kv set k x", "cluster transfer"] + changes).joined(separator: "\n")
        let run = try await cluster.pdb("shell", input: Data(script.utf8))
        #expect(run.status == 0, "\(run.error)")
        // Each of the three nodes that are named is asked when the cluster is met.
        #expect(try await asked() - before <= 3)
      }
    }

    @Test func `a script can say which cluster it means`() async throws {
      try await TestCluster.running(1) { cluster in
        let status = try await cluster.pdb("status", "--json").json
        let id = try #require(status["cluster"]?.string)
        let birth = try await waitFor {
          try await cluster.get(0, "/status").json["birth"]?.string
        }
        for (wanted, code) in [("\(id)/\(birth)", Int32(0)), ("\(id)/0", 76), ("", 0), ("/", 78)] {
          let run = try await cluster.workspace.run(
            ["task", "add", "x"], environment: ["PDB_CLUSTER": wanted])
          #expect(run.status == code, "\(wanted): \(run.error)")
        }
      }
    }

    @Test func `a shell stays with the cluster that its prompt names`() async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      try cluster.start(0)
      _ = try await cluster.leader()
      let terminal = try Terminal(cluster.workspace, ["shell"])
      try await terminal.wait(for: "leader t1>")
      terminal.type("task add old\r")
      try await terminal.wait(for: "added 1  old")
      cluster.kill9(0)
      try cluster.wipe(0)
      try cluster.start(0, arguments: ["--cluster", cluster.addresses[0].description])
      _ = try await cluster.leader()
      try await terminal.wait(for: "another cluster answers")
      terminal.type("task add new\r")
      try await terminal.wait(for: "wrong_cluster")
      #expect(try await Self.titles(cluster).isEmpty)
    }
  }
}
