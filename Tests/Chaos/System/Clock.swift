// The time that histories are recorded in.

import Foundation

/// Nanoseconds of a clock that never jumps; the same for all processes of this machine.
func monotonicNow() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }

  var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}

extension Double {
  /// With one digit after the point.
  var short: String { String(format: "%.1f", self) }
}

/// Waits until `condition` holds; `false` if it did not in time.
func waitUntil(
  within limit: Duration, every pause: Duration = .milliseconds(50),
  isolation: isolated (any Actor)? = #isolation, _ condition: () async -> Bool
) async -> Bool {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline, !Task.isCancelled {
    if await condition() { return true }
    try? await Task.sleep(for: pause)
  }
  return false
}
