// What can happen to a node.

/// Everything that can move a ``Node``: time, messages, clients, and its own disk.
public enum Event: Sendable {
  /// One unit of time has passed; ``Configuration`` counts in these.
  case tick
  /// A message came in from a peer.
  case received(Envelope)
  /// Clients want these operations in the log.
  case propose([Proposal])
  /// A client wants to read the latest state; `id` names the read in ``Effects/reads``.
  /// Ids must not repeat, not even across restarts.
  case read(id: UInt64)
  /// The disk has made everything up to this ``Persist/number`` durable.
  case persisted(number: UInt64)
  /// The state machine has applied all entries up to this index.
  case applied(Index)
  /// The connection to a peer broke.
  case peerUnreachable(NodeID)
  /// The state machine is durable up to this index: without the log before it nothing is lost.
  case stateDurable(Index)
  /// Sending the state to a peer has ended: it has all of it as of this index, or not (`nil`).
  case snapshotSent(to: NodeID, index: Index?)
  /// A client wants the members changed; answered like a proposal of this id.
  case changeMembership(id: UInt64, MembershipChange)
  /// The node shall hand leadership to this voter; `nil`: to the one that suits best.
  case transferLeadership(to: NodeID?)
  /// The disk takes nothing more, or takes writes again.
  case storageFull(Bool)
  /// What a peer knows of this node's log is not beyond its ``Node/reach``.
  case vouched(by: NodeID)
  /// A peer knows that this node once confirmed more than it has now.
  case rolledBack
}

/// An operation that a client wants in the log.
public struct Proposal: Sendable {
  /// Names the proposal in ``Effects/accepted`` and ``Effects/refused``.
  public let id: UInt64
  /// The operation of the state machine, opaque to consensus.
  public let operation: [UInt8]

  /// A proposal of `operation`; `id` must not be that of another proposal under way.
  public init(id: UInt64, operation: [UInt8]) {
    self.id = id
    self.operation = operation
  }
}
