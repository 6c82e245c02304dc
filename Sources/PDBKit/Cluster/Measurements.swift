// What a node measures of itself while it works.

import PDBCoordinator
import Raft
import Synchronization

/// How often which values were seen, in buckets whose upper bounds double.
package struct Distribution: Sendable {
  /// The values up to each bound; the last bucket has none.
  package let bounds: [Double]
  package private(set) var counts: [UInt64]
  package private(set) var sum = 0.0

  init(from first: Double, buckets: Int) {
    bounds = (0..<buckets).map { first * Double(1 << $0) }
    counts = Array(repeating: 0, count: buckets + 1)
  }

  package mutating func record(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }

  /// Seconds, from 50 us to 6.5 s.
  package static var seconds: Self { Self(from: 0.00005, buckets: 18) }
  /// Entries, from 1 to 8,192.
  static var entries: Self { Self(from: 1, buckets: 14) }
}

/// The figures of a node since it started.
package struct Measurements: Sendable {
  /// From the proposal of a change to its commit; on the leader.
  package var commit = Distribution.seconds
  /// Applying the entries that were committed together.
  package var apply = Distribution.seconds
  /// Writing one batch to the log, its sync included.
  package var logWrite = Distribution.seconds
  /// Entries in one write of the log.
  package var logBatch = Distribution.entries
  /// Entries that were applied together.
  package var applyBatch = Distribution.entries
  /// Elections that this node stood for.
  package var elections: UInt64 = 0
  /// How often this node learnt of another leader.
  package var leaderChanges: UInt64 = 0
  /// How often this process made a damaged state anew.
  package var stateRepairs: UInt64 = 0
  /// How large the node's files are now.
  package var files: [(name: String, bytes: Int)] = []
  /// What waits in each queue now.
  package var queues: [(name: String, depth: Int)] = []

  package init() {}
}

extension Measurements {
  mutating func count(_ news: News) {
    guard case .roleChanged(let before, let now) = news else { return }
    // The only member wins at once, without having been a candidate before.
    let stands = now.role == .candidate || (now.isLeader && before.role != .candidate)
    if stands && before.role != now.role { elections += 1 }
    if let leader = now.leader, leader.id != before.leader?.id { leaderChanges += 1 }
  }
}

/// Where measurements are noted, from wherever the work is done.
final class Meters: Sendable {
  private let measurements = Mutex(Measurements())

  var present: Measurements { measurements.withLock { $0 } }

  func note(_ body: (inout Measurements) -> Void) { measurements.withLock { body(&$0) } }
}
