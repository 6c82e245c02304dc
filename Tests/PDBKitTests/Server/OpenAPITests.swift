// The OpenAPI document: complete, and consistent in itself. What nodes answer is held against it
// where nodes run.

import PDBModel
import Testing

@testable import PDBServer

@Suite struct OpenAPITests {
  private let document = OpenAPIDocument(Endpoint.all).json

  /// Every operation by method and path.
  private var operations: [String: JSON] {
    var found: [String: JSON] = [:]
    for path in document["paths"]?.members ?? [] {
      for operation in path.value.members ?? [] {
        found["\(operation.name) \(path.name)"] = operation.value
      }
    }
    return found
  }

  @Test func `it names every endpoint, each under a name of its own`() throws {
    #expect(operations.count == Endpoint.all.count)
    let ids = operations.values.compactMap { $0["operationId"]?.string }
    #expect(Set(ids).count == Endpoint.all.count)
    #expect(Set(ids) == Set(Endpoint.all.map(\.contract.id)))
    for (endpoint, route) in zip(Endpoint.all, ChannelServer.routes) {
      let path = endpoint.path.split(separator: "/", omittingEmptySubsequences: false).map {
        $0 == "**" || $0.hasPrefix(":") ? "{\(endpoint.contract.path?.name ?? "?")}" : String($0)
      }.joined(separator: "/")
      let operation = try #require(
        operations["\(route.method.lowercased()) \(path)"], "\(path)")
      #expect(operation["tags"]?.array?.first?.string == endpoint.tag.rawValue)
    }
  }

  @Test func `every reference leads somewhere, and every component is referred to`() {
    var used: Set<String> = []
    func walk(_ json: JSON) {
      if let reference = json["$ref"]?.string {
        used.insert(reference)
        var place: JSON? = document
        for name in reference.dropFirst(2).split(separator: "/") { place = place?[String(name)] }
        #expect(place != nil, "\(reference)")
      }
      for member in json.members ?? [] { walk(member.value) }
      for element in json.array ?? [] { walk(element) }
    }
    walk(document)
    for kind in ["schemas", "parameters", "headers"] {
      let names = document["components"]?[kind]?.members?.map(\.name) ?? []
      #expect(!names.isEmpty && Set(names).count == names.count)
      for name in names { #expect(used.contains("#/components/\(kind)/\(name)"), "\(name)") }
    }
  }

  @Test func `every parameter of a path is declared, and every declared one stands in it`() {
    for (name, operation) in operations {
      let declared = (operation["parameters"]?.array ?? []).filter {
        $0["in"]?.string == "path"
      }.compactMap { $0["name"]?.string }
      let standing = name.split(separator: "{").dropFirst().map { $0.prefix { $0 != "}" } }
      #expect(declared == standing.map(String.init), "\(name)")
    }
  }

  @Test func `every failure says which codes it has, and bodies can be malformed`() {
    for (name, operation) in operations {
      let answers = operation["responses"]?.members ?? []
      #expect(answers.contains { $0.name.hasPrefix("2") }, "\(name)")
      #expect(Set(answers.map(\.name)).count == answers.count, "\(name)")
      for answer in answers where answer.name >= "307" {
        let codes = (answer.value["description"]?.string ?? "").split(separator: ", ").map {
          PDBError.Code(rawValue: String($0.dropFirst().dropLast()))
        }
        #expect(!codes.isEmpty)
        for code in codes where answer.name != "403" || code != .notLeader {
          #expect(code.meaning.map { String($0.httpStatus) } == answer.name, "\(name) \(code)")
        }
      }
      let hasBody = operation["requestBody"] != nil
      #expect(answers.contains { $0.name == "415" } == hasBody, "\(name)")
      #expect(hasBody == (name.hasPrefix("post") || name.hasPrefix("put")), "\(name)")
    }
  }

  @Test func `changes take what makes them happen once`() {
    for endpoint in Endpoint.all where endpoint.contract.kind == .change {
      #expect(endpoint.contract.headers.contains { $0.name == "Idempotency-Key" })
      #expect(endpoint.contract.failures.contains(.notLeader))
    }
  }

  @Test(arguments: [
    ("0", 0), ("7", 7), ("-7", -7), ("7.0", 7), ("-7.00", -7), ("7e2", 700), ("7E+2", 700),
    ("7.25e2", 725), ("700e-2", 7), ("-0", 0), ("-0.0", 0), ("0e300", 0),
    ("9223372036854775807.0", Int64.max), ("-9223372036854775808", Int64.min), ("7.5", nil),
    ("7e-1", nil), ("70.5e-1", nil), ("9223372036854775808", nil), ("1e19", nil), ("1e4000", nil),
    ("9223372036854775807.0000000001", nil),
  ])
  func `a number is whole however it is written`(text: String, value: Int64?) throws {
    #expect(try JSON(parsing: text.utf8).whole() == value)
  }

  @Test func `what is no number is no whole number`() {
    for json: JSON in ["7", true, nil, [7], ["a": 7]] { #expect(json.whole(as: Int64.self) == nil) }
    #expect(JSON.number("-1").whole(as: UInt64.self) == nil)
  }
}
