// The settings of a cluster, on real processes.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct SettingsTests {
    /// Waits until all members have said that they understand settings.
    private func waitUntilUnderstood(_ cluster: TestCluster) async throws {
      _ = try await waitFor {
        try await cluster.pdb("cluster", "unset", "history.keep").status == 0 ? true : nil
      }
    }

    /// Runs the command line with one node as all that it knows.
    private func pdb(
      _ cluster: TestCluster, _ node: Int, _ arguments: String...
    ) async throws -> CommandResult {
      try await cluster.workspace.run(
        arguments + ["--node", cluster.addresses[node].description])
    }

    @Test func `what is set on one node holds on all, and the history is forgotten`() async throws {
      try await TestCluster.running(3) { cluster in
        try await waitUntilUnderstood(cluster)
        let leader = try await cluster.leader()
        let (follower, other) = ((leader + 1) % 3, (leader + 2) % 3)
        let set = try await pdb(cluster, follower, "cluster", "set", "history.revisions", "10")
        #expect(set.status == 0 && set.output == "history.revisions\t10\n", "\(set.error)")
        let read = try await pdb(cluster, other, "cluster", "settings")
        #expect(
          read.rows == [
            ["history.keep", "forever", "forever"], ["history.revisions", "10", "100000"],
            ["history.bytes", "256M", "256M"],
          ])
        let lines = (1...64).map { "kv set k\($0 % 3) \($0)" }.joined(separator: "\n")
        #expect(
          try await cluster.pdb("shell", "--quiet", input: Data(lines.utf8)).status == 0)
        for node in 0..<3 {
          let log = try await pdb(cluster, node, "log").column(0)
          #expect(log.first == "65" && (10...26).contains(log.count), "\(log)")
        }
        #expect(try await cluster.pdb("show", "1").status == 1)
        let statuses = try await cluster.settled()
        #expect(Set(statuses.map { $0["hash"]?.string }).count == 1)
        let unset = try await pdb(cluster, other, "cluster", "unset", "history.revisions")
        #expect(unset.output == "history.revisions\t100000\n")
        #expect(try await pdb(cluster, leader, "cluster", "settings").cell(1, 1) == "100000")
      }
    }

    @Test func `a change of a setting is told, shown and undone`() async throws {
      try await TestCluster.running(1) { cluster in
        try await waitUntilUnderstood(cluster)
        _ = try await cluster.pdb("kv", "set", "a", "1")
        let set = try await cluster.pdb("cluster", "set", "history.keep", "720h", "--json").json
        #expect(
          set == [
            "name": "history.keep", "value": "30d", "default": "forever", "is_default": false,
            "revision": 2,
          ])
        // What holds already is no change.
        let same = try await cluster.pdb("cluster", "set", "history.keep", "30d", "--json").json
        #expect(same["revision"]?.int64 == 2)
        #expect(
          try await cluster.pdb("log").column(3) == ["cluster set history.keep 30d", "kv set"])
        #expect(
          try await cluster.pdb("show", "2").rows == [["setting history.keep", "forever", "30d"]])
        let shown = try await cluster.pdb("show", "2", "--json").json
        #expect(shown["changes"]?.array?.isEmpty == true && shown["count"]?.int64 == 0)
        #expect(shown["settings"]?.array?[0]["after"]?.string == "30d")
        #expect(try await cluster.pdb("undo").output == "2\n")
        let settings = try await cluster.pdb("cluster", "settings", "--json").json
        #expect(settings["revision"]?.int64 == 3)
        #expect(
          settings["settings"]?.array?[0]
            == [
              "name": "history.keep", "value": "forever", "default": "forever", "is_default": true,
            ])
        #expect(try await cluster.pdb("log", "-n", "1").cell(0, 5) == "history.keep = forever")
        _ = try await cluster.pdb("cluster", "set", "history.revisions", "0")
        let undo = try await cluster.pdb("undo")
        #expect(undo.status == 1 && undo.error.contains("nothing can be undone"))
      }
    }

    @Test func `names and values that are none are refused`() async throws {
      try await TestCluster.running(1) { cluster in
        try await waitUntilUnderstood(cluster)
        for words in [
          ["cluster", "set", "history.nothing", "1"], ["cluster", "unset", "history"],
          ["cluster", "set", "history.keep", "1y"], ["cluster", "set", "history.revisions", "-1"],
          ["cluster", "set", "history.bytes", "2T"], ["cluster", "set", "history.keep", ""],
        ] {
          let refused = try await cluster.workspace.run(words)
          #expect(refused.status == 65 || refused.status == 64, "\(words): \(refused.error)")
        }
        let error = try await cluster.pdb("cluster", "set", "history.keep", "soon", "--json")
          .errorJSON
        #expect(error["error"]?.string == "bad_request")
        #expect(error["outcome"]?.string == "not_applied")
        #expect(error["hint"]?.string?.contains("for example 30d") == true)
        #expect(try await cluster.pdb("cluster", "set", "history.keep").status == 64)
        #expect(try await cluster.pdb("log").output.isEmpty)
      }
    }

    static let requests: [(HTTPMethod, String, String?, UInt)] = [
      (.PUT, "history.keep", #"{"value":"1y"}"#, 400),
      (.PUT, "history.keep", #"{"value":null}"#, 400), (.PUT, "history.keep", "{}", 400),
      (.PUT, "history.keep", #"{"value":"1d","more":1}"#, 400),
      (.PUT, "nothing", #"{"value":"1d"}"#, 400), (.PUT, "history.keep", "1", 400),
      (.DELETE, "nothing", nil, 400), (.POST, "history.keep", "{}", 405),
      (.PUT, "history.revisions", #"{"value":7}"#, 200),
      (.PUT, "history%2Ekeep", #"{"value":"7d"}"#, 200), (.DELETE, "history.keep", nil, 200),
    ]

    @Test(arguments: requests)
    func `a request is answered as it deserves`(
      method: HTTPMethod, name: String, body: String?, status: UInt
    ) async throws {
      try await TestCluster.running(1) { cluster in
        try await waitUntilUnderstood(cluster)
        let answer = try await cluster.send(0, method, "/cluster/settings/\(name)", body)
        #expect(answer.status == status, "\(answer.body)")
        let settings = try await cluster.get(0, "/cluster/settings")
        #expect(settings.status == 200)
        #expect(try settings.json["settings"]?.array?.count == 3)
      }
    }

    @Test func `names and values are completed`() async throws {
      let workspace = try Workspace()
      let names = try await workspace.run(["__complete", "fish", "cluster", "set", "history."])
      #expect(names.column(0) == ["history.keep", "history.revisions", "history.bytes"])
      let values = try await workspace.run(
        ["__complete", "fish", "cluster", "set", "history.keep", "3"])
      #expect(values.column(0) == ["30d"])
      let unset = try await workspace.run(["__complete", "fish", "cluster", "unset", "history.k"])
      #expect(unset.column(0) == ["history.keep"])
      let config = try await workspace.run(["__complete", "fish", "config", "get", "core.t"])
      #expect(config.column(0).contains("core.timeout"))
    }
  }
}
