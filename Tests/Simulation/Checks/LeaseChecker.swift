// That nothing ceases to be before its time.

package import PDBModel
package import Raft

/// Knows when each lease was granted, in simulated time, and looks at what ends.
///
/// A key lives at least as long as was said, by any clock: the nodes' ticks are up to 4 % shorter or longer
/// than they should be.
package struct LeaseChecker: Sendable {
  /// A grant, by its request and the lease time that it was stamped with.
  private struct Stamped: Hashable {
    let request: String
    let leaseTime: UInt64
  }

  private var stamped: [Stamped: Time] = [:]
  private var granted: [Bytes: (milliseconds: UInt64, at: Time)] = [:]
  /// How many keys have ended.
  package private(set) var ended = 0

  package init() {}

  /// A node has stamped a lease.
  package mutating func stamped(_ lease: Lease, _ request: String, at now: Time) {
    let grant = Stamped(request: request, leaseTime: lease.now)
    stamped[grant] = min(stamped[grant] ?? now, now)
  }

  /// An entry is committed, and has been applied for the first time.
  package mutating func applied(
    _ operation: StampedOperation, _ decision: Decision?, _ made: RecordedRevision?, at now: Time
  ) throws {
    if made?.record.operation == "kv expire" {
      for change in made!.changes {
        guard let grant = granted.removeValue(forKey: change.key) else { continue }
        try check(change.key, grant, at: now)
      }
    } else {
      for change in made?.changes ?? [] { granted[change.key] = nil }
    }
    guard case .success? = decision, let request = operation.stamp.request?.id else { return }
    switch operation.operation {
    case .setExpiring(let key, _, _, let lease), .touch(let key, _, let lease?):
      let time = stamped[Stamped(request: request, leaseTime: lease.now)]
      granted[key] = time.map { (lease.milliseconds, $0) }
    case .touch(let key, _, nil): granted[key] = nil
    default: break
    }
  }

  private mutating func check(
    _ key: Bytes, _ grant: (milliseconds: UInt64, at: Time), at now: Time
  ) throws {
    ended += 1
    let ticks = Int(grant.milliseconds) / 10
    let least = Time(max(0, ticks - 1)) * (Schedule<Happening>.tick - 4)
    guard now - grant.at >= least else {
      throw Violation(
        .leases,
        "the key '\(key.shown)' has ended after \((now - grant.at) / 10) ms, and was to live for "
          + "\(grant.milliseconds)")
    }
  }
}
