// What a history is checked against.

/// An object as one thread at a time would use it.
///
/// An operation carries its answer with it, so a model only says whether that answer fits the
/// state, and what the state is afterwards.
package protocol SequentialModel {
  associatedtype State: Hashable
  /// An operation together with its answer, or with the lack of one. Two equal operations must
  /// do the same to every state: the checker treats those of unknown outcome as interchangeable.
  associatedtype Operation: Hashable

  /// The state before the first operation.
  var initial: State { get }

  /// The state after `operation`, or `nil` if it could not have got its answer in `state`.
  func step(_ state: State, _ operation: Operation) -> State?
}

/// One operation of a history, and the time it took.
package struct Interval<Operation> {
  /// When the operation was begun, by any clock that all operations share.
  package let invoked: UInt64
  /// When its answer came. `nil` if none did: then it may take effect at any time after it was
  /// begun, or never.
  package let returned: UInt64?
  package let operation: Operation

  package init(invoked: UInt64, returned: UInt64?, operation: Operation) {
    self.invoked = invoked
    self.returned = returned
    self.operation = operation
  }
}

extension Interval: Sendable where Operation: Sendable {}
