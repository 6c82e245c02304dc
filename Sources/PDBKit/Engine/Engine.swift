// The wall between what pdb means and what holds the data.

import Raft

/// Something that keeps the data: it makes operations durable and lets them be read.
///
/// The server knows only this; the Raft engine is one implementation.
protocol Engine: Sendable {
  /// Makes an operation durable and answers what it did.
  ///
  /// - Throws: ``PDBError``; its outcome says truthfully whether the operation was applied.
  func propose(_ operation: StampedOperation) async throws -> Outcome

  /// Runs `body` on a consistent view of the data.
  func read<T: Sendable>(
    _ consistency: Consistency, _ reach: Reach,
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> T
  ) async throws -> T

  /// The whole data as it is now, to be read piece by piece while it moves on.
  func snapshot(_ consistency: Consistency) async throws -> StateSnapshot

  /// Yields whenever the data has moved on, and ends when the node stops. Whoever is slow gets
  /// one for several.
  func movements() -> AsyncStream<Void>

  /// Adds, promotes or removes a member; returns when the change is committed.
  func change(_ change: MembershipChange) async throws

  /// Hands leadership to a voter, to the most suitable one if `nil`; returns who leads when
  /// this node no longer does.
  @discardableResult
  func transferLeadership(to target: NodeID?) async throws -> Member?

  /// Asks the node to stop as if its process had been told to.
  func requestStop()

  /// The engine's view of itself and of its cluster.
  var status: EngineStatus { get }

  /// What every answer tells of the status.
  var headline: Headline { get }

  /// What the engine measured since it started.
  var measurements: Measurements { get }
}

/// The part of an engine's status that every answer carries: cheaper to copy than all of it.
struct Headline: Sendable {
  let revision: UInt64
  let term: Term
  let birth: String?
}

/// What an operation did, and the revision of the state after it.
struct Outcome: Sendable {
  let answer: Answer
  let revision: UInt64
}

/// How much a read looks at.
enum Reach: Sendable {
  /// A few keys: done at once.
  case keys
  /// Maybe everything: done beside other work.
  case ranges
}

/// How fresh a read must be.
enum Consistency: String, Sendable {
  /// Sees every change that was acknowledged before the read began.
  case linearizable
  /// Sees the node's own state, which may lag.
  case stale
}
