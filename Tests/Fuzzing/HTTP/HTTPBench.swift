// A node that leads itself, and answers clients.

import NIOCore
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
