// Everything that can be due in a simulation.

import PDBCoordinator
import PDBModel
import Raft

/// One attempt of one client: where an answer belongs.
struct Attempt: Equatable {
  /// The position of the client; the administrator has none of its own.
  let client: Int
  let operation: Int
  let number: Int

  static let administrator = -1
}

/// What a client is told.
enum Reply {
  /// A write took its place at `index`.
  case applied(Decision, index: Index)
  /// A read was served by a state as of `index`.
  case read(StoredValue?, index: Index)
  /// The attempt left no trace and never will; ask `leader`, if known.
  case notApplied(leader: NodeID?)
  /// Applied or not: it cannot be told.
  case unknown
}

/// Something that will happen. What concerns one life of a node is void in the next.
enum Happening {
  // Nodes
  case tick(NodeID, life: Int)
  case arrival(Envelope, isCopy: Bool)
  /// A peer tells what its state is.
  case stateTold(StateHash, from: NodeID, to: NodeID)
  case connectionLost(at: NodeID, life: Int, to: NodeID)
  /// A node that came back and another one connect.
  case meeting(NodeID, life: Int, peer: NodeID)
  /// The requests that came together are taken to the node.
  case drain(NodeID, life: Int)
  // Disks
  case written(NodeID, life: Int)
  case replaced(NodeID, life: Int)
  case reported(NodeID, life: Int, number: UInt64)
  case apply(NodeID, life: Int)
  case stateSynced(NodeID, life: Int)
  /// The node learns whether its disk is full.
  case diskFull(NodeID, life: Int)
  // Snapshots
  case snapshotPiece(Int)
  case snapshotReceived(Int)
  case snapshotEnded(at: NodeID, life: Int, peer: NodeID, index: Index?)
  // Clients
  case clientActs(Int)
  case clientTimesOut(Attempt)
  case request(Attempt, to: NodeID)
  case reply(Attempt, Reply, from: NodeID)
  // The world
  case misfortune
  case desertion(NodeID, life: Int)
  case inspection

  /// The node to which this happens, and in which of its lives.
  var place: (id: NodeID, life: Int?)? {
    switch self {
    case .tick(let id, let life), .drain(let id, let life), .written(let id, let life),
      .replaced(let id, let life), .apply(let id, let life), .stateSynced(let id, let life),
      .diskFull(let id, let life), .desertion(let id, let life):
      (id, life)
    case .connectionLost(let id, let life, _), .reported(let id, let life, _),
      .meeting(let id, let life, _),
      .snapshotEnded(let id, let life, _, _):
      (id, life)
    case .arrival(let envelope, _): (envelope.to, nil)
    case .stateTold(_, _, let id): (id, nil)
    default: nil
    }
  }
}
