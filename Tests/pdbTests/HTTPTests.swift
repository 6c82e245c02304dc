// What a node answers over HTTP, to good requests and to bad ones.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct HTTPTests {
    /// A request that must be refused, and how.
    struct Bad: Sendable, CustomTestStringConvertible {
      let name: String
      var method = HTTPMethod.POST
      var path = "/tasks"
      var body: String? = #"{"title":"x"}"#
      var headers: HTTPHeaders = [:]
      let status: UInt
      let error: String

      var testDescription: String { name }
    }

    static let bad: [Bad] = [
      Bad(name: "empty title", body: #"{"title":""}"#, status: 400, error: "title_required"),
      Bad(name: "blank title", body: #"{"title":" \t "}"#, status: 400, error: "title_required"),
      Bad(name: "no title", body: "{}", status: 400, error: "title_required"),
      Bad(
        name: "title that is a number", body: #"{"title":1}"#, status: 400, error: "title_required"),
      Bad(
        name: "title of 5 KiB", body: #"{"title":"\#(String(repeating: "x", count: 5120))"}"#,
        status: 400, error: "invalid_title"),
      Bad(
        name: "control characters", body: #"{"title":"a\u001b[2Jb"}"#, status: 400,
        error: "invalid_title"),
      Bad(name: "malformed JSON", body: #"{"title":"#, status: 400, error: "malformed_json"),
      Bad(name: "empty body", body: "", status: 400, error: "malformed_json"),
      Bad(name: "a list", body: "[]", status: 400, error: "bad_request"),
      Bad(
        name: "10,000-deep JSON", body: String(repeating: "[", count: 10_000), status: 400,
        error: "malformed_json"),
      Bad(
        name: "body of 2 MiB", body: #"{"title":"\#(String(repeating: "x", count: 2 << 20))"}"#,
        status: 413, error: "body_too_large"),
      Bad(
        name: "wrong content type", headers: ["Content-Type": "text/plain"], status: 415,
        error: "unsupported_media_type"),
      Bad(
        name: "form", body: "title=x",
        headers: ["Content-Type": "application/x-www-form-urlencoded"], status: 415,
        error: "unsupported_media_type"),
      Bad(name: "unknown path", path: "/nope", status: 404, error: "not_found"),
      Bad(name: "wrong method", method: .PATCH, status: 405, error: "method_not_allowed"),
      Bad(
        name: "foreign host", headers: ["Host": "evil.example"], status: 403,
        error: "forbidden_host"),
      Bad(
        name: "foreign origin", headers: ["Origin": "http://evil.example"], status: 403,
        error: "forbidden_origin"),
      Bad(name: "null origin", headers: ["Origin": "null"], status: 403, error: "forbidden_origin"),
      Bad(
        name: "origin that begins like ours", headers: ["Origin": "http://127.0.0.1.evil.example"],
        status: 403, error: "forbidden_origin"),
      Bad(
        name: "unknown task", method: .PUT, path: "/tasks/99", body: #"{"completed":true}"#,
        status: 404, error: "task_not_found"),
      Bad(
        name: "unknown task to remove", method: .DELETE, path: "/tasks/99", body: nil, status: 404,
        error: "task_not_found"),
      Bad(
        name: "nothing to change", method: .PUT, path: "/tasks/1", body: "{}", status: 400,
        error: "bad_request"),
      Bad(
        name: "completed that is a string", method: .PUT, path: "/tasks/1",
        body: #"{"completed":"yes"}"#, status: 400, error: "bad_request"),
      Bad(
        name: "stale If-Match", method: .PUT, path: "/tasks/1", body: #"{"title":"y"}"#,
        headers: ["If-Match": "\"77\""], status: 409, error: "conflict"),
      Bad(
        name: "removing all tasks", method: .DELETE, path: "/tasks", body: nil, status: 400,
        error: "bad_request"),
      Bad(
        name: "empty batch", path: "/tasks/batch", body: #"{"titles":[]}"#, status: 400,
        error: "title_required"),
      Bad(
        name: "batch of 1,001", path: "/tasks/batch",
        body: #"{"titles":[\#(Array(repeating: "\"x\"", count: 1001).joined(separator: ","))]}"#,
        status: 400, error: "too_many"),
      Bad(
        name: "batch with one bad title", path: "/tasks/batch", body: #"{"titles":["a",""]}"#,
        status: 400, error: "title_required"),
      Bad(name: "no key", path: "/set", body: #"{"value":1}"#, status: 400, error: "invalid_key"),
      Bad(
        name: "empty key", path: "/set", body: #"{"key":"","value":1}"#, status: 400,
        error: "invalid_key"),
      Bad(
        name: "key of pdb's own", path: "/set", body: #"{"key":"\u0000x","value":1}"#, status: 400,
        error: "invalid_key"),
      Bad(
        name: "key of 2 KiB", path: "/set",
        body: #"{"key":"\#(String(repeating: "k", count: 2048))","value":1}"#, status: 400,
        error: "invalid_key"),
      Bad(
        name: "no value", path: "/set", body: #"{"key":"a"}"#, status: 400, error: "invalid_value"),
      Bad(
        name: "value of 600 KiB", path: "/set",
        body: #"{"key":"a","value":"\#(String(repeating: "v", count: 600 << 10))"}"#, status: 400,
        error: "invalid_value"),
      Bad(
        name: "key that does not exist", method: .DELETE, path: "/kv/none", body: nil, status: 404,
        error: "key_not_found"),
      Bad(
        name: "increment of a word", path: "/increment", body: #"{"key":"word"}"#, status: 409,
        error: "not_a_number"),
      Bad(
        name: "increment by a fraction", path: "/increment", body: #"{"key":"n","by":1.5}"#,
        status: 400, error: "bad_request"),
      Bad(
        name: "a condition that the route does not read", path: "/increment", body: #"{"key":"n"}"#,
        headers: ["If-Match": "\"1\""], status: 400, error: "bad_request"),
      Bad(
        name: "bad request id", headers: ["Idempotency-Key": "with space"], status: 400,
        error: "bad_request"),
      Bad(
        name: "bad consistency", method: .GET, path: "/tasks?consistency=maybe", body: nil,
        status: 400, error: "bad_request"),
      Bad(
        name: "bad limit", method: .GET, path: "/tasks?limit=-1", body: nil, status: 400,
        error: "bad_request"),
      Bad(
        name: "bad status", method: .GET, path: "/tasks?status=lost", body: nil, status: 400,
        error: "bad_request"),
    ]

    @Test func `bad requests are refused with a clear error, and change nothing`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.send(0, .POST, "/tasks", #"{"title":"first"}"#)
        _ = try await cluster.send(0, .POST, "/set", #"{"key":"word","value":"x"}"#)
        let before = try await cluster.get(0, "/jobs")
        for bad in Self.bad {
          let answer = try await cluster.send(
            0, bad.method, bad.path, bad.body, headers: bad.headers)
          #expect(answer.status == bad.status, "\(bad.name)")
          let json = try answer.json
          #expect(json["error"]?.string == bad.error, "\(bad.name): \(answer.body.prefix(300))")
          #expect(json["message"]?.string?.isEmpty == false, "\(bad.name)")
          #expect(json["outcome"]?.string == "not_applied", "\(bad.name)")
        }
        let after = try await cluster.get(0, "/jobs")
        #expect(after.body == before.body)
        #expect(after.headers["PDB-Revision"] == before.headers["PDB-Revision"])
      }
    }

    @Test func `bytes that are no request do not disturb a node`() async throws {
      try await TestCluster.running(1) { cluster in
        let host = "Host: \(cluster.addresses[0])\r\n"
        let upgrade =
          "GET /peer HTTP/1.1\r\n\(host)Connection: upgrade\r\nUpgrade: pdb-raft/1\r\n\r\n"
        let hello: [UInt8] = [0, 0, 0, 7, 1, 1, 1, 0x78, 1, 2, 3]
        var raw: [[UInt8]] = [
          Array("\u{16}\u{3}\u{1}garbage".utf8), Array(repeating: 0, count: 4096),
          Array("POST /tasks HTTP/1.1\r\nX: \(String(repeating: "y", count: 20_000))\r\n\r\n".utf8),
          Array("GET /tasks HTTP/1.1\r\n\r\n".utf8),
          Array(
            "POST /tasks HTTP/1.1\r\n\(host)Content-Type: application/json\r\n".utf8)
            + Array("Content-Length: 13\r\n\r\n{\"title\":\"\u{FF}\"}".utf8.dropLast(3)) + [
              0xFF, 0x22, 0x7D,
            ],
          Array(upgrade.utf8), Array(upgrade.utf8) + hello,
          Array(upgrade.utf8) + [0xFF, 0xFF, 0xFF, 0xFF, 20], Array(upgrade.utf8) + [0, 0, 0, 0],
          Array(upgrade.utf8) + [0, 0, 0, 1, 99],
        ]
        var random = SystemRandomNumberGenerator()
        raw += (0..<20).map { _ in
          Array(upgrade.utf8) + (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        for bytes in raw { _ = try cluster.sendRaw(0, bytes) }
        let answer = try await cluster.get(0, "/jobs")
        #expect(answer.status == 200 && answer.body == "{}\n")
        #expect(try await cluster.get(0, "/status").json["term"]?.uint64 == 1)
      }
    }

    @Test func `a request that cannot be parsed is answered, not left waiting`() async throws {
      try await TestCluster.running(1) { cluster in
        let host = "Host: \(cluster.addresses[0])\r\n"
        let json = "Content-Type: application/json\r\n"
        for request in [
          "NONSENSE\r\n\r\n", "GET /tasks?q=h\u{1ECD}c HTTP/9.9\r\n\(host)\r\n",
          "GET /tasks HTTP/1.1\r\nX: \(String(repeating: "y", count: 20_000))\r\n\r\n",
          "POST /set HTTP/1.1\r\n\(host)\(json)Content-Length: x\r\n\r\n{}",
        ] {
          let answer = try cluster.sendRaw(0, Array(request.utf8), isLast: false)
          #expect(answer.hasPrefix("HTTP/1.1 4"), "\(request.prefix(60)): \(answer)")
        }
        let head =
          "HEAD /tasks HTTP/1.1\r\n\(host)Connection: close\r\n\r\n"
        let answer = try cluster.sendRaw(0, Array(head.utf8), isLast: false)
        #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix("\r\n\r\n"))
        let chunked =
          "POST /set HTTP/1.1\r\n\(host)\(json)Connection: close\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n"
          + String(repeating: "10000\r\n\(String(repeating: " ", count: 65536))\r\n", count: 20)
          + "0\r\n\r\n"
        let large = try cluster.sendRaw(0, Array(chunked.utf8), isLast: false)
        #expect(large.contains("413") && large.contains("body_too_large"), "\(large.prefix(300))")
      }
    }

    @Test func `a key that is not percent-encoded correctly is refused`() async throws {
      try await TestCluster.running(1) { cluster in
        for key in ["%zz", "a%", "%4"] {
          let request =
            "GET /kv/\(key) HTTP/1.1\r\nHost: \(cluster.addresses[0])\r\n"
            + "Connection: close\r\n\r\n"
          let answer = try cluster.sendRaw(0, Array(request.utf8), isLast: false)
          #expect(answer.contains("400 Bad Request") && answer.contains("invalid_key"), "\(answer)")
        }
      }
    }

    @Test func `a request id is applied once, and refused for another request`() async throws {
      try await TestCluster.running(1) { cluster in
        let id: HTTPHeaders = ["Idempotency-Key": "abc-1"]
        let first = try await cluster.send(0, .POST, "/tasks", #"{"title":"a"}"#, headers: id)
        let second = try await cluster.send(0, .POST, "/tasks", #"{"title":"a"}"#, headers: id)
        #expect(first.status == 201 && second.status == 201)
        #expect(first.body == second.body)
        let other = try await cluster.send(0, .POST, "/tasks", #"{"title":"b"}"#, headers: id)
        #expect(other.status == 409)
        #expect(try other.json["error"]?.string == "request_mismatch")
        #expect(try await cluster.get(0, "/tasks").json["tasks"]?.array?.count == 1)
        // The memory survives the process.
        cluster.kill9(0)
        try cluster.start(0)
        _ = try await cluster.leader()
        let third = try await cluster.send(0, .POST, "/tasks", #"{"title":"a"}"#, headers: id)
        #expect(third.body == first.body)
      }
    }

    @Test func `every endpoint of the seed answers with the fields it documents`() async throws {
      try await TestCluster.running(1) { cluster in
        let task = try await cluster.send(0, .POST, "/tasks", #"{"title":"Học Python"}"#)
        #expect(task.status == 201)
        let id = try #require(try task.json["id"]?.string)
        let fields: [(HTTPMethod, String, String?, [String])] = [
          (.GET, "/tasks", nil, ["tasks"]),
          (
            .PUT, "/tasks/\(id)", #"{"completed":true}"#,
            ["id", "title", "completed", "created_at"]
          ),
          (.POST, "/set", #"{"key":"name","value":"Trường"}"#, ["status", "role"]),
          (.GET, "/jobs", nil, ["name", "task_\(id)"]),
          (.POST, "/replicate", #"{"key":"task_123","value":{"title":"Task"}}"#, ["status"]),
          (.POST, "/replicate", #"{"key":"gone","value":null}"#, ["status"]),
          (
            .GET, "/heartbeat", nil,
            ["status", "port", "is_leader", "current_leader", "term", "leader"]
          ),
          (
            .GET, "/status", nil,
            ["leader", "is_leader", "port", "last_heartbeat", "term", "current_leader", "peers"]
          ),
          (.GET, "/health", nil, ["status", "port", "is_leader", "term"]),
          (
            .GET, "/cluster/status", nil,
            ["leader", "followers", "current_node", "is_leader", "members", "term"]
          ),
          (.DELETE, "/tasks/\(id)", nil, ["status"]),
          (.GET, "/livez", nil, ["status"]), (.GET, "/readyz", nil, ["status"]),
          (.GET, "/openapi.json", nil, ["openapi", "paths"]),
        ]
        for (method, path, body, names) in fields {
          let answer = try await cluster.send(0, method, path, body)
          #expect(answer.status == 200, "\(method) \(path): \(answer.body)")
          let json = try answer.json
          for name in names { #expect(json[name] != nil, "\(method) \(path) lacks \(name)") }
          for header in ["PDB-Revision", "PDB-Term", "PDB-Node", "PDB-Cluster"] {
            #expect(answer.headers.contains(name: header), "\(method) \(path) lacks \(header)")
          }
        }
        #expect(try await cluster.get(0, "/jobs").json["name"]?.string == "Trường")
        #expect(try await cluster.get(0, "/tasks/1").status == 404)
        #expect(try await cluster.get(0, "/endpoints").body.contains("/tasks/batch"))
        #expect(try await cluster.get(0, "/metrics").body.contains("pdb_is_leader 1"))
      }
    }

    @Test func `pages of this machine may use a node, and are told so`() async throws {
      try await TestCluster.running(1) { cluster in
        let origin: HTTPHeaders = ["Origin": "http://localhost:5500"]
        let answer = try await cluster.get(0, "/tasks", headers: origin)
        #expect(
          answer.headers.first(name: "Access-Control-Allow-Origin") == "http://localhost:5500")
        #expect(answer.headers.first(name: "Vary") == "Origin")
        let preflight = try await cluster.send(0, .OPTIONS, "/tasks", nil, headers: origin)
        #expect(preflight.status == 204)
        #expect(
          preflight.headers.first(name: "Access-Control-Allow-Methods")?.contains("PUT") == true)
      }
    }

    @Test func `keys of every kind come back, in the path and in the body`() async throws {
      try await TestCluster.running(1) { cluster in
        let keys = [
          "a/b", "a:b", "100%", "with space", "Học", "e\u{301}", "\u{E9}", "?x=1", "/lead",
        ]
        for (position, key) in keys.enumerated() {
          let path = "/kv/" + key.percentEncoded
          let set = try await cluster.send(0, .PUT, path, "{\"value\":\(position)}")
          #expect(set.status == 201, "\(key): \(set.body)")
          #expect(try set.json["key"]?.string?.utf8.elementsEqual(key.utf8) == true)
        }
        for (position, key) in keys.enumerated() {
          let got = try await cluster.get(0, "/kv/" + key.percentEncoded)
          #expect(try got.json["value"]?.int64 == Int64(position), "\(key)")
        }
        let list = try await cluster.get(0, "/kv?prefix=a").json["pairs"]?.array
        #expect(list?.compactMap { $0["key"]?.string } == ["a/b", "a:b"])
        let page = try await cluster.get(0, "/kv?prefix=a&after=" + "a/b".percentEncoded)
        #expect(try page.json["pairs"]?.array?.count == 1)
      }
    }

    @Test func `many pairs are set as one revision, or none of them`() async throws {
      try await TestCluster.running(1) { cluster in
        let set = #"{"pairs":[{"key":"a","value":1},{"key":"b","value":[2]}]}"#
        let answer = try await cluster.send(0, .POST, "/set", set)
        #expect(answer.status == 200)
        #expect(try answer.json["count"]?.int64 == 2)
        let pairs = try await cluster.get(0, "/kv").json["pairs"]?.array ?? []
        #expect(pairs.compactMap { $0["revision"]?.int64 } == [1, 1])
        for wrong in [
          #"{"pairs":[]}"#, #"{"pairs":{}}"#, #"{"pairs":[{"key":"c","value":1},{"key":"d"}]}"#,
        ] {
          #expect(try await cluster.send(0, .POST, "/set", wrong).status == 400, "\(wrong)")
        }
        let conditional = try await cluster.send(
          0, .POST, "/set", set, headers: ["If-None-Match": "*"])
        #expect(conditional.status == 400)
        #expect(try await cluster.get(0, "/kv/c").status == 404)
      }
    }

    @Test func `the figures for Prometheus are there, and move`() async throws {
      try await TestCluster.running(3) { cluster in
        _ = try await cluster.settled()
        func figures() async throws -> [String: Double] {
          let text = try await cluster.get(0, "/metrics").body
          var figures: [String: Double] = [:]
          var types: Set<Substring> = []
          for line in text.split(separator: "\n") {
            if line.hasPrefix("#") {
              // Every family is described once.
              let words = line.split(separator: " ")
              if words[1] == "TYPE" { #expect(types.insert(words[2]).inserted, "\(line)") }
              continue
            }
            let space = try #require(line.lastIndex(of: " "))
            figures[String(line[..<space])] = try #require(
              Double(line[line.index(after: space)...]), "\(line)")
          }
          return figures
        }
        let before = try await figures()
        for number in 0..<20 {
          _ = try await cluster.send(0, .POST, "/set", #"{"key":"k","value":\#(number)}"#)
        }
        _ = try await cluster.settled()
        // The leader may hear of its followers' disks a moment after all nodes have applied.
        let after = try await waitFor { () -> [String: Double]? in
          let figures = try await figures()
          let lags = figures.filter { $0.key.hasPrefix("pdb_peer_lag_entries") }
          return lags.count == 2 && lags.values.allSatisfy { $0 == 0 } ? figures : nil
        }
        for name in ["pdb_commit_seconds", "pdb_apply_batch_entries", "pdb_log_batch_entries"] {
          let count = after[name + "_count"] ?? 0
          #expect(count > before[name + "_count"] ?? 0, "\(name)")
          #expect(after[name + "_bucket{le=\"+Inf\"}"] == count, "\(name)")
          #expect(after[name + "_sum"] ?? 0 > before[name + "_sum"] ?? 0, "\(name)")
        }
        // Beside these there is one change of the cluster's own: its birth.
        let commits = try #require(after["pdb_commit_seconds_count"])
        #expect((20...21).contains(commits - (before["pdb_commit_seconds_count"] ?? 0)))
        #expect(after["pdb_log_write_seconds_sum"] ?? 0 > 0)
        #expect(after["pdb_elections_total"] ?? 0 >= 1)
        #expect(after["pdb_leader_changes_total"] ?? 0 >= 1)
        for peer in 1...2 {
          #expect(after["pdb_peer_lag_entries{peer=\"\(cluster.addresses[peer])\"}"] != nil)
        }
        #expect(after["pdb_queue_depth{queue=\"proposals\"}"] == 0)
      }
    }

    @Test func `a token keeps strangers out`() async throws {
      let cluster = try await TestCluster(1)
      defer { cluster.killAll() }
      let file = cluster.workspace.path + "/token"
      try writeSecret("0123456789abcdef0123\n", to: file)
      try cluster.start(0, arguments: ["--token-file", file])
      let refused = try await waitFor { try? await cluster.get(0, "/tasks") }
      #expect(refused.status == 401)
      let good: HTTPHeaders = ["Authorization": "Bearer 0123456789abcdef0123"]
      #expect(try await cluster.get(0, "/tasks", headers: good).status == 200)
      let wrong: HTTPHeaders = ["Authorization": "Bearer 0123456789abcdef0124"]
      #expect(try await cluster.get(0, "/tasks", headers: wrong).status == 401)
      #expect(try await cluster.pdb("task", "ls").status == 77)
      #expect(try await cluster.pdb("task", "ls", "--token-file", file).status == 0)
    }

    @Test func `wrong tokens wait and are told of, and the right one is served meanwhile`()
      async throws
    {
      try await TestCluster.running(1, token: "0123456789abcdef0123") { cluster in
        let wrong: HTTPHeaders = ["Authorization": "Bearer 0123456789abcdef0124"]
        let answers = try await withThrowingTaskGroup(of: TestCluster.Answer.self) { group in
          for _ in 0..<40 {
            group.addTask { try await cluster.get(0, "/tasks", headers: wrong) }
          }
          var answers: [TestCluster.Answer] = []
          for try await answer in group {
            answers.append(answer)
            if answers.count % 10 == 0 {
              #expect(try await cluster.get(0, "/tasks").status == 200)
            }
          }
          return answers
        }
        // No more than a few wait at once, and after the first ones each waits for two seconds.
        #expect(Set(answers.map(\.status)) == [401, 429])
        for answer in answers where answer.status == 429 {
          #expect(try answer.json["error"]?.string == "too_many_attempts")
          #expect(answer.headers["Retry-After"] == ["2"])
          #expect(answer.headers["Connection"] == ["close"])
        }
        let metrics = try await cluster.get(0, "/metrics").body
        #expect(metrics.contains("\npdb_refused_tokens_total 40\n"))
        // One line now, and at most one a minute later.
        let lines = try cluster.log(0).split(separator: "\n").filter {
          $0.contains("wrong tokens  address=127.0.0.1  count=")
        }
        #expect((1...2).contains(lines.count), "\(lines)")
      }
    }
  }
}
