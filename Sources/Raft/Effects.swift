// What a step asks of the world.

/// What the driver must do after ``Node/step(_:)``. The order in which a driver may do them:
/// ``messages`` at once; ``persist`` in the order of its numbers, then its own messages;
/// ``committed`` in order; the rest any time.
public struct Effects: Sendable {
  /// What to write to disk, if anything.
  public var persist: Persist?
  /// Messages that may leave now.
  public var messages: [Envelope] = []
  /// Committed entries, durable here, to be applied to the state machine in this order.
  public var committed: [Entry] = []
  /// Proposals that are in the log now. They are not committed yet and may never be.
  public var accepted: [Accepted] = []
  /// Proposals that are not in the log and will never be.
  public var refused: [Refused] = []
  /// Reads that are safe once the state machine has applied their index.
  public var reads: [SafeRead] = []
  /// Reads that cannot be served now; asking again later is fine.
  public var failedReads: [UInt64] = []
  /// Peers whose logs end before this node's begins: send them the state.
  public var snapshots: [SendSnapshot] = []
  /// The log has grown past its limits: make the state durable and say so with
  /// ``Event/stateDurable(_:)``.
  public var wantsDurableState = false
  /// Role, term or leader are not what they were before the step.
  public var roleChanged = false
  /// Something that cannot be, if every member kept what it promised. The node takes no part any more.
  public var brokenPromise: BrokenPromise?

  /// No effects: a step that asks nothing of the world.
  public init() {}
}

/// A batch for the log storage. Batches must become durable in the order of their numbers;
/// ``Event/persisted(number:)`` reports the last durable one.
public struct Persist: Equatable, Sendable {
  /// Grows by one with every batch of a node's life.
  public let number: UInt64
  /// The state that was received up to here takes the place of the node's own, and the whole
  /// log gives way to this mark. Comes before everything else in the batch.
  public var snapshot: SnapshotMark?
  /// The new hard state, if it changed.
  public var hardState: HardState?
  /// Entries to append. Entries in storage at and after the first of them are removed first.
  public var entries: [Entry] = []
  /// The log begins after this mark now; entries up to it may be deleted.
  public var compaction: SnapshotMark?
  /// How far these members have confirmed their logs; takes the place of what was known of them.
  public var confirmed: [NodeID: Reach] = [:]
  /// Messages that may leave only when the batch is durable.
  public var messages: [Envelope] = []

  /// A batch that says nothing yet.
  public init(number: UInt64) { self.number = number }
}

/// A leader wants to replace an entry that is committed here: it, or this node, lost something that it
/// had confirmed.
public struct BrokenPromise: Equatable, Sendable {
  /// The leader that sent the entry.
  public let leader: NodeID
  /// The term that it leads.
  public let term: Term
  /// The index of the entry.
  public let index: Index
  /// The term of the entry that is committed here.
  public let expected: Term
  /// The term of the entry that the leader sent.
  public let found: Term
  /// The last entry that is committed here.
  public let commitIndex: Index
}

/// A proposal that has its place in the log.
public struct Accepted: Equatable, Sendable {
  /// The id of the ``Proposal``, or of the change of members.
  public let id: UInt64
  /// The place of its entry in the log.
  public let index: Index
  /// The term of its entry. An entry of another term at ``index`` is not this proposal.
  public let term: Term
}

/// A proposal that was turned away.
public struct Refused: Equatable, Sendable {
  /// Why.
  public enum Reason: Equatable, Sendable {
    /// Another node leads, or no leader is known.
    case notLeader(leader: NodeID?)
    /// The log holds as many uncommitted bytes as it may.
    case busy
    /// The node is handing leadership over.
    case transferring
    /// The disk takes nothing more.
    case storageFull
    /// The change of membership cannot be made, now or at all.
    case membership(MembershipRefusal)
  }

  /// The id of the ``Proposal``, or of the change of members.
  public let id: UInt64
  /// Why it was turned away.
  public let reason: Reason
}

/// Why a change of membership was turned away.
public enum MembershipRefusal: Equatable, Sendable {
  /// Another change is not committed yet, or no entry of this term is (Thesis §4.1, and its
  /// erratum).
  case underWay
  /// Such a member exists already, or did once.
  case exists
  /// There is no such member.
  case unknown
  /// It is the only voter.
  case lastVoter
  /// Too few of the remaining voters answer to make a majority.
  case losesQuorum
}

/// A peer needs the state, because the log no longer holds what it lacks.
public struct SendSnapshot: Equatable, Sendable {
  /// The peer that needs the state.
  public let to: NodeID
  /// The term to send it in.
  public let term: Term
}

/// A read that is safe once the state machine has applied `index` (Thesis §6.4).
public struct SafeRead: Equatable, Sendable {
  /// The id that ``Event/read(id:)`` gave the read.
  public let id: UInt64
  /// The state machine must have applied this index before the read is served.
  public let index: Index
}
