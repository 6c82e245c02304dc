// What clients were told, against what happened.

package import Raft

/// Real-time order and kept promises, checked at once; the search for a linearization at the
/// end says the same of whole histories, but later and at a higher price.
package struct ClientChecker: Sendable {
  /// The last index whose effect any client knows of.
  package private(set) var acknowledged: Index = 0
  private var promised: Set<String> = []

  package init() {}

  /// A write was answered; its effect is at `index`.
  ///
  /// - Parameter floor: ``acknowledged`` when the write began.
  package mutating func wrote(at index: Index, floor: Index, request: String) throws {
    if index <= floor {
      throw Violation(
        .exactlyOnce, "request \(request) took effect at \(index), before it was made (\(floor))")
    }
    acknowledged = max(acknowledged, index)
  }

  /// A read was served by a state that had applied everything up to `index`.
  package mutating func read(at index: Index, floor: Index, by id: NodeID) throws {
    if index < floor {
      throw Violation(
        .reads, "node \(id) served a read at \(index); \(floor) was acknowledged before it began")
    }
    acknowledged = max(acknowledged, index)
  }

  /// A client was told of every attempt of a request that it was not applied, and gave up.
  package mutating func promisedNotApplied(_ request: String, appliedAt index: Index?) throws {
    promised.insert(request)
    if let index { try broken(request, index) }
  }

  /// An entry with this request was committed.
  package func committed(_ request: String, at index: Index) throws {
    if promised.contains(request) { try broken(request, index) }
  }

  private func broken(_ request: String, _ index: Index) throws {
    throw Violation(
      .promise, "request \(request) was said not to be applied, and is, at \(index)")
  }
}
