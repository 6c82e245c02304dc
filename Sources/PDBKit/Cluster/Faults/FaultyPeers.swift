// The network of a node in a lab: what goes to a member that is cut off is lost.

import PDBCoordinator
import PDBStorage
import Raft

/// Hands on what may go.
final class FaultyPeers: PeerNetwork {
  private let peers: Peers
  private let faults: NodeFaults

  init(_ peers: Peers, _ faults: NodeFaults) { (self.peers, self.faults) = (peers, faults) }

  /// The member that was to get a whole state cannot be reached.
  struct CutOff: Error, CustomStringConvertible {
    let description = "the lab has cut the way to it"
  }

  func send(_ envelopes: [Envelope]) { peers.send(envelopes.filter { faults.reaches($0.to) }) }

  func send(_ state: StateHash) {
    // It goes to all or to none: it is only compared, and told again.
    if faults.state.muteTo.isEmpty { peers.send(state) }
  }

  func send(
    _ state: StateSnapshot, as request: SendSnapshot, isWanted: @escaping @Sendable () -> Bool
  ) async throws -> Index {
    guard faults.reaches(request.to) else { throw CutOff() }
    return try await peers.send(state, as: request) { [faults] in
      isWanted() && faults.reaches(request.to)
    }
  }

  func update(_ members: [Member]) {
    faults.update(members)
    peers.update(members)
  }
}
