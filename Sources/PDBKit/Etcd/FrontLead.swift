// The lease time, while a front leads: it counts by its own monotonic clock, from what was recorded last.

import PDBModel

/// What a front holds while it leads.
struct FrontLead: Sendable {
  /// etcd's revision of the key that says who leads: whatever depends on the lead compares it.
  let claim: Int64
  /// Until when the key certainly stands.
  var end: ContinuousClock.Instant
  private let base: UInt64
  private let since: ContinuousClock.Instant

  /// - Parameters:
  ///   - recorded: the lease time that the state had when the front had begun to lead. Nothing was granted
  ///     later, so nothing ends too early by a clock that goes on from there.
  init(claim: Int64, until end: ContinuousClock.Instant, from recorded: UInt64) {
    (self.claim, self.end) = (claim, end)
    (base, since) = (max(1, recorded), .now)
  }

  /// The lease time now, in milliseconds.
  var time: UInt64 { base + UInt64(max(0, since.duration(to: .now).milliseconds)) }

  var holds: Bool { ContinuousClock.now < end }

  /// What it must propose for the sake of keys that cease to be.
  func work(_ lease: LeaseMark) -> Operation? { holds ? lease.work(at: time) : nil }
}
