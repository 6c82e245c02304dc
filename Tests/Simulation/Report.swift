// What came of one seed.

/// The outcome of a simulation.
package struct Report: Sendable {
  package let seed: UInt64
  /// The promise that was broken, if any.
  package let violation: Violation?
  package let situations: Situations
  /// How many things happened.
  package let events: UInt64
  /// How long it took, in simulated ticks.
  package let ticks: UInt64
  /// How many entries were committed.
  package let entries: Int
  /// How many operations of clients were judged.
  package let operations: Int
  /// How many keys' histories were too hard to judge.
  package let unjudged: Int
  /// Of everything that happened: equal for equal seeds, on every machine.
  package let hash: UInt64
}
