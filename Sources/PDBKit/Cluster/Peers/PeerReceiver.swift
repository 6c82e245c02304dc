// What connections between nodes hand to the node, and what they ask of it.

package import NIOCore
package import PDBCoordinator
package import PDBModel
package import PDBStorage
package import Raft

/// The node, as its connections to other nodes see it.
package protocol PeerReceiver: Sendable {
  var identity: Identity { get }
  var trust: PeerTrust { get }
  /// Whether peers of version 0.1 may still be heard.
  var mayHearOldPeers: Bool { get }

  /// Why this node will not talk to a peer that proved itself; `nil` if it will. A member
  /// that is met for the first time is remembered with its data directory, durably.
  ///
  /// - Parameter understands: the newest cluster version that it does.
  func objection(
    to peer: NodeID, incarnation: UInt64, understands: ClusterVersion
  ) async -> PeerRefusal?

  /// How far a peer is known to have confirmed its log; `nil` if nothing is known.
  func confirmed(by peer: NodeID) -> Reach?
  /// A peer that was let in knows this of the node's own log.
  ///
  /// - Returns: whether the node has all of it. If not, it takes no part any more.
  func has(_ confirmed: Reach?, knownBy peer: NodeID) -> Bool

  func receive(_ envelope: Envelope)
  func receive(_ state: StateHash, from peer: NodeID)
  /// A connection to or from a peer has ended.
  func lostConnection(to peer: NodeID)
  /// This node does not let a peer in.
  func noteRefusal(of peer: NodeID, _ reason: PeerRefusal)
  /// A peer does not want this node.
  func refused(by peer: NodeID, _ reason: PeerRefusal)

  /// A peer opened a connection for messages and was let in. Answers to a peer that this node cannot
  /// reach by itself go back over it.
  func connectionOpened(by peer: NodeID, _ channel: any Channel)
  /// A connection that a peer opened has ended.
  func connectionClosed(by peer: NodeID, _ channel: any Channel)

  /// A peer lacks the state: it is to be sent over this connection.
  func sendState(over channel: any Channel, to peer: NodeID)

  /// A place for a state that begins to come in.
  func beginReceiving(_ mark: StateMark) throws -> StateStaging
}

/// A node that takes no part yet: it shakes hands, and hears nothing of what members say.
package protocol SilentReceiver: PeerReceiver {}

extension SilentReceiver {
  package var mayHearOldPeers: Bool { false }
  package func objection(
    to peer: NodeID, incarnation: UInt64, understands: ClusterVersion
  ) async -> PeerRefusal? { nil }
  package func confirmed(by peer: NodeID) -> Reach? { nil }
  package func has(_ confirmed: Reach?, knownBy peer: NodeID) -> Bool { true }
  package func receive(_ envelope: Envelope) {}
  package func receive(_ state: StateHash, from peer: NodeID) {}
  package func lostConnection(to peer: NodeID) {}
  package func noteRefusal(of peer: NodeID, _ reason: PeerRefusal) {}
  package func refused(by peer: NodeID, _ reason: PeerRefusal) {}
  package func connectionOpened(by peer: NodeID, _ channel: any Channel) {}
  package func connectionClosed(by peer: NodeID, _ channel: any Channel) {}

  package func sendState(over channel: any Channel, to peer: NodeID) {
    preconditionFailure("only a member that accepts connections is asked for its state")
  }
}
