// What a node answers and takes is what its OpenAPI document says.

import Foundation
import NIOHTTP1
import PDBKit
import Testing

extension ProcessTests {
  @Suite struct OpenAPITests {
    /// The document of a node.
    private struct Document {
      let json: JSON
      /// Method, path and description of every operation, by its id.
      let operations: [String: (method: HTTPMethod, path: String, json: JSON)]

      init(_ cluster: TestCluster) async throws {
        json = try await cluster.get(0, "/openapi.json").json
        var operations: [String: (HTTPMethod, String, JSON)] = [:]
        for path in json["paths"]?.members ?? [] {
          for operation in path.value.members ?? [] {
            let id = try #require(operation.value["operationId"]?.string)
            operations[id] = (
              HTTPMethod(rawValue: operation.name.uppercased()), path.name, operation.value
            )
          }
        }
        self.operations = operations
      }

      var validator: SchemaValidator { SchemaValidator(document: json) }

      func bodySchema(_ id: String) -> JSON? {
        operations[id]?.json["requestBody"]?["content"]?["application/json"]?["schema"]
      }
    }

    /// A request for an operation: what stands for the parameter in the path, with the query, and the body.
    private struct Call {
      let id: String
      let target: String
      let body: String?
      let headers: HTTPHeaders

      init(
        _ id: String, _ target: String = "", _ body: String? = nil, headers: HTTPHeaders = [:]
      ) {
        (self.id, self.target, self.body, self.headers) = (id, target, body, headers)
      }
    }

