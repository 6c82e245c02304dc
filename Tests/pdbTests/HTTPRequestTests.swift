// What is wrong with a request that a node must not guess about, and what it says then.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct HTTPRequestTests {
    @Test(arguments: [
      (HTTPMethod.DELETE, "/tasks?status=completed&q=x", "q"), (.GET, "/tasks?show=active", "show"),
      (.GET, "/jobs?prefix=a", "prefix"), (.GET, "/kv/a?limit=1", "limit"),
      (.GET, "/status?x", "x"), (.POST, "/tasks?force=true", "force"),
      (.GET, "/tasks/1?id=2", "id"),
    ])
    func `a parameter that means nothing here is refused, and the known ones are named`(
      method: HTTPMethod, path: String, name: String
    ) async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.send(0, .POST, "/tasks", #"{"title":"a"}"#)
        let body = method == .POST ? #"{"title":"b"}"# : nil
        let answer = try await cluster.send(0, method, path, body)
        #expect(answer.status == 400)
        let error = try answer.json
        #expect(error["message"]?.string?.contains("'\(name)'") == true)
        #expect(error["parameters"]?.array != nil && error["outcome"]?.string == "not_applied")
        #expect(try await cluster.get(0, "/tasks").json["tasks"]?.array?.count == 1)
      }
    }

    @Test func `a parameter that is given twice is refused`() async throws {
      try await TestCluster.running(1) { cluster in
        for path in ["/tasks?limit=1&limit=2", "/kv?prefix=a&limit=1&prefix=a"] {
          let answer = try await cluster.get(0, path)
          #expect(answer.status == 400, "\(path)")
        }
        // The page's own are for the page.
        let page = try await cluster.get(0, "/?show=active&q=a&q=b")
        #expect(page.status == 200)
      }
    }

    @Test func `the parameters of every endpoint are in the machine's list`() async throws {
      try await TestCluster.running(1) { cluster in
        let paths = try await cluster.get(0, "/openapi.json").json["paths"]
        let parameters = paths?["/kv"]?["get"]?["parameters"]?.array ?? []
        #expect(
          parameters.compactMap { $0["name"]?.string } == [
            "prefix", "limit", "after", "tasks", "consistency", "at",
          ])
        let removal = paths?["/task"]?["delete"]?["parameters"]?.array ?? []
        #expect(removal.compactMap { $0["name"]?.string } == ["id"])
        #expect(
          removal.compactMap { $0["$ref"]?.string?.split(separator: "/").last } == [
            "PDB-Expect-Cluster", "Idempotency-Key", "PDB-Author", "PDB-Request-Age",
            "PDB-Request-Revision", "If-Match", "If-None-Match",
          ])
        #expect(try await cluster.get(0, "/endpoints").body.contains("/task "))
      }
    }

    @Test func `two conditions at once are refused`() async throws {
      try await TestCluster.running(1) { cluster in
        for path in ["/kv/a", "/tasks"] {
          let answer = try await cluster.send(
            0, path == "/kv/a" ? .PUT : .GET, path, path == "/kv/a" ? #"{"value":1}"# : nil,
            headers: ["If-Match": "\"1\"", "If-None-Match": "*"])
          #expect(answer.status == 400, "\(path)")
        }
        #expect(try await cluster.get(0, "/kv/a").status == 404)
      }
    }

    @Test(arguments: [
      "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
      "Connection: Upgrade, close\r\nUpgrade: websocket\r\n",
      "Connection: close\r\nUpgrade: TLS/1.0, h2c\r\n",
    ])
    func `an offer to change to another protocol is ignored`(headers: String) async throws {
      try await TestCluster.running(1) { cluster in
        let host = "Host: \(cluster.addresses[0])\r\n"
        let get = "GET /health HTTP/1.1\r\n\(host)\(headers)\r\n"
        let answer = try cluster.sendRaw(0, Array(get.utf8), isLast: false)
        #expect(answer.hasPrefix("HTTP/1.1 200") && answer.contains(#""status":"ok""#))
        let body = #"{"title":"a"}"#
        let post =
          "POST /tasks HTTP/1.1\r\n\(host)\(headers)Content-Type: application/json\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let added = try cluster.sendRaw(0, Array(post.utf8), isLast: false)
        #expect(added.hasPrefix("HTTP/1.1 201"), "\(added)")
      }
    }

    @Test func `a connection on which another protocol was offered ends with the answer`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        let get = "GET /health HTTP/1.1\r\nHost: \(cluster.addresses[0])\r\n"
        let offer =
          "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
        // Otherwise Java's client would send its next request there, and wait for ever.
        let connection = try cluster.connection(0)
        connection.send(get + offer + "\r\n")
        #expect(try connection.readToEnd().contains("Connection: close"))
        let second = try cluster.connection(0)
        second.send(get + "\r\n")
        _ = try second.read(until: "ok")
        second.send(get + offer + "\r\n")
        #expect(try second.readToEnd().contains("Connection: close"))
      }
    }

    private static func post(_ cluster: TestCluster, _ headers: String) -> String {
      "POST /tasks HTTP/1.1\r\nHost: \(cluster.addresses[0])\r\n"
        + "Content-Type: application/json\r\n\(headers)\r\n"
    }

    @Test func `a body that is announced is asked for when the request will be taken`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        let connection = try cluster.connection(0)
        connection.send(
          Self.post(cluster, "Content-Length: 13\r\nConnection: close\r\nExpect: 100-continue\r\n"))
        #expect(try connection.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        connection.send(#"{"title":"a"}"#)
        #expect(try connection.readToEnd().contains("HTTP/1.1 201"))
      }
    }

    @Test(
      arguments: [
        ("Content-Length: 2000000\r\n", "413"),
        ("Content-Length: 10\r\nOrigin: http://e.example\r\n", "403"),
        ("Content-Length: 10\r\nIf-Match: \"1\"\r\n", "400"),
      ], ["", "Expect: 100-continue\r\n"])
    func `what will be refused is refused before its body is there`(
      bad: (headers: String, status: String), expectation: String
    ) async throws {
      try await TestCluster.running(1) { cluster in
        let connection = try cluster.connection(0)
        connection.send(Self.post(cluster, bad.headers + expectation))
        let answer = try connection.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 \(bad.status)"), "\(answer)")
        #expect(answer.contains("Connection: close"))
        #expect(answer.contains("not_applied"))
      }
    }

    @Test func `a request that is refused with its body there leaves the connection open`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        let connection = try cluster.connection(0)
        for body in [#"{"title":""}"#, #"{"title":"a"}"#] {
          connection.send(
            Self.post(cluster, "Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n")
              + body)
        }
        let host = "Host: \(cluster.addresses[0])\r\n"
        connection.send("DELETE /tasks?q=x HTTP/1.1\r\n\(host)\r\n")
        connection.send("GET /health HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
        let answers = try connection.readToEnd().split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
        #expect(answers.filter { $0 != "100" } == ["400", "201", "400", "200"])
      }
    }

    @Test func `two hosts are refused, and so is none`() async throws {
      try await TestCluster.running(1) { cluster in
        let host = "Host: \(cluster.addresses[0])\r\n"
        for hosts in [host + host, host + "host: evil.example\r\n", ""] {
          let answer = try cluster.sendRaw(
            0, Array("GET /tasks HTTP/1.1\r\n\(hosts)\r\n".utf8), isLast: false)
          #expect(answer.hasPrefix("HTTP/1.1 400"))
          #expect(answer.contains(#""error":"bad_request""#), "\(answer)")
        }
      }
    }

    @Test func `bytes that are no request are answered as every other error is`() async throws {
      try await TestCluster.running(1) { cluster in
        let host = "Host: \(cluster.addresses[0])\r\n"
        let good = "GET /health HTTP/1.1\r\n\(host)\r\n"
        let long = "GET /tasks HTTP/1.1\r\nX: \(String(repeating: "y", count: 20_000))\r\n\r\n"
        for bytes in ["NONSENSE\r\n\r\n", long, good + "NONSENSE\r\n\r\n"] {
          let answer = try cluster.sendRaw(0, Array(bytes.utf8), isLast: false)
          #expect(answer.contains("HTTP/1.1 400 Bad Request"))
          #expect(answer.contains(#""error":"bad_request""#), "\(answer.suffix(300))")
          #expect(answer.contains(#""outcome":"not_applied""#))
          #expect(answer.contains("PDB-Cluster: "))
        }
      }
    }

    @Test func `a wrong method names those that are right`() async throws {
      try await TestCluster.running(1) { cluster in
        for (path, allow) in [
          ("/tasks", "GET, HEAD, POST, DELETE"), ("/kv/a", "GET, HEAD, PUT, DELETE"),
          ("/undo", "POST"),
        ] {
          let answer = try await cluster.send(0, .PATCH, path, nil)
          #expect(answer.status == 405)
          #expect(answer.headers.first(name: "Allow") == allow)
        }
      }
    }

    @Test func `putting a new key is told from changing one, a repetition too`() async throws {
      try await TestCluster.running(1) { cluster in
        let id: HTTPHeaders = ["Idempotency-Key": "one"]
        for status in [201, 201] as [UInt] {
          let answer = try await cluster.send(0, .PUT, "/kv/a", #"{"value":1}"#, headers: id)
          #expect(answer.status == status)
        }
        #expect(try await cluster.send(0, .PUT, "/kv/a", #"{"value":2}"#).status == 200)
        #expect(
          try await cluster.send(0, .POST, "/set", #"{"key":"b","value":2}"#).status == 200)
      }
    }

    @Test func `what a client has already is not sent again`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.send(0, .PUT, "/kv/a", #"{"value":1}"#)
        let tag = try #require(try await cluster.get(0, "/kv/a").headers.first(name: "ETag"))
        for known in [tag, "W/\(tag)", "\"7\", \(tag)", "*"] {
          let answer = try await cluster.get(0, "/kv/a", headers: ["If-None-Match": known])
          #expect(answer.status == 304 && answer.body.isEmpty)
          #expect(answer.headers.first(name: "ETag") == tag)
        }
        _ = try await cluster.send(0, .PUT, "/kv/a", #"{"value":2}"#)
        let changed = try await cluster.get(0, "/kv/a", headers: ["If-None-Match": tag])
        #expect(changed.status == 200)
        #expect(try changed.json["value"]?.int64 == 2)
      }
    }

    @Test func `a large answer is compressed for a client that takes that`() async throws {
      try await TestCluster.running(1) { cluster in
        let value = String(repeating: "a long value ", count: 30_000)
        _ = try await cluster.send(0, .PUT, "/kv/large", #"{"value":"\#(value)"}"#)
        _ = try await cluster.send(0, .PUT, "/kv/small", #"{"value":1}"#)
        for path in ["/kv/large", "/kv", "/export"] {
          let plain = try await cluster.get(0, path)
          #expect(plain.headers.first(name: "Content-Encoding") == nil)
          let file = cluster.workspace.path + "/answer"
          let process = Process()
          process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
          process.arguments = [
            "-s", "-D", file + ".head", "-o", file, "--compressed", cluster.addresses[0].url + path,
          ]
          try process.run()
          process.waitUntilExit()
          let head = try String(contentsOfFile: file + ".head", encoding: .utf8)
          #expect(head.contains("Content-Encoding: gzip"), "\(path)")
          let body = try String(contentsOfFile: file, encoding: .utf8)
          #expect(path == "/export" ? body.contains(value) : body == plain.body)
        }
        for path in ["/kv/small", "/kv/large"] {
          let weight = path == "/kv/large" ? "gzip;q=0" : "gzip"
          let answer = try await cluster.get(0, path, headers: ["Accept-Encoding": weight])
          #expect(answer.headers.first(name: "Content-Encoding") == nil)
        }
      }
    }

    @Test func `a stream from a revision that is still to come is refused`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.send(0, .PUT, "/kv/a", #"{"value":1}"#)
        for node in 0..<3 {
          let answer = try await cluster.get(node, "/events?since=2")
          #expect(answer.status == 404)
          #expect(try answer.json["error"]?.string == "revision_not_found")
          #expect(try answer.json["revision"]?.uint64 == 1)
        }
        let connection = try cluster.connection(1)
        connection.send("GET /events?since=1 HTTP/1.1\r\nHost: \(cluster.addresses[1])\r\n\r\n")
        #expect(try connection.read(until: ": 1").hasPrefix("HTTP/1.1 200"))
      }
    }

    @Test func `a malformed address of a new member is the client's fault`() async throws {
      try await TestCluster.running(1) { cluster in
        for address in ["nonsense", "host:99999", ":1", ""] {
          let answer = try await cluster.send(
            0, .POST, "/cluster/members", #"{"address":"\#(address)"}"#)
          #expect(answer.status == 400, "\(address)")
          #expect(try answer.json["error"]?.string == "bad_request")
        }
      }
    }

    @Test func `a page of another site gets no data, and a link to the page works`() async throws {
      try await TestCluster.running(1) { cluster in
        let foreign: HTTPHeaders = ["Sec-Fetch-Site": "cross-site"]
        for path in ["/jobs", "/events", "/export", "/tasks"] {
          let answer = try await cluster.get(0, path, headers: foreign)
          #expect(answer.status == 403, "\(path)")
          #expect(try answer.json["error"]?.string == "forbidden_origin")
        }
        #expect(try await cluster.get(0, "/", headers: foreign).status == 200)
        // The page of another member says where it comes from.
        let member: HTTPHeaders = [
          "Sec-Fetch-Site": "cross-site", "Origin": cluster.addresses[0].url,
        ]
        #expect(try await cluster.get(0, "/jobs", headers: member).status == 200)
        for own in ["same-origin", "same-site", "none"] {
          #expect(try await cluster.get(0, "/jobs", headers: ["Sec-Fetch-Site": own]).status == 200)
        }
      }
    }
  }
}
