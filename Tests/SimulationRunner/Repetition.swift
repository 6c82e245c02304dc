// One seed once more, with its diary open.

import Simulation

/// Runs a seed in a process of its own, so that its diary survives even a trap.
struct Repetition {
  let seed: UInt64
  let lines: Int

  /// Prints what came of it. Returns whether every promise was kept.
  func run(showsAlways: Bool) async -> Bool {
    var diary: [String] = []
    var failure: Failure?
    var outcome = ""
    let worker = Worker(first: seed, count: 1, stride: 1, writesDiary: true)
    let crash = await worker.run { line in
      switch line {
      case .diary(let text):
        diary.append(text)
        if diary.count > 2 * lines { diary.removeFirst(diary.count - lines) }
      case .broken(let broken): failure = broken
      case .ended(let ending):
        outcome =
          "seed \(seed): \(ending.events) events, \(ending.ticks) ticks, hash \(ending.hash)"
      case .began, .situations: break
      }
    }
    if showsAlways || failure != nil || crash != nil {
      for line in diary.suffix(lines) { print(line) }
    }
    if !outcome.isEmpty { print(outcome) }
    guard let failed = failure ?? crash else { return true }
    print("seed \(seed): \(failed.reason)")
    print("again: pdb-sim --seed \(seed) --trace")
    return false
  }
}
