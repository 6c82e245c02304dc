// Whole lives of clusters, under every fault the simulator knows.

import Simulation
import Testing

@Suite struct SeedTests {
  @Test(arguments: 0..<10) func `no promise is broken`(chunk: UInt64) {
    for seed in (chunk * 10 + 1)...(chunk * 10 + 10) { run(seed) }
  }

  @Test(arguments: PlantedBug.allCases.filter { $0.keptSeed != nil })
  func `a kept seed finds its bug, and nothing without it`(bug: PlantedBug) throws {
    let seed = try #require(bug.keptSeed)
    #expect(Simulation(seed: seed, bug: bug).run().violation != nil)
    run(seed)
  }

  @Test func `no promise is broken under seeds that nobody chose`() {
    for _ in 0..<10 { run(.random(in: 1_000_000...UInt64(UInt32.max))) }
  }

  @Test func `the same seed gives the same life`() {
    for seed in 1...5 as ClosedRange<UInt64> {
      let (one, other) = (Simulation(seed: seed).run(), Simulation(seed: seed).run())
      #expect(one.hash == other.hash && one.events == other.events, "seed \(seed)")
    }
  }

  @Test func `an open diary changes nothing`() {
    var lines = 0
    let written = Simulation(seed: 3, diary: { _ in lines += 1 }).run()
    #expect(lines > 100)
    #expect(written.hash == Simulation(seed: 3).run().hash)
  }

  private func run(_ seed: UInt64) {
    let report = Simulation(seed: seed).run()
    if let violation = report.violation {
      Issue.record("seed \(seed): \(violation) (again: make sim SEED=\(seed))")
    }
  }
}
