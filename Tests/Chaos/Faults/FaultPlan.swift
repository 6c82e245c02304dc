// Which faults come when: drawn from the seed before a round begins.

/// A fault and its time, counted from the beginning of the round.
struct PlannedFault: Sendable {
  let kind: FaultKind
  let start: Duration
  let length: Duration
  /// The seed from which the nodes that it hits are drawn.
  let dice: UInt64
}

/// The faults of one round.
struct FaultPlan: Sendable {
  let faults: [PlannedFault]
  /// For how long faults are begun.
  let length: Duration

  private static let atOnce = 3

  /// - Parameters:
  ///   - kinds: what may be drawn; not empty.
  init(seed: UInt64, round: Int, kinds: [FaultKind]) {
    var dice = Randomness(seed: seed, part: UInt64(round))
    // In some rounds only few kinds occur, which then meet more often (swarm testing).
    var weighted = kinds.flatMap { Array(repeating: $0, count: $0.weight) }
    if dice.isLucky(percent: 50) {
      let few = Set(kinds.shuffled(using: &dice).prefix(max(1, kinds.count / 4)))
      weighted = weighted.filter(few.contains)
    }
    length = dice.duration(14_000...26_000)
    var faults: [PlannedFault] = []
    var start = dice.duration(300...1500)
    while start < length {
      let length = dice.duration(dice.isLucky(percent: 25) ? 3000...9000 : 200...3000)
      let fault = PlannedFault(
        kind: dice.pick(weighted), start: start, length: length, dice: dice.next())
      let concurrent = faults.filter { $0.start + $0.length > start }.count
      if concurrent < Self.atOnce { faults.append(fault) }
      start += dice.duration(200...2500)
    }
    self.faults = faults
  }
}
