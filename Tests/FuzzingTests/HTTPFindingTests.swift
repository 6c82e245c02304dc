// What the fuzzer of HTTP connections found, one test each.

import Testing

@testable import Fuzzing

@Suite struct HTTPFindingTests {
  private static let host = "Host: 127.0.0.1:1\r\n"

  @Test(arguments: ["GET /livez HTTP/1.1\r\n\(host)Connection: close", "GET /livez HTTP/1.1"])
  func `nothing is done that stands behind the last request of a connection`(
    last: String
  ) async throws {
    let bench = try await HTTPBench()
    let body = #"{"value":1}"#
    let answer = try await bench.answer(
      to: "\(last)\r\n\r\nPUT /kv/a HTTP/1.1\r\n\(Self.host)Content-Type: application/json\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    #expect(answer.split(separator: "HTTP/1.1").count == 1, "\(answer)")
    let key = try await bench.answer(to: "GET /kv/a HTTP/1.1\r\n\(Self.host)\r\n")
    #expect(key.hasPrefix("HTTP/1.1 404"))
    try await bench.node.stop()
  }

  @Test func `an upgrade that the connection does not offer is none`() async throws {
    let bench = try await HTTPBench()
    let answer = try await bench.answer(
      to: "GET /livez HTTP/1.1\r\n\(Self.host)Upgrade: pdb-raft/2\r\n\r\n"
        + "GET / HTTP/1.1\r\n\(Self.host)\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 200"))
    try await bench.node.stop()
  }

  @Test func `a HEAD that cannot be understood is refused without a body`() async throws {
    let bench = try await HTTPBench()
    let answer = try await bench.answer(to: "HEAD /livez HTTP/1.1\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 400") && answer.hasSuffix("\r\n\r\n"))
    try await bench.node.stop()
  }
}
