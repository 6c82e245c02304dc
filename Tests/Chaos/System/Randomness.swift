// Numbers that a seed decides, so that the same seed draws the same faults.

import Raft

/// What chance decides in a run.
struct Randomness: RandomNumberGenerator, Sendable {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// A generator for one part of a run, whatever the other parts draw.
  init(seed: UInt64, part: UInt64) {
    var outer = Randomness(seed: seed)
    var inner = Randomness(seed: outer.next() ^ (part &* 0xD6E8_FEB8_6659_FD93))
    self.init(seed: inner.next())
  }

  mutating func next() -> UInt64 { generator.next() }

  mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

  mutating func isLucky(percent: Int) -> Bool { below(100) < percent }

  mutating func duration(_ range: ClosedRange<Int64>) -> Duration {
    .milliseconds(Int64.random(in: range, using: &self))
  }

  mutating func pick<T>(_ elements: [T]) -> T { elements[below(elements.count)] }
}
