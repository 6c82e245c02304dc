// A node that leads itself, and answers clients.

import NIOCore
import NIOEmbedded
import PDBServer

/// The node, and what clients can do to it.
final class HTTPBench {
  let node: BenchNode
  private let server: ChannelServer

  init() async throws {
    node = try await BenchNode(members: 1)
    server = try ChannelServer(
      node.store, receiver: node.gate, executor: node.executor, logger: node.logger)
    await node.pass(.milliseconds(500))
    try await node.settle()
  }

  func connect() async throws -> ClientConnection {
    try await ClientConnection(to: server, on: node.loop)
  }

  /// All connections are gone: nothing of their requests may be held any more, or there would be no room
  /// for others some day.
  ///
  /// - Throws: ``Violation``.
  func checkRelease() async throws {
    let patience = ContinuousClock.now + .seconds(10)
    while true {
      let held = try await node.loop.executeInContext { [server] in server.requestBytes }
      if held == 0 { return }
      guard ContinuousClock.now < patience else {
        throw Violation("\(held) bytes of requests are held, and there is no connection")
      }
      await node.pass(.milliseconds(100))
      try await node.settle()
    }
  }

  /// What the node answers to bytes that are sent at once, as far as it does so at once.
  func answer(to text: String) async throws -> String {
    let connection = try await connect()
    connection.write(Array(text.utf8))
    try await connection.send(.max)
    try await node.settle()
    let answer = try await connection.received()
    await connection.close()
    return String(decoding: answer, as: UTF8.self)
  }
}
