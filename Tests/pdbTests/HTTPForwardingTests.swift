// Clients with a token: which requests are accepted, and how changes reach the leader.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct HTTPForwardingTests {
    private static let token = "0123456789abcdef0123"
    private static let none: HTTPHeaders = ["Authorization": ""]

    @Test func `probes need no token`() async throws {
      try await TestCluster.running(1, token: Self.token) { cluster in
        for path in ["/livez", "/readyz"] {
          let answer = try await cluster.get(0, path, headers: Self.none)
          #expect(answer.status == 200)
        }
        let other = try await cluster.get(0, "/status", headers: Self.none)
        #expect(other.status == 401)
      }
    }

    @Test func `a wrong token is told from none`() async throws {
      try await TestCluster.running(1, token: Self.token) { cluster in
        var messages: Set<String> = []
        for authorization in ["", "Basic YTpi", "Bearer wrong"] {
          let answer = try await cluster.get(
            0, "/tasks", headers: ["Authorization": authorization])
          #expect(answer.status == 401)
          #expect(try answer.json["error"]?.string == "unauthorized")
          messages.insert(try answer.json["message"]?.string ?? "")
        }
        #expect(messages.count == 2)
      }
    }

    @Test func `a follower that is given a token hands changes on to the leader, and says so`()
      async throws
    {
      try await TestCluster.running(3, token: Self.token) { cluster in
        _ = try await cluster.settled()
        let leader = try await cluster.leader()
        let follower = (leader + 1) % 3
        let added = try await cluster.send(
          follower, .POST, "/tasks", #"{"title":"a"}"#, headers: ["PDB-Author": "lan"])
        #expect(added.status == 201)
        #expect(added.headers.first(name: "PDB-Forwarded") == "\(cluster.addresses[leader])")
        #expect(added.headers.first(name: "PDB-Revision") == "1")
        #expect(added.headers.first(name: "ETag") == "\"1\"")
        for (method, path, body, status) in [
          (HTTPMethod.PUT, "/tasks/1", #"{"completed":true}"#, UInt(200)),
          (.PUT, "/kv/a?force=true", #"{"value":1}"#, 201),
          (.POST, "/set", #"{"key":"","value":1}"#, 400), (.DELETE, "/tasks/77", nil, 404),
          (.DELETE, "/tasks?status=completed", nil, 200),
          (.POST, "/cluster/members", #"{"address":"127.0.0.1:1","more":1}"#, 201),
        ] as [(HTTPMethod, String, String?, UInt)] {
          let answer = try await cluster.send(follower, method, path, body)
          #expect(answer.status == status, "\(path): \(answer.body)")
        }
        let author = try await cluster.get(follower, "/log/1").json["author"]?.string
        #expect(author == "lan")
        // Read as it was written: the request id is the same everywhere.
        let id: HTTPHeaders = ["Idempotency-Key": "one"]
        var bodies: Set<String> = []
        for node in 0..<3 {
          bodies.insert(
            try await cluster.send(node, .POST, "/tasks", #"{"title":"b"}"#, headers: id).body)
        }
        #expect(bodies.count == 1)
      }
    }

    @Test func `a change is handed on once, and without a token not at all`() async throws {
      try await TestCluster.running(3, token: Self.token) { cluster in
        _ = try await cluster.settled()
        let follower = (try await cluster.leader() + 1) % 3
        let again = try await cluster.send(
          follower, .POST, "/tasks", #"{"title":"a"}"#,
          headers: ["PDB-Forwarded-By": "127.0.0.1:1"])
        #expect(again.status == 307 && again.headers.first(name: "PDB-Forwarded") == nil)
        let stranger = try await cluster.send(
          follower, .POST, "/tasks", #"{"title":"a"}"#, headers: Self.none)
        #expect(stranger.status == 401)
      }
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        let leader = try await cluster.leader()
        let answer = try await cluster.send((leader + 1) % 3, .POST, "/tasks", #"{"title":"a"}"#)
        #expect(answer.status == 307)
        #expect(
          answer.headers.first(name: "Location") == cluster.addresses[leader].url + "/tasks")
      }
    }

    @Test func `a leader that goes silent half-way leaves the change unknown`() async throws {
      try await TestCluster.running(3, token: Self.token) { cluster in
        _ = try await cluster.settled()
        let leader = try await cluster.leader()
        let follower = (leader + 1) % 3
        cluster.send(signal: SIGSTOP, to: leader)
        let answer = try await cluster.send(follower, .POST, "/tasks", #"{"title":"a"}"#)
        cluster.send(signal: SIGCONT, to: leader)
        // An election may have come first: then another one leads.
        if answer.status != 201 {
          #expect(answer.status == 504)
          #expect(try answer.json["outcome"]?.string == "unknown")
        }
      }
    }

    @Test func `a leader that cannot be reached has not got the change`() async throws {
      try await TestCluster.running(3, token: Self.token) { cluster in
        _ = try await cluster.settled()
        let leader = try await cluster.leader()
        let follower = (leader + 1) % 3
        cluster.kill9(leader)
        var titles = 0
        _ = try await waitFor {
          let answer = try await cluster.send(follower, .POST, "/tasks", #"{"title":"a"}"#)
          if answer.status == 201 { titles += 1 }
          if answer.status == 503 {
            #expect(try answer.json["outcome"]?.string == "not_applied", "\(answer.body)")
          }
          return answer.status == 201 ? true : nil
        }
        #expect(
          try await cluster.get(follower, "/tasks").json["tasks"]?.array?.count == titles)
      }
    }
  }
}
