// Histories from seeds: what a register did must pass; what was altered must be judged as by
// trying everything.

import Linearizability
import Testing

@Suite struct RandomizedTests {
  @Test(arguments: 0..<300)
  func `the history of an atomic register is linearizable`(seed: UInt64) {
    var register = AtomicRegister(seed: seed)
    let shape = AtomicRegister.Shape(operations: 60, concurrency: 6, unknownPercent: 10)
    let verdict = RegisterHistory.verdict(register.history(shape))
    #expect(verdict == .linearizable)
  }

  @Test(arguments: 0..<40)
  func `small histories are judged as by trying everything`(block: UInt64) {
    var violations = 0
    for seed in block * 100..<block * 100 + 100 {
      var register = AtomicRegister(seed: seed)
      let shape = AtomicRegister.Shape(
        operations: 2 + Int(seed % 5), concurrency: 1 + seed % 4, unknownPercent: 35)
      let original = register.history(shape)
      #expect(isLinearizable(original), "seed \(seed)")
      let history = register.mutated(original)
      let expected = BruteForce.isLinearizable(history)
      #expect(isLinearizable(history) == expected, "seed \(seed)")
      if !expected { violations += 1 }
    }
    #expect(violations > 10)
  }

  @Test func `thousands of operations on one register take few steps`() {
    var register = AtomicRegister(seed: 1)
    let shape = AtomicRegister.Shape(operations: 2_000, concurrency: 10, unknownPercent: 1)
    let history = register.history(shape)
    #expect(RegisterHistory.verdict(history, stepBudget: 1_000_000) == .linearizable)
  }

  @Test func `a violation at the end of a long history is found within a budget`() {
    var register = AtomicRegister(seed: 2)
    let shape = AtomicRegister.Shape(operations: 400, concurrency: 10, unknownPercent: 1)
    var history = register.history(shape)
    history.append(answered(1_000_000, 1_000_001, .read, .text("never written")))
    #expect(RegisterHistory.verdict(history, stepBudget: 20_000_000).isViolation)
  }

  @Test func `a search that would take more steps than it may gives up`() {
    let history = (0..<10).map { answered($0, 100 + $0, .write("v\($0)"), .text("v\($0)")) }
    #expect(RegisterHistory.verdict(history, stepBudget: 5) == .gaveUp(steps: 5))
  }

  @Test func `each register is judged by itself`() {
    let verdicts = RegisterHistory.check([
      RegisterRecord(
        key: "b", invoked: 1, returned: 2, action: .read, answer: .text("never written")),
      RegisterRecord(key: "a", invoked: 1, returned: 2, action: .read, answer: .nothing),
    ])
    #expect(verdicts.map(\.key) == ["a", "b"])
    #expect(verdicts.map(\.verdict.isViolation) == [false, true])
  }
}
