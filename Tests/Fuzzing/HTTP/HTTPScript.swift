// A script of what clients do to one node: several connections, requests to every route, in any pieces.

import NIOCore
package import PDBModel
import PDBServer

/// Runs scripts against a node of its own each.
package enum HTTPScript {
  private static let mostSteps = 64
  private static let connections = 4
  private static let routes = ChannelServer.routes

  /// - Throws: ``Violation`` for what must never be.
  package static func run(_ bytes: Bytes) async throws {
    var script = ScriptBytes(bytes)
    let bench = try await HTTPBench()
    let node = bench.node
    var connections: [Int: ClientConnection] = [:]
    for _ in 0..<mostSteps where !script.isAtEnd {
      let number = script.below(self.connections)
      if connections[number] == nil || script.isRare() {
        await connections[number]?.close()
        connections[number] = try await bench.connect()
      }
      try await step(&script, connections[number]!, node)
      try await node.settle()
      try node.check()
    }
    try await end(Array(connections.values), bench)
  }

  private static func step(
    _ script: inout ScriptBytes, _ connection: ClientConnection, _ node: BenchNode
  ) async throws {
    switch script.below(16) {
    case 0...5: connection.write(script.requestDraft(to: "127.0.0.1:1", routes))
    case 6...8: try await connection.send(script.below(256))
    case 9...11: try await connection.send(.max)
    case 12: connection.write(script.isRare() ? script.bytes(upTo: 64) : [])
    case 13: try await connection.take(script.flag())
    case 14: await node.pass(script.isRare() ? .seconds(31) : .milliseconds(300))
    default: if script.isRare() { try await connection.endSending() }
    }
  }

  /// Whatever was written is sent, and the clients take what comes.
  private static func end(_ connections: [ClientConnection], _ bench: HTTPBench) async throws {
    let node = bench.node
    for connection in connections {
      repeat {
        try await connection.take(true)
        try await connection.send(.max)
        try await node.settle()
      } while connection.isUnfinished
    }
    // Some answers are read from the state by threads of its own.
    let patience = ContinuousClock.now + .seconds(10)
    for connection in connections {
      while let missing = try await connection.missing() {
        guard ContinuousClock.now < patience else { throw Violation("missing: \(missing)") }
        await node.pass(.milliseconds(100))
        try await node.settle()
      }
    }
    for connection in connections { await connection.close() }
    try await bench.checkRelease()
    try await node.stop()
  }
}
