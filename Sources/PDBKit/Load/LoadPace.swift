// When the requests of a load are due, and when it ends.

import NIOConcurrencyHelpers

/// Hands out the moments at which requests begin, to many clients.
///
/// With a rate the moments are fixed beforehand: a request that has to wait for a client waits on
/// the clock, so a slow cluster cannot hide its slowness by being asked less ("coordinated
/// omission").
final class LoadPace: Sendable {
  private let start = ContinuousClock.now
  private let plan: LoadPlan
  private let issued = NIOLockedValueBox(0)

  init(_ plan: LoadPlan) { self.plan = plan }

  /// When the next request is due; `nil` if there is none.
  func next() -> ContinuousClock.Instant? {
    let number = issued.withLockedValue { issued in
      defer { issued += 1 }
      return issued
    }
    let due = plan.rate.map { start + .seconds(Double(number) / $0) } ?? .now
    switch plan.length {
    case .requests(let count): return number < count ? due : nil
    case .seconds(let seconds): return due < start + .seconds(seconds) ? due : nil
    }
  }

  var elapsed: Duration { start.duration(to: .now) }
}
