// The lease time between two records of it.

package import PDBModel
import Raft

/// Goes on from what the state has recorded of the lease time, by ticks. Every node has one, so that a new
/// leader need not begin where the last record stands.
///
/// A follower's clock is set by each record that it applies, later than the leader made it: it lags behind the
/// leader's, and clocks that run fast do not add up. A leader goes on by its own, from the moment when
/// it has applied all that leaders before it recorded; before that it knows no more than the state.
package struct LeaseClock: Equatable, Sendable {
  private var recorded: UInt64
  private var base: UInt64
  private var since: UInt64

  init(_ mark: LeaseMark, at tick: UInt64) {
    (recorded, base) = (mark.time, mark.time)
    since = tick
  }

  /// The state has come further.
  ///
  /// - Parameter isOwn: whether what it recorded was this node's.
  mutating func note(_ mark: LeaseMark, at tick: UInt64, isOwn: Bool) {
    guard mark.time != recorded else { return }
    recorded = mark.time
    if isOwn, mark.time <= time(at: tick) { return }
    (base, since) = (mark.time, tick)
  }

  /// The lease time, in milliseconds.
  ///
  /// - Parameter tick: how many ticks there have been.
  func time(at tick: UInt64) -> UInt64 { base + (tick - since) * UInt64(Tick.milliseconds) }
}

extension EngineStatus {
  /// Whether this node leads, and has applied all that leaders before it recorded.
  package var isSettledLeader: Bool { role == .leader && mark.appliedTerm == term }

  /// What a leader must propose for the sake of keys that cease to be.
  package var leaseWork: PDBModel.Operation? {
    isSettledLeader ? mark.lease.work(at: leaseTime) : nil
  }

  /// The lease time that something begins to live at; `nil` where that is not known: what the state has
  /// recorded may be long ago, and this node's own clock may be ahead of what it has not applied yet.
  package var grantTime: UInt64? { isSettledLeader ? leaseTime : nil }
}
