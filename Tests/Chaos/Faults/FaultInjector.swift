// Carries out a plan of faults.

/// Begins and ends the faults of a round.
struct FaultInjector {
  let world: World
  let observer: Observer
  let procedures: Procedures
  let http: HTTP
  let nodeCount: Int
  let log: @Sendable (String) -> Void

  /// Carries out the whole plan; every fault has ended when it returns.
  ///
  /// - Returns: how often each kind occurred.
  func run(_ plan: FaultPlan) async -> [FaultKind: Int] {
    let start = ContinuousClock.now
    return await withTaskGroup(of: FaultKind?.self) { group in
      for (number, fault) in plan.faults.enumerated() {
        group.addTask {
          try? await Task.sleep(until: start + fault.start, clock: .continuous)
          guard !Task.isCancelled else { return nil }
          return await carryOut(fault, number) ? fault.kind : nil
        }
      }
      var counts: [FaultKind: Int] = [:]
      for await kind in group {
        if let kind { counts[kind, default: 0] += 1 }
      }
      await world.endAll()
      return counts
    }
  }

  private func carryOut(_ fault: PlannedFault, _ number: Int) async -> Bool {
    var target = FaultTarget(
      nodeCount: nodeCount, leader: await observer.leader, dice: Randomness(seed: fault.dice))
    log("\(fault.kind.rawValue) begins")
    defer { log("\(fault.kind.rawValue) ends") }
    if fault.kind.isProcedure { return await procedures.run(fault.kind, &target) }
    if let kinds = fault.kind.strangers {
      await Crowd(kinds, at: target.someNode(), http, observer, target.dice).stay(for: fault.length)
      return true
    }
    await world.begin(number, fault.kind.conditions(&target))
    try? await Task.sleep(for: fault.length)
    await world.end(number)
    return true
  }
}
