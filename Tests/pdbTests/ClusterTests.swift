// Clusters of real processes: replication, redirects, death and return.

import Foundation
import NIOCore
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct ClusterTests {
    private func add(_ cluster: TestCluster, _ node: Int, _ title: String) async throws
      -> TestCluster.Answer
    {
      try await cluster.send(node, .POST, "/tasks", #"{"title":"\#(title)"}"#)
    }

    private func titles(_ cluster: TestCluster, _ node: Int, stale: Bool = false) async throws
      -> [String]
    {
      let answer = try await cluster.get(node, "/tasks" + (stale ? "?consistency=stale" : ""))
      return try answer.json["tasks"]?.array?.compactMap { $0["title"]?.string } ?? []
    }

    // Which node leads first depends on how fast each starts; that the lowest port does when all are
    // ready is tested in RaftTests.
    @Test func `every node answers the same at once`() async throws {
      try await TestCluster.running(4) { cluster in
        for round in 1...10 {
          try await cluster.change(.add("task \(round)"))
          for node in 0..<4 { #expect(try await titles(cluster, node).count == round) }
        }
        let bodies = try await (0..<4).asyncMap { try await cluster.get($0, "/tasks").body }
        #expect(Set(bodies).count == 1)
      }
    }

    @Test func `a follower points to the leader as the seed documents`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let leading = try await cluster.leader()
        let (follower, other) = ((leading + 1) % 3, (leading + 2) % 3)
        let answer = try await add(cluster, follower, "x")
        let leader = "http://\(cluster.addresses[leading])"
        #expect(answer.status == 307)
        #expect(answer.headers.first(name: "Location") == leader + "/tasks")
        let json = try answer.json
        #expect(json["error"]?.string == "not_leader")
        #expect(json["message"]?.string == "Only leader can create tasks")
        #expect(json["leader"]?.string == leader)
        // A browser cannot follow, so it gets what the seed's page expects.
        let page = try await cluster.send(
          follower, .POST, "/tasks", #"{"title":"x"}"#,
          headers: ["Origin": "http://localhost:5500"])
        #expect(page.status == 403)
        #expect(try page.json["leader"]?.string == leader)
        let followed = try await cluster.workspace.run([
          "task", "add", "y", "--node", cluster.addresses[other].description,
        ])
        #expect(followed.status == 0)
        #expect(try await titles(cluster, follower) == ["y"])
      }
    }

    @Test func `a dead leader is replaced, returns as a follower and catches up`() async throws {
      try await TestCluster.running(3) { cluster in
        try await cluster.change(.add("before"))
        let dead = try await cluster.leader()
        cluster.kill9(dead)
        try await cluster.change(.add("during"))
        #expect(try await cluster.leader() != dead)
        try cluster.start(dead)
        let statuses = try await cluster.settled()
        #expect(statuses[dead]["is_leader"]?.bool == false)
        #expect(Set(statuses.map { $0["hash"]?.string }).count == 1)
        for node in 0..<3 { #expect(try await titles(cluster, node) == ["during", "before"]) }
      }
    }

    @Test func `without a quorum changes are refused truthfully and stale reads go on`()
      async throws
    {
      try await TestCluster.running(4) { cluster in
        try await cluster.change(.add("before"))
        _ = try await cluster.settled()
        cluster.kill9(0)
        cluster.kill9(1)
        // Once the survivors know that there is no leader they promise that nothing is applied.
        let refused = try await waitFor {
          let answer = try await add(cluster, 2, "refused")
          return answer.status == 503 ? answer : nil
        }
        #expect(try refused.json["error"]?.string == "no_leader")
        #expect(try refused.json["outcome"]?.string == "not_applied")
        #expect(refused.headers.contains(name: "Retry-After"))
        let stale = try await cluster.get(2, "/tasks?consistency=stale")
        #expect(stale.status == 200)
        #expect(stale.headers.first(name: "PDB-Consistency") == "stale")
        let seen = try await titles(cluster, 2, stale: true)
        #expect(seen == ["before"])
        #expect(try await cluster.get(2, "/tasks").status == 503)
        #expect(try await cluster.get(2, "/readyz").status == 503)
        let command = try await cluster.workspace.run([
          "task", "add", "x", "--timeout", "2", "--node", cluster.addresses[2].description,
          "--json",
        ])
        #expect(command.status == 75, "\(command.error)")
        #expect(try command.errorJSON["outcome"]?.string == "not_applied")
        let status = try await cluster.workspace.run([
          "cluster", "status", "--json", "--node", cluster.addresses[2].description,
        ])
        #expect(status.status == 1)
        #expect(try status.json["health"]?.string == "no_quorum")
        // One node back, and service resumes by itself.
        try cluster.start(1)
        try await cluster.change(.add("after"))
        let titles = try await titles(cluster, 2)
        #expect(titles == ["after", "before"])
      }
    }

    @Test func `a leader that was stopped serves nothing stale when it wakes`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.send(0, .POST, "/set", #"{"key":"n","value":1}"#)
        cluster.send(signal: SIGSTOP, to: 0)
        try await cluster.change(.set("n", to: 2), asking: 1...)
        // The read is on its way to the old leader before it wakes.
        async let read = cluster.get(0, "/kv/n", patience: .seconds(30))
        cluster.send(signal: SIGCONT, to: 0)
        let answer = try await read
        let value = try answer.json["value"]?.int64
        #expect(answer.status == 503 || value == 2, "\(answer.body)")
        #expect(try await waitFor { try? await cluster.get(0, "/kv/n").json["value"]?.int64 } == 2)
        let statuses = try await cluster.settled()
        #expect(Set(statuses.map { $0["hash"]?.string }).count == 1)
      }
    }

    /// Rounds of killing every node in the middle of writes; PDB_CRASH_ROUNDS asks for more.
    @Test func `whatever was acknowledged survives the death of all nodes, once`() async throws {
      let rounds = ProcessInfo.processInfo.environment["PDB_CRASH_ROUNDS"].flatMap { Int($0) } ?? 3
      try await TestCluster.running(3) { cluster in
        var acknowledged: Set<String> = []
        for round in 0..<rounds {
          let writers = Writers(cluster, count: 8, prefix: "round \(round)")
          async let written = writers.run()
          _ = try await waitFor { writers.count >= 40 ? true : nil }
          for node in 0..<3 { cluster.send(signal: SIGKILL, to: node) }
          for node in 0..<3 { cluster.kill9(node) }
          acknowledged.formUnion(await written)
          for node in 0..<3 { try cluster.start(node) }
          let statuses = try await cluster.settled()
          #expect(Set(statuses.map { $0["hash"]?.string }).count == 1, "round \(round)")
          for node in 0..<3 {
            let titles = try await titles(cluster, node)
            #expect(Set(titles).count == titles.count, "round \(round): something is there twice")
            #expect(acknowledged.isSubset(of: titles), "round \(round): something is missing")
          }
        }
      }
    }
  }
}

/// Clients that add tasks until a node refuses, and remember what was acknowledged.
private final class Writers: Sendable {
  private let cluster: TestCluster
  private let clients: Int
  private let prefix: String
  private let acknowledged = Locked<Set<String>>([])

  init(_ cluster: TestCluster, count: Int, prefix: String) {
    self.cluster = cluster
    clients = count
    self.prefix = prefix
  }

  var count: Int { acknowledged.value.count }

  func run() async -> Set<String> {
    await withTaskGroup(of: Void.self) { group in
      for client in 0..<clients {
        group.addTask { await self.write(client) }
      }
    }
    return acknowledged.value
  }

  private func write(_ number: Int) async {
    try? await cluster.withStore(patience: .seconds(5)) { store in
      for sequence in 0... {
        let title = "\(prefix) client \(number) task \(sequence)"
        try await store.apply(.add(title))
        acknowledged.change { $0.insert(title) }
      }
    }
  }
}

extension Sequence {
  fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async rethrows -> [T] {
    var values: [T] = []
    for element in self { values.append(try await body(element)) }
    return values
  }
}
