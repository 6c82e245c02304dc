// A node that runs, as a client sees it.

import Fuzzing
import PDBModel
import Raft

/// The node that is sent what the fuzzers make up.
struct LiveNode {
  let address: NodeAddress

  /// The node has ended, or answers no more.
  struct Gone: Error, CustomStringConvertible {
    let description: String
  }

  /// - Throws: ``Gone``.
  func get(_ path: String) throws -> JSON {
    do {
      let socket = try Socket(address)
      _ = try socket.send(
        Bytes(utf8: "GET \(path) HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n"))
      var answer: Bytes = []
      while let more = try socket.receive() { answer += more }
      guard let end = answer.firstRange(of: Bytes(utf8: "\r\n\r\n")) else {
        throw Gone(description: "'\(path)' was not answered")
      }
      return try JSON(parsing: Bytes(answer[end.upperBound...]))
    } catch let error as Gone { throw error } catch {
      throw Gone(description: "'\(path)' was not answered: \(error)")
    }
  }

  /// - Throws: ``Gone`` if it does not live.
  func probe() throws { _ = try get("/livez") }

  /// What a peer may know of it now.
  func view() throws -> NodeView {
    let status = try get("/status")
    guard let node = status["node"]?.string.flatMap({ NodeID($0, radix: 16) }),
      let cluster = status["cluster"]?.string
    else { throw Gone(description: "'/status' says too little") }
    var view = NodeView(cluster: cluster, node: node, peers: [])
    view.term = status["term"]?.uint64 ?? 0
    view.commitIndex = status["commit"]?.uint64 ?? 0
    view.lastIndex = status["last"]?.uint64 ?? 0
    view.isSpared = true
    return view
  }
}
