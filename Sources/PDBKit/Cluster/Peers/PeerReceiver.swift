// What connections between nodes hand to the node, and what they ask of it.

package import NIOCore
package import PDBCoordinator
package import PDBStorage
package import Raft

/// The node, as its connections to other nodes see it.
package protocol PeerReceiver: Sendable {
  var identity: Identity { get }
  var secret: ClusterSecret { get }

  /// Why this node will not talk to a peer that proved itself; `nil` if it will. A member
  /// that is met for the first time is remembered with its data directory, durably.
  func objection(to peer: NodeID, incarnation: UInt64) async -> PeerRefusal?

  func receive(_ envelope: Envelope)
  func receive(_ state: StateHash, from peer: NodeID)
  func lostConnection(to peer: NodeID)
  /// A connection was turned away.
  func noteRefusal(of peer: NodeID, _ reason: PeerRefusal)
  /// A peer does not want this node.
  func refused(by peer: NodeID, _ reason: PeerRefusal)

  /// Answers to a peer that this node cannot reach by itself go where its messages come from.
  func welcome(_ peer: NodeID, on channel: any Channel)
  func farewell(_ peer: NodeID, on channel: any Channel)

  /// A place for a state that begins to come in.
  func beginReceiving(_ mark: StateMark) throws -> StateStaging
}
