// A peer that connects to a node that runs: the one place that opens a connection and proves itself.

import Fuzzing
import PDBCluster
import PDBModel

/// A connection on which frames go to the node.
struct LivePeer {
  let socket: SecureSocket

  /// - Parameters:
  ///   - greeting: what the peer says of itself.
  ///   - secret: of the cluster.
  /// - Returns: `nil` if the node does not welcome the peer.
  init?(_ greeting: Greeting, to address: NodeAddress, secret: ClusterSecret) throws {
    socket = try SecureSocket(address, try PeerTrust(secret))
    let upgrade =
      "GET /peer HTTP/1.1\r\nHost: \(address)\r\nConnection: Upgrade\r\n"
      + "Upgrade: pdb-raft/\(greeting.wire)\r\n\r\n"
    guard try socket.send(Bytes(utf8: upgrade)) else { return nil }
    var received: Bytes = []
    while received.firstRange(of: Self.headEnd) == nil {
      guard let more = try socket.receive() else { return nil }
      received += more
    }
    guard received.starts(with: Bytes(utf8: "HTTP/1.1 101")) else { return nil }
    received.removeFirst(received.firstRange(of: Self.headEnd)!.upperBound)
    guard try socket.send(greeting.hello.framed),
      let challenge = try Self.frame(&received, from: socket),
      let proof = try? greeting.proof(
        answering: challenge, secret: secret.text, binding: socket.binding),
      try socket.send(proof.framed), let answer = try Self.frame(&received, from: socket),
      [4, 6].contains(answer.first)
    else { return nil }
  }

  private static let headEnd = Bytes(utf8: "\r\n\r\n")

  private static func frame(_ received: inout Bytes, from socket: SecureSocket) throws -> Bytes? {
    while true {
      if let frame = received.takeFrame() { return frame }
      guard let more = try socket.receive() else { return nil }
      received += more
    }
  }
}
