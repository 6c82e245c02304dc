// The simulator's own dice: everything that chance decides comes from one seed.

import Raft

/// What chance decides in a simulation.
struct Dice: RandomNumberGenerator, Sendable {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  mutating func next() -> UInt64 { generator.next() }

  /// A number from zero up to but not including `bound`, which must be positive.
  mutating func below(_ bound: Int) -> Int { generator.next(below: bound) }

  mutating func among(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  /// True in so many of a thousand cases.
  mutating func chance(_ perMille: Int) -> Bool { below(1000) < perMille }

  mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

  /// The same elements in an order that chance decides (Fisher and Yates).
  mutating func shuffled<T>(_ elements: [T]) -> [T] {
    var elements = elements
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
    return elements
  }
}
