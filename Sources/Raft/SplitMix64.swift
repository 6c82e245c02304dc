// Dice that a seed decides: part of a node's value, the same everywhere.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
/// 2014): small, and the same numbers on every machine and in every version, which the standard
/// library does not promise for its own. Good enough to spread election timeouts, and to draw
/// what tests do.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from `0` up to but not including `bound`, which must be positive. The bias of
  /// the remainder is far below what a timeout could notice.
  package mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
