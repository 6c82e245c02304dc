// A node whose peers are a script.

import NIOCore
import PDBCluster
import PDBLocal
import PDBModel
import PDBStorage
import PDBStore
import Raft

/// The node, and what peers can do to it.
final class PeerBench {
  private let node: BenchNode
  private var requests: [Task<Void, Never>] = []
  private var connections: [Int: PeerConnection] = [:]

  init(_ node: BenchNode) { self.node = node }

  var view: NodeView { node.view }

  // MARK: Peers

  /// Opens a connection in the place of another one.
  func open(_ number: Int, _ greeting: Greeting) async throws {
    await connections[number]?.close()
    connections[number] = try await PeerConnection(
      greeting, to: node.gate, on: node.loop, logger: node.logger)
  }

  /// Says who it is, and proves it.
  func shakeHands(_ number: Int) async throws {
    guard let connection = connections[number] else { return }
    try await connection.send(connection.greeting.hello.framed)
    guard let challenge = try await connection.takeFrames().first,
      let proof = try? connection.greeting.proof(
        answering: challenge, secret: BenchNode.secret.text, binding: node.binding)
    else { return }
    try await connection.send(proof.framed)
  }

  var openConnections: [PeerConnection] {
    connections.sorted { $0.key < $1.key }.map(\.value).filter(\.isOpen)
  }

  /// The end of the node's log.
  func lastEntry() throws -> (index: Index, term: Term) {
    let log = try node.storedLog()
    return (log.lastIndex, log.term(at: log.lastIndex) ?? 0)
  }

  func connection(_ number: Int) -> PeerConnection? { connections[number] }

  // MARK: Clients

  /// A client makes a change here, and waits for the answer.
  func request(_ change: Change) {
    requests.append(
      Task(executorPreference: node.executor) { [store = node.store] in
        _ = try? await store.apply(change, from: Origin())
      })
  }

  // MARK: Time

  func pass(ticks: Int) async { await node.pass(.milliseconds(Int64(10 * ticks))) }

  /// Lets the node do what there is to do, and judges it.
  ///
  /// - Throws: ``Violation``.
  func settle() async throws {
    try await node.settle()
    try node.check()
  }

  /// - Throws: ``Violation``.
  func end() async throws {
    for connection in openConnections { await connection.close() }
    try await node.stop()
    for request in requests { await request.value }
  }
}
