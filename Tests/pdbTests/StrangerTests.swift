// What clients that nobody knows can do to a node's memory and places.

import Foundation
import NIOCore
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct StrangerTests {
    private static let largeValue = String(repeating: "x", count: 500 << 10)

    /// Fills a node with large values.
    private static func fill(_ cluster: TestCluster, _ count: Int) async throws {
      for number in 0..<count {
        _ = try await cluster.send(
          0, .PUT, "/kv/large\(number)", #"{"value":"\#(largeValue)"}"#)
      }
    }

    private static func put(_ cluster: TestCluster, _ node: Int, length: Int) -> String {
      cluster.head(node, "PUT /kv/a")
        + "Content-Type: application/json\r\nContent-Length: \(length)\r\n\r\n"
    }

    // MARK: Answers

    @Test func `a client that takes no answers is asked for no more requests`() async throws {
      try await TestCluster.running(1) { cluster in
        try await Self.fill(cluster, 1)
        let connection = try cluster.connection(0, isDeaf: true)
        let get = cluster.head(0, "GET /kv/large0?consistency=stale")
        for _ in 0..<59 { connection.send(get + "\r\n") }
        connection.send(get + "Connection: close\r\n\r\n")
        let answered = #"pdb_http_requests_total{method="GET",route="/kv/**",status="200"}"#
        _ = try await waitFor { try await cluster.figure(0, answered) }
        // 30 MB: far more than systems keep for a connection.
        for _ in 0..<50 {
          #expect(try #require(await cluster.figure(0, answered)) < 60)
        }
        // It is answered all the same, when it takes that.
        let answers = try connection.readToEnd()
        #expect(answers.components(separatedBy: "HTTP/1.1 200 OK").count == 61)
        #expect(try await cluster.figure(0, answered) == 60)
      }
    }

    @Test func `a stream whose client goes on sending takes only the beginning of that`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        let before = try #require(await cluster.figure(0, "process_resident_memory_bytes"))
        var streams: [RawConnection] = []
        let body = [UInt8](repeating: 0x78, count: 1 << 20)
        let request = Array(Self.put(cluster, 0, length: body.count).utf8) + body
        for _ in 0..<4 {
          let stream = try cluster.connection(0)
          stream.send(cluster.head(0, "GET /events") + "\r\n")
          _ = try stream.read(until: "\r\n\r\n")
          _ = stream.sendWhatIsTaken(of: Array(repeating: request, count: 32).flatMap { $0 })
          streams.append(stream)
        }
        let after = try #require(await cluster.figure(0, "process_resident_memory_bytes"))
        #expect(after - before < 24e6)
        // They are closed when nothing holds them.
        withExtendedLifetime(streams) {}
      }
    }

    @Test func `deaf readers of long lists make room for others`() async throws {
      try await TestCluster.running(1) { cluster in
        try await Self.fill(cluster, 24)
        var deaf: [RawConnection] = []
        for _ in 0..<Limits.longLists {
          let connection = try cluster.connection(0, isDeaf: true)
          connection.send(cluster.head(0, "GET /jobs") + "\r\n")
          deaf.append(connection)
        }
        _ = try await waitFor {
          try await cluster.figure(0, "pdb_streams") == Double(Limits.longLists) ? true : nil
        }
        let refused = try await cluster.get(0, "/export")
        #expect(refused.status == 503 && refused.headers.first(name: "Retry-After") == "1")
        #expect(try refused.json["error"]?.string == "busy")
        let list = try await waitFor {
          let answer = try await cluster.get(0, "/jobs")
          return answer.status == 200 ? answer : nil
        }
        #expect(try list.json.members?.count == 24)
        #expect(deaf.contains { $0.isClosed() })
      }
    }

    // MARK: Requests

    @Test func `unfinished requests that are too much are refused, the oldest first`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        let head = Self.put(cluster, 0, length: Limits.bodyBytes)
        let part = head + String(repeating: "x", count: Limits.bodyBytes - 1)
        var unfinished: [RawConnection] = []
        for _ in 0..<(Limits.requestBytes / Limits.bodyBytes + 4) {
          let connection = try cluster.connection(0)
          #expect(connection.sendWhatIsTaken(of: Array(part.utf8)) == part.utf8.count)
          unfinished.append(connection)
        }
        let answer = try unfinished[0].readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 503") && answer.contains("Retry-After: 1"))
        #expect(answer.contains(#""error":"busy""#) && answer.contains("not_applied"))
        #expect(!unfinished.last!.isClosed() && unfinished.last!.text.isEmpty)
        // One that is whole finds room.
        #expect(try await cluster.send(0, .PUT, "/kv/a", #"{"value":1}"#).status == 201)
      }
    }

    @Test func `a request with a wrong token is refused before its body is there`() async throws {
      try await TestCluster.running(1, token: "correct-horse-battery-staple") { cluster in
        for token in ["", "Authorization: Bearer wrong\r\n"] {
          let connection = try cluster.connection(0)
          connection.send(
            cluster.head(0, "PUT /kv/a")
              + "\(token)Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\nxxxx")
          #expect(try connection.readToEnd().hasPrefix("HTTP/1.1 401"))
        }
      }
    }

    @Test func `a connection that ends amid its requests lets go of all of them`() async throws {
      try await TestCluster.running(1) { cluster in
        let json = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        let requests =
          cluster.head(0, "GET /task?consistency=1") + "\r\n"
          + cluster.head(0, "DELETE /tasks") + "\r\n"
          + cluster.head(0, "POST /replicate") + json
          + "15\r\n{\"key\":\"a\",\"value\":1}\r\n0\r\n\r\n"
          + cluster.head(0, "GET /cluster/status") + "\r\n"
        for _ in 0..<50 { try cluster.connection(0).send(requests) }
        _ = try await waitFor {
          // The one that asks is a connection, too.
          guard try await cluster.figure(0, "pdb_connections") == 1 else { return nil as Bool? }
          return try await cluster.figure(0, "pdb_request_bytes") == 0 ? true : nil
        }
      }
    }

    // MARK: Places

    @Test(arguments: ["half requests", "half handshakes"])
    func `a cluster whose places strangers take goes on`(strangers: String) async throws {
      let cluster = try await TestCluster(3)
      defer { cluster.killAll() }
      for node in 0..<3 { try cluster.start(node, descriptors: 128) }
      let leader = try await cluster.leader()
      let follower = leader == 0 ? 1 : 0
      var held: [RawConnection] = []
      func hold(_ node: Int) throws {
        for _ in 0..<130 {
          let connection = try cluster.connection(node)
          // A TLS record of a handshake, of which some is still to come.
          connection.send(
            strangers == "half requests"
              ? Array(Self.put(cluster, node, length: 10).utf8) : [22, 3, 1, 2, 0, 1])
          held.append(connection)
        }
      }
      for node in 0..<3 { try hold(node) }
      // Administrators find a place, and so do peers: a member that starts again is heard.
      cluster.kill9(follower)
      try cluster.start(follower, descriptors: 128)
      _ = try await waitFor(within: .seconds(4)) {
        await cluster.status(follower)?["leader"]?.string
      }
      try hold(follower)
      cluster.kill9(leader)
      _ = try await waitFor(within: .seconds(4)) {
        for node in 0..<3 where node != leader {
          if await cluster.status(node)?["is_leader"]?.bool == true { return true }
        }
        return nil
      }
      // They are closed when nothing holds them.
      withExtendedLifetime(held) {}
    }

    @Test func `a node allows itself as many descriptors as it may have`() async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      try cluster.start(0, wrapper: "ulimit -Sn 200; ulimit -Hn 1500; exec \"$0\" \"$@\"")
      _ = try await cluster.leader()
      let process = try #require(cluster.processID(0))
      let limits = try String(contentsOfFile: "/proc/\(process)/limits", encoding: .utf8)
      let lines = limits.split(separator: "\n")
      let line = try #require(lines.first { $0.hasPrefix("Max open files") })
      #expect(line.split(separator: " ").dropFirst(3).prefix(2) == ["1500", "1500"])
    }
  }
}
