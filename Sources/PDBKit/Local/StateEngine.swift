// What a store of files on this machine is made of: something that makes operations durable, and a state
// that can be looked at.

package import PDBCoordinator
package import PDBModel
package import PDBStorage
package import PDBStore

/// Makes operations durable, in one order, and shows the state that they come to.
package protocol StateEngine: Sendable {
  associatedtype Snapshot: FrozenState

  /// Makes an operation durable.
  ///
  /// - Throws: ``PDBError``; its outcome says truthfully whether the operation was applied.
  func propose(_ operation: StampedOperation) async throws -> Receipt

  /// Runs `body` on a consistent view of the state.
  func read<T: Sendable>(
    _ consistency: Consistency, _ reach: ReadReach,
    _ body: @escaping @Sendable (any StateView, StateMark) throws -> T
  ) async throws -> T

  /// The whole state as it is, to be read piece by piece while it moves on.
  func snapshot(_ consistency: Consistency) async throws -> Snapshot

  /// About the lease time now; see `Lease`.
  ///
  /// - Parameter mark: of the state that was looked at.
  func leaseTime(_ mark: StateMark) -> UInt64

  /// The lease time from which something lives.
  ///
  /// - Throws: ``PDBError`` where this cannot be said, because it does not lead.
  func grantTime() async throws -> UInt64

  /// Whether the state has every change that was acknowledged.
  var isCurrent: Bool { get }

  /// How often tasks that were gone may have come back: keys put back, states received.
  var comebacks: Int { get }
}

/// A state that stays as it is.
package protocol FrozenState: Sendable {
  var mark: StateMark { get }

  /// Runs `body` on a view of it.
  func read<T: Sendable>(
    _ body: @escaping @Sendable (any StateView) throws -> T
  ) async throws -> T
}

extension StateSnapshot: FrozenState {}

/// How much a read looks at.
package enum ReadReach: Sendable {
  /// A few keys: done at once.
  case keys
  /// Maybe everything: done beside other work.
  case ranges
}