    /// Every operation but those with calls of their own below, in an order in which each has something
    /// to answer.
    private static let calls = [
      Call("openPage"), Call("getPageFile", "style.css"), Call("getPageFile", "icon.svg"),
      Call("addTask", "", #"{"title":"a"}"#), Call("addTasks", "", #"{"titles":["b","c"]}"#),
      Call("editTask", "1", #"{"completed":true}"#), Call("getTask", "1"), Call("getTimeline"),
      Call("getTask", "1", headers: ["If-None-Match": "*"]), Call("getTask", "9"),
      Call("editTask", "1", #"{"title":"d"}"#, headers: ["If-Match": "\"9\""]),
      Call("removeTask", "2"), Call("listTasks", "?status=all&limit=5"),
      Call("removeCompletedTasks", "?status=completed"),
      Call("set", "", #"{"key":"t","value":{"title":"e"}}"#),
      Call("set", "", #"{"key_b64":"/w==","value_b64":"/w=="}"#),
      Call("set", "", #"{"pairs":[{"key":"a","value":1},{"key":"b","value":null}]}"#),
      Call("set", "", #"{"key":"task_t","value":{"title":"e"}}"#),
      Call("getTaskByID", "?id=t"), Call("editTaskByID", "?id=t", #"{"title":"f"}"#),
      Call("removeTaskByID", "?id=t"), Call("getTaskByID", ""),
      Call("increment", "", #"{"key":"n","by":2}"#), Call("increment", "", #"{"key":"t"}"#),
      Call("append", "", #"{"key":"l","values":[1,"x"]}"#), Call("append", "", "[]"),
      Call("setPair", "k", #"{"value":[1]}"#), Call("setPair", "k", #"{"value":[1,2]}"#),
      Call("getPair", "k"), Call("getPair", "none"), Call("findPair", "?key_b64=/w=="),
      Call("listPairs", "?tasks=true"), Call("listJobs"),
      Call("replicate", "", #"{"key":"r","value":1}"#),
      Call("replicate", "", #"{"key":"r","value":null}"#),
      Call("removePair", "k"), Call("removePairs", "", #"{"keys":["a",{"key_b64":"/w=="}]}"#),
      Call("setSetting", "history.keep", #"{"value":"30d"}"#), Call("getSettings"),
      Call("listRevisions", "?limit=3"), Call("listRevisions"), Call("getRevision", "1"),
      Call("getRevision", "999"), Call("undo", "", "{}"), Call("redo", "", "{}"),
      Call("redo", "", "{}"),
      Call("compare", "?from=1&to=@~1"), Call("compare", "?from=999"), Call("compare"),
      Call("setTag", "v1", "{}"), Call("setTag", "v1", #"{"revision":"@~1"}"#),
      Call("setTag", "v1", #"{"revision":2,"replace":true}"#), Call("setTag", "1", "{}"),
      Call("listTags"), Call("getPair", "r?at=v1"), Call("listPairs", "?at=@~9999"),
      Call("revert", "", #"{"to":"v1","prefix":"n"}"#), Call("revert", "", #"{"to":"none"}"#),
      Call("removeTag", "v1"), Call("removeTag", "v1"),
      Call(
        "transact", "",
        #"{"steps":[{"op":"kv set","key":"x","value":1},{"op":"kv get","key":"y"}]}"#),
      Call("transact", "", #"{"steps":[{"op":"kv get","key":"x","if_absent":true}]}"#),
      Call("transact", "", #"{"steps":[{"op":"undo"}]}"#),
      Call("setPair", "e", #"{"value":1,"ttl_ms":600000}"#), Call("getPair", "e"),
      Call("touch", "", #"{"key":"e","ttl_ms":null}"#), Call("touch", "", #"{"key":"none"}"#),
      Call("unsetSetting", "history.keep"),
      Call("exportPairs"), Call("backup"),
      Call("addImportPart", "i", #"{"part":0,"pairs":[{"key":"i","value":1}]}"#),
      Call("getImport", "i"), Call("commitImport", "i", #"{"parts":1}"#),
      Call("addImportPart", "j", #"{"part":0,"pairs":[{"key":"j","value":1}]}"#),
      Call("commitImport", "j", #"{"parts":2}"#), Call("discardImport", "j"),
      Call("heartbeat"), Call("health"), Call("getStatus"), Call("getClusterStatus"),
      Call("isAlive"), Call("isReady"), Call("getMetrics"), Call("listMembers"),
      Call("getCertificate"), Call("transferLeadership", "", "{}"),
      Call("skipEntry", "", #"{"index":1}"#), Call("listEndpoints"), Call("describe"),
    ]

    /// Sends a request, and holds the answer against what the document says of its operation.
    @discardableResult private func check(
      _ call: Call, _ document: Document, _ cluster: TestCluster
    ) async throws -> TestCluster.Answer {
      let operation = try #require(document.operations[call.id], "\(call.id)")
      let path =
        operation.path.split(separator: "{")[0]
        + (operation.path.contains("{")
          ? call.target + operation.path.drop { $0 != "}" }.dropFirst() : call.target[...])
      let answer = try await cluster.send(
        0, operation.method, String(path), call.body, headers: call.headers)
      try check(answer, call.id, document)
      return answer
    }

    private func check(
      _ answer: TestCluster.Answer, _ id: String, _ document: Document
    ) throws {
      let operation = try #require(document.operations[id]?.json)
      let said = try #require(
        operation["responses"]?[String(answer.status)], "\(id): \(answer.status) \(answer.body)")
      for header in said["headers"]?.members ?? [] {
        let form = try document.validator.resolved(header.value)
        let text = answer.headers.first(name: header.name)
        #expect(text != nil || form["required"]?.bool == false, "\(id): \(header.name)")
        guard let text, let schema = form["schema"] else { continue }
        let isNumber = schema["type"]?.string == "integer"
        let value: JSON = isNumber ? .number(text) : .string(text)
        #expect(try document.validator.objection(to: value, by: schema) == nil, "\(header.name)")
      }
      let content = said["content"]?.members ?? []
      let type = answer.headers.first(name: "Content-Type")?.split(separator: ";").first
      guard !content.isEmpty else {
        #expect(answer.body.isEmpty && type == nil, "\(id)")
        return
      }
      let schema = try #require(
        content.first { $0.name == type.map(String.init) }?.value["schema"], "\(id): \(type ?? "")")
      let body = type == "application/json" ? try answer.json : .string(answer.body)
      let objection = try document.validator.objection(to: body, by: schema)
      #expect(objection == nil, "\(id): \(objection ?? "") in \(answer.body.prefix(400))")
    }

    @Test func `every operation answers as the document says`() async throws {
      try await TestCluster.running(1, spare: 1) { cluster in
        let document = try await Document(cluster)
        for call in Self.calls { try await check(call, document, cluster) }

        let member = cluster.addresses[1].description
        try await check(
          Call("addMember", "", "{\"address\":\"\(member)\"}"), document, cluster)
        try await check(Call("listMembers"), document, cluster)
        try await check(Call("getClusterStatus"), document, cluster)
        try await check(Call("removeMember", member), document, cluster)
        let invitation = try await check(Call("invite", "", "{}"), document, cluster)
        let word = try #require(try invitation.json["invitation"]?.string)
        try await check(
          Call("admit", "", "{\"invitation\":\"\(word)\",\"address\":\"\(member)\"}"), document,
          cluster)
        try await check(Call("removeMember", member), document, cluster)

        let stream = try cluster.connection(0)
        stream.send(cluster.head(0, "GET /events?since=0") + "\r\n")
        let begin = try stream.read(until: "event: change")
        #expect(begin.hasPrefix("HTTP/1.1 200") && begin.contains("text/event-stream"))
        let revision = try stream.read(until: "\n\n").components(separatedBy: "data: ").last ?? ""
        let change = try JSON(parsing: revision.utf8)
        let schema: JSON = ["$ref": "#/components/schemas/Revision"]
        #expect(try document.validator.objection(to: change, by: schema) == nil)

        let watch = try cluster.connection(0)
        watch.send(cluster.head(0, "GET /consensus") + "\r\n")
        let told = try watch.read(until: "\n\n\r\n").components(separatedBy: "data: ").last ?? ""
        let frame = try JSON(parsing: Bytes(utf8: told.components(separatedBy: "\n")[0]))
        let shape: JSON = ["$ref": "#/components/schemas/Frame"]
        #expect(try document.validator.objection(to: frame, by: shape) == nil)

        try await check(Call("stopNode", "", "{}"), document, cluster)
        let called = Set(Self.calls.map(\.id)).union([
          "addMember", "removeMember", "invite", "admit", "watchChanges", "watchConsensus",
          "stopNode",
        ])
        #expect(called == Set(document.operations.keys))
      }
    }

    /// A body that is as it should be for each operation that takes one.
    private static let bodies: [String: (target: String, body: JSON)] = [
      "addTask": ("", ["title": "a"]), "addTasks": ("", ["titles": ["a"]]),
      "editTask": ("1", ["title": "a", "completed": false]),
      "editTaskByID": ("?id=1", ["title": "a", "completed": false]),
      "set": ("", ["key": "a", "value": 1]), "setPair": ("a", ["value": 1]),
      "increment": ("", ["key": "n", "by": 1]), "append": ("", ["key": "l", "values": [1]]),
      "removePairs": ("", ["keys": ["a"]]), "replicate": ("", ["key": "a", "value": 1]),
      "undo": ("", ["revision": 1]), "redo": ("", [:]), "revert": ("", ["to": 1, "prefix": "a"]),
      "touch": ("", ["key": "a", "ttl_ms": 1000]),
      "transact": ("", ["steps": [["op": "kv get", "key": "a"]]]),
      "setTag": ("v", ["revision": "@~1", "replace": false]),
      "addImportPart": ("i", ["part": 0, "pairs": [["key": "a", "value": 1]]]),
      "commitImport": ("i", ["parts": 0, "existing": "keep"]),
      "addMember": ("", ["address": "127.0.0.1:1"]), "invite": ("", ["seconds": 1]),
      "admit": ("", ["invitation": "x", "address": "127.0.0.1:1"]), "stopNode": ("", [:]),
      "transferLeadership": ("", ["to": "x"]), "skipEntry": ("", ["index": 1]),
      "setSetting": ("history.keep", ["value": "1d"]),
    ]

    /// One value of each kind.
    private static let values: [JSON] = [nil, true, -1, .number("1.5"), "", [], [[]], [:]]

    @Test func `a body is refused where its schema refuses it`() async throws {
      try await TestCluster.running(1) { cluster in
        let document = try await Document(cluster)
        let takers = document.operations.keys.filter { document.bodySchema($0) != nil }
        #expect(Set(takers) == Set(Self.bodies.keys))
        var refused = 0
        for (id, (target, body)) in Self.bodies {
          let schema = try #require(document.bodySchema(id))
          #expect(try document.validator.objection(to: body, by: schema) == nil, "\(id)")
          let members = body.members ?? []
          var wrong: [JSON] = [[], "a", 1, nil]
          for (position, member) in members.enumerated() {
            var others = members
            others.remove(at: position)
            wrong.append(.object(others))
            wrong += Self.values.map { .object(others + [.init(member.name, $0)]) }
          }
          // What other bodies have is not always what this one has.
          for name in ["key_b64", "value_b64"] { wrong.append(.object(members + [.init(name, 1)])) }
          for body in wrong where try document.validator.objection(to: body, by: schema) != nil {
            let answer = try await check(
              Call(id, target, body.text), document, cluster)
            #expect(answer.status == 400, "\(id): \(body.text)")
            refused += 1
          }
        }
        #expect(refused > 150)
        // None of it did anything.
        #expect(try await cluster.get(0, "/jobs").json.members?.isEmpty == true)
        #expect(try await cluster.get(0, "/log").json["revisions"]?.array?.isEmpty == true)
      }
    }

    /// A step of each kind, with all that it can have.
    private static let steps: [JSON] = [
      ["op": "kv get", "key": "a", "if_revision": 1],
      ["op": "kv set", "key": "a", "value": 1, "ttl_ms": 1000, "force": true, "if_absent": true],
      ["op": "kv set", "key_b64": "/w==", "value_b64": "/w=="],
      ["op": "kv touch", "key": "a", "ttl_ms": nil, "if_revision": 1],
      ["op": "kv rm", "keys": ["a", ["key_b64": "/w=="]], "if_revision": 1],
      ["op": "kv incr", "key": "a", "by": 2], ["op": "kv append", "key": "a", "values": [1]],
      ["op": "task add", "titles": ["a"], "due": "2026-11-20", "tags": ["x"], "notes": nil],
      ["op": "task edit", "task": "1", "title": "b", "completed": true, "priority": "low"],
      ["op": "task rm", "task": "1", "if_revision": 1], ["op": "task clear"],
    ]

    @Test func `a step of a transaction is refused where its schema refuses it`() async throws {
      try await TestCluster.running(1) { cluster in
        let document = try await Document(cluster)
        let schema = try #require(document.bodySchema("transact"))
        func objection(to step: JSON) throws -> String? {
          try document.validator.objection(to: ["steps": [step]], by: schema)
        }
        let operations = Set(Self.steps.compactMap { $0["op"]?.string })
        let names = Set(Self.steps.flatMap { $0.members ?? [] }.map(\.name))
        for step in Self.steps {
          #expect(try objection(to: step) == nil, "\(step.text)")
          let members = step.members!
          var wrong: [JSON] = operations.map { name in
            .object([.init("op", .string(name))] + members.dropFirst())
          }
          for position in members.indices {
            var others = members
            let member = others.remove(at: position)
            wrong.append(.object(others))
            wrong += Self.values.map { .object(others + [.init(member.name, $0)]) }
          }
          for name in names where step[name] == nil {
            wrong.append(.object(members + [.init(name, 1)]))
          }
          var refused = 0
          for step in wrong where try objection(to: step) != nil {
            let body: JSON = ["steps": [step]]
            let answer = try await check(Call("transact", "", body.text), document, cluster)
            #expect(answer.status == 400, "\(step.text)")
            refused += 1
          }
          #expect(refused > 10)
        }
        #expect(try await cluster.get(0, "/log").json["revisions"]?.array?.isEmpty == true)
      }
    }

    @Test(arguments: [
      ("Idempotency-Key", "with space"), ("PDB-Request-Age", "soon"), ("PDB-Request-Age", "-1"),
      ("PDB-Request-Revision", "x"), ("PDB-Expect-Cluster", "/"), ("If-Match", "x"),
      ("If-None-Match", "x"), ("PDB-Author", String(repeating: "a", count: 129)),
    ])
    func `a header is refused where its schema refuses it`(
      name: String, value: String
    ) async throws {
      try await TestCluster.running(1) { cluster in
        let document = try await Document(cluster)
        let form = document.json["components"]?["parameters"]?[name]
        let schema = try #require(form?["schema"])
        let json: JSON = schema["type"]?.string == "integer" ? JSON.parsed(value) : .string(value)
        #expect(try document.validator.objection(to: json, by: schema) != nil)
        let answer = try await check(
          Call("setPair", "k", #"{"value":1}"#, headers: [name: value]), document, cluster)
        #expect(answer.status == 400)
      }
    }

    @Test func `a method that a path does not take is told so before its body is looked at`()
      async throws
    {
      try await TestCluster.running(1) { cluster in
        let answer = try await cluster.send(
          0, .PUT, "/status", "x", headers: ["Content-Type": "text/plain"])
        #expect(answer.status == 405 && answer.headers.first(name: "Allow") == "GET, HEAD")
      }
    }
  }
}

extension JSON {
  /// The JSON that a text is, or the text.
  fileprivate static func parsed(_ text: String) -> JSON {
    (try? JSON(parsing: text.utf8)) ?? .string(text)
  }
}
