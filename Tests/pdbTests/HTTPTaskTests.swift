// Tasks over HTTP that other programs wrote, and lists of any length.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct HTTPTaskTests {
    private static func titles(_ answer: TestCluster.Answer) throws -> [String] {
      try answer.json["tasks"]?.array?.compactMap { $0["title"]?.string } ?? []
    }

    private static func replicate(
      _ cluster: TestCluster, _ id: String, _ value: String
    ) async throws -> TestCluster.Answer {
      try await cluster.send(0, .POST, "/replicate", #"{"key":"task_\#(id)","value":\#(value)}"#)
    }

    @Test func `what is a task's id means that task, never another one's number`() async throws {
      try await TestCluster.running(1) { cluster in
        for title in ["a", "b", "c"] {
          _ = try await cluster.send(0, .POST, "/tasks", #"{"title":"\#(title)"}"#)
        }
        #expect(try await Self.replicate(cluster, "2", #"{"title":"two"}"#).status == 200)
        #expect(try await cluster.get(0, "/tasks/2").json["title"]?.string == "two")
        #expect(try await cluster.get(0, "/tasks/3").json["title"]?.string == "c")
        #expect(try await cluster.send(0, .DELETE, "/tasks/2", nil).status == 200)
        #expect(try await Self.titles(cluster.get(0, "/tasks")) == ["c", "b", "a"])
        #expect(try await cluster.get(0, "/tasks/2").json["title"]?.string == "b")
        // Exactly this id: there is none, whatever else looks like it.
        for method in [HTTPMethod.GET, .PUT, .DELETE] {
          let body = method == .PUT ? #"{"completed":true}"# : nil
          #expect(try await cluster.send(0, method, "/task?id=2", body).status == 404)
        }
      }
    }

    @Test(arguments: ["..", ".", "2", "a/b", "a?b#c", "ọ", "%2E", " "])
    func `a task can be named exactly, whatever its id looks like`(id: String) async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.send(0, .POST, "/tasks/batch", #"{"titles":["a","b"]}"#)
        #expect(try await Self.replicate(cluster, id, #"{"title":"x"}"#).status == 200)
        let path = "/task?id=\(id.percentEncoded)"
        #expect(try await cluster.get(0, path).json["id"]?.string == id)
        let edited = try await cluster.send(0, .PUT, path, #"{"completed":true}"#)
        #expect(try edited.json["completed"]?.bool == true)
        #expect(try await cluster.send(0, .DELETE, path, nil).status == 200)
        #expect(try await Self.titles(cluster.get(0, "/tasks")) == ["b", "a"])
        #expect(try await cluster.get(0, "/task").status == 400)
        #expect(try await cluster.get(0, "/task?id=").status == 400)
      }
    }

    @Test(arguments: ["..", "."])
    func `an id of dots works in a path that is sent as it is`(id: String) async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await Self.replicate(cluster, id, #"{"title":"x"}"#)
        let head = "Host: \(cluster.addresses[0])\r\nConnection: close\r\n\r\n"
        let got = try cluster.sendRaw(0, Array("GET /tasks/\(id) HTTP/1.1\r\n\(head)".utf8))
        #expect(got.contains(#""title":"x""#), "\(got)")
      }
    }

    @Test func `what other programs store with a task is kept and answered`() async throws {
      try await TestCluster.running(1) { cluster in
        let value = #"{"title":"t","due":"2027-01-01","tags":["home"],"n":1.50}"#
        let put = try await cluster.send(0, .PUT, "/kv/task_x", #"{"value":\#(value)}"#)
        #expect(put.status == 201)
        let kept = #""due":"2027-01-01","tags":["home"],"n":1.50"#
        #expect(put.body.contains(kept))
        for (method, path, body) in [
          (HTTPMethod.PUT, "/tasks/1", #"{"title":"u"}"#),
          (.PUT, "/tasks/x", #"{"completed":true}"#),
          (.PUT, "/task?id=x", #"{"completed":false}"#),
          (.POST, "/replicate", #"{"key":"task_x","value":{"id":"x","title":"v"}}"#),
          (.POST, "/set", #"{"key":"task_x","value":{"title":"w"}}"#),
          (.POST, "/set", #"{"pairs":[{"key":"task_x","value":{"title":"x"}}]}"#),
          (.POST, "/undo", "{}"),
        ] {
          #expect(try await cluster.send(0, method, path, body).status == 200, "\(path) \(body)")
          #expect(try await cluster.get(0, "/tasks/1").body.contains(kept), "\(path) \(body)")
        }
        for path in ["/tasks", "/jobs", "/kv?tasks=true", "/export", "/log?limit=1"] {
          #expect(try await cluster.get(0, path).body.contains(kept), "\(path)")
        }
      }
    }

    @Test func `a task of which a part would be lost is refused`() async throws {
      try await TestCluster.running(1) { cluster in
        let value = #"{"title":"t","completed":1}"#
        for (method, path, body) in [
          (HTTPMethod.PUT, "/kv/task_x", #"{"value":\#(value)}"#),
          (.POST, "/set", #"{"key":"task_x","value":\#(value)}"#),
          (.POST, "/set", #"{"pairs":[{"key":"task_x","value":\#(value)}]}"#),
          (.POST, "/replicate", #"{"key":"task_x","value":\#(value)}"#),
          (.POST, "/import/i", #"{"part":0,"pairs":[{"key":"task_x","value":\#(value)}]}"#),
        ] {
          let answer = try await cluster.send(0, method, path, body)
          #expect(answer.status == 400, "\(path)")
          #expect(try answer.json["error"]?.string == "invalid_value")
          #expect(try answer.json["message"]?.string?.contains("'completed'") == true)
        }
        #expect(try await cluster.get(0, "/jobs").body == "{}\n")
      }
    }

    @Test func `tasks are among the pairs only when they are asked for`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await cluster.send(0, .POST, "/tasks", #"{"title":"a"}"#)
        for key in ["a", "task_list", "z"] {
          _ = try await cluster.send(0, .POST, "/set", #"{"key":"\#(key)","value":1}"#)
        }
        func keys(_ path: String) async throws -> [String] {
          try await cluster.get(0, path).json["pairs"]?.array?.compactMap { $0["key"]?.string }
            ?? []
        }
        #expect(try await keys("/kv") == ["a", "task_list", "z"])
        #expect(try await keys("/kv?prefix=ta") == ["task_list"])
        #expect(try await keys("/kv?limit=2&after=a") == ["task_list", "z"])
        #expect(try await keys("/kv?tasks=true").count == 4)
        #expect(try await keys("/kv?prefix=task_").count == 2)
        #expect(try await cluster.get(0, "/jobs").json.members?.count == 4)
        #expect(try await cluster.get(0, "/kv?tasks=yes").status == 400)
      }
    }

    @Test func `a value that is no task takes a task's place only by force`() async throws {
      try await TestCluster.running(1) { cluster in
        _ = try await Self.replicate(cluster, "x", #"{"title":"t"}"#)
        for (method, path, body) in [
          (HTTPMethod.PUT, "/kv/task_x", #"{"value":5}"#),
          (.POST, "/set", #"{"key":"task_x","value":{"name":"no title"}}"#),
          (.POST, "/set", #"{"pairs":[{"key":"a","value":1},{"key":"task_x","value":"v"}]}"#),
          (.POST, "/replicate", #"{"key":"task_x","value":7}"#),
        ] {
          let answer = try await cluster.send(0, method, path, body)
          #expect(answer.status == 409, "\(path): \(answer.body)")
          #expect(try answer.json["error"]?.string == "conflict")
          #expect(try answer.json["outcome"]?.string == "not_applied")
          #expect(try answer.json["hint"]?.string?.contains("force") == true)
        }
        for (path, body) in [
          ("/increment", #"{"key":"task_x"}"#), ("/append", #"{"key":"task_x","values":[1]}"#),
        ] {
          #expect(try await cluster.send(0, .POST, path, body).status == 409)
        }
        #expect(try await Self.titles(cluster.get(0, "/tasks")) == ["t"])
        #expect(
          try await cluster.send(0, .PUT, "/kv/task_x?force=true", #"{"value":5}"#).status == 200)
        #expect(try await Self.titles(cluster.get(0, "/tasks")).isEmpty)
        // What is no task may be replaced by anything.
        #expect(try await cluster.send(0, .PUT, "/kv/task_x", #"{"value":6}"#).status == 200)
        _ = try await Self.replicate(cluster, "y", #"{"title":"t"}"#)
        #expect(try await Self.replicate(cluster, "y", "null").status == 200)
        #expect(try await cluster.get(0, "/kv/task_y").status == 404)
      }
    }

    @Test func `tasks are listed by the time of their creation, page by page as well`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        for (id, time) in [("a", "2026-03"), ("b", "2026-01"), ("c", "2026-03"), ("d", "2026-02")] {
          _ = try await Self.replicate(
            cluster, id, #"{"title":"\#(id)","created_at":"\#(time)"}"#)
        }
        #expect(try await Self.titles(cluster.get(0, "/tasks")) == ["c", "a", "d", "b"])
        var all: [String] = []
        var after = ""
        for _ in 0..<4 {
          let page = try await cluster.get(0, "/tasks?limit=1\(after)")
          all += try Self.titles(page)
          let number = try page.json["tasks"]?.array?.first?["number"]?.uint64 ?? 0
          after = "&after=\(number)"
        }
        #expect(all == ["c", "a", "d", "b"])
        _ = try await cluster.send(0, .POST, "/tasks", #"{"title":"new"}"#)
        #expect(try await Self.titles(cluster.get(0, "/tasks?limit=2")) == ["new", "c"])
        #expect(try await Self.titles(cluster.get(0, "/tasks?q=a")) == ["a"])
      }
    }

    @Test func `a long list comes as a stream, and is as whole as a short one`() async throws {
      try await TestCluster.running(1) { cluster in
        let value = String(repeating: "v", count: 100_000)
        for number in 10..<20 {
          let key = "k\(number)"
          _ = try await cluster.send(0, .POST, "/set", #"{"key":"\#(key)","value":"\#(value)"}"#)
          _ = try await Self.replicate(
            cluster, "\(number)", #"{"title":"\#(key)","note":"\#(value)"}"#)
        }
        for (path, name, count) in [
          ("/tasks", "tasks", 10), ("/kv", "pairs", 10), ("/kv?tasks=true", "pairs", 20),
          ("/kv?limit=7", "pairs", 7), ("/tasks?limit=5", "tasks", 5),
        ] {
          let answer = try await cluster.get(0, path)
          #expect(answer.status == 200 && answer.headers.first(name: "Content-Length") == nil)
          let json = try answer.json
          #expect(json[name]?.array?.count == count, "\(path)")
          #expect(json["revision"]?.uint64 == 20)
          #expect(answer.headers.first(name: "PDB-Revision") == "20")
        }
        #expect(try await cluster.get(0, "/jobs").json.members?.count == 20)
        let small = try await cluster.get(0, "/tasks?limit=1")
        #expect(small.headers.first(name: "Content-Length") != nil)
      }
    }
  }
}
