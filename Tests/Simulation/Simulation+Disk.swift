// Disks write batches, and states take in entries, in their own time.

import PDBCoordinator
import PDBModel
import Raft

extension Simulation {
  // MARK: The log

  /// The disk takes some of what waits: what is written together is durable together. The
  /// installation of a received state is written alone.
  func startWriting(_ node: SimulatedNode) {
    guard node.writing.isEmpty, !node.queue.isEmpty, !node.isDiskFull else { return }
    var count = node.queue.firstIndex { $0.snapshot != nil } ?? node.queue.count
    count = count == 0 ? 1 : 1 + dice.below(count)
    node.writing = Array(node.queue.prefix(count))
    node.queue.removeFirst(count)
    schedule.add(.written(node.id, life: node.life), after: diskDelay(node))
  }

  private func diskDelay(_ node: SimulatedNode) -> Time {
    if recovery != nil { return Time(dice.among(1...10)) }
    return Time(dice.among(node.isDiskSlow ? plan.disk.slowDelay : plan.disk.delay))
  }

  func finishWriting(_ node: SimulatedNode) throws {
    // A disk that fills up meanwhile keeps the batches waiting, and tries again later.
    if node.isDiskFull {
      try node.real?.writeInVain(node.writing)
      noteStorage(of: node)
      return schedule.add(.written(node.id, life: node.life), after: 300)
    }
    for batch in node.writing { try write(batch, to: node) }
    try node.real?.write(node.writing, making: node.durable)
    diary.note(
      now,
      "disk \(node.id) holds \(node.durable.lastIndex)@\(node.durable.lastTerm),"
        + " batches up to \(node.writing.last!.number)")
    if node.writing.contains(where: { $0.snapshot != nil }) {
      // The log has made room; now the received state takes the place of the old one.
      schedule.add(.replaced(node.id, life: node.life), after: diskDelay(node))
    } else {
      try release(node)
    }
  }

  func write(_ batch: Persist, to node: SimulatedNode) throws {
    let before = node.durable.hardState
    try node.durable.write(batch)
    try MonotonyChecker.wrote(node.id, before: before, after: node.durable.hardState)
  }

  /// The second half of an installation.
  func replaceState(_ node: SimulatedNode) throws {
    let mark = node.durable.mark
    guard node.install(mark) else {
      throw Violation(.snapshot, "node \(node.id) installs a state that it did not receive")
    }
    try checks.replay.check(received: node.machine.mark, by: node.id)
    try node.real?.install(node.machine, from: chosen(through: mark.index))
    note(.snapshotInstalled)
    if node.status.membership[node.id]?.role != .voter { note(.learnerSnapshot) }
    try step(node, .applied([], node.machine.mark))
    guard node.isAlive else { return }
    try release(node)
  }

  /// What was written is durable: its messages may leave, and the node hears of it.
  private func release(_ node: SimulatedNode) throws {
    let batches = node.writing
    node.writing = []
    node.durableBatch = batches.last!.number
    if recovery == nil, dice.chance(plan.faults.crashPoint) {
      if node.isLeader { note(.crashBetweenPersistAndSend) }
      return try crash(node, losesPower: dice.chance(500))
    }
    if plan.rollback > 0, dice.chance(30) { copyFiles(of: node) }
    for envelope in batches.flatMap(\.messages) { try send(envelope) }
    let delay = recovery == nil ? Time(dice.among(plan.disk.reportDelay)) : 0
    schedule.add(
      .reported(node.id, life: node.life, number: batches.last!.number), after: delay)
    startWriting(node)
  }

  func report(_ number: UInt64, to node: SimulatedNode) throws {
    node.reportedBatch = max(node.reportedBatch, number)
    try step(node, .persisted(number: number))
  }

  // MARK: The state

  func startApplying(_ node: SimulatedNode) {
    guard !node.isApplying, !node.committed.isEmpty else { return }
    node.isApplying = true
    let delay = Time(dice.among(recovery == nil ? plan.disk.applyDelay : 1...10))
    schedule.add(.apply(node.id, life: node.life), after: delay)
  }

  func apply(_ node: SimulatedNode) throws {
    node.isApplying = false
    if node.isDiskFull {
      node.isApplying = true
      try node.real?.commitInVain(node.machine)
      noteStorage(of: node)
      return schedule.add(.apply(node.id, life: node.life), after: 300)
    }
    let count = dice.chance(500) ? node.committed.count : 1 + dice.below(node.committed.count)
    node.applyQueue.add(Array(node.committed.prefix(count)))
    node.committed.removeFirst(count)
    var entries = node.applyQueue.take()
    var applied: [Applied] = []
    var poisoned: PoisonedEntry?
    for (position, entry) in entries.enumerated() {
      do {
        guard let effect = try apply(entry, at: node) else { continue }
        try checks.replay.check(effect, by: node.id)
        applied.append(effect)
      } catch let found as PoisonedEntry {
        try check(found, entry, at: node)
        poisoned = found
        node.applyQueue.putBack(entries[position...], found)
        entries.removeSubrange(position...)
        break
      }
    }
    try node.real?.apply(entries, expecting: applied, node.machine)
    if dice.chance(plan.disk.spontaneousSync) { node.checkpoints.append(node.machine) }
    try step(
      node, [.applied(applied, node.machine.mark)] + (poisoned.map { [.poisoned($0)] } ?? []))
    guard node.isAlive else { return }
    startApplying(node)
  }

  private func apply(_ entry: Entry, at node: SimulatedNode) throws -> Applied? {
    let applied = node.machine.mark.appliedIndex
    if entry.index > applied + 1 {
      throw Violation(
        .driver, "node \(node.id) is to apply \(entry.index), its state is at \(applied)")
    }
    return try node.machine.apply(entry)
  }

  func syncState(_ node: SimulatedNode) throws {
    if node.isDiskFull {
      return schedule.add(.stateSynced(node.id, life: node.life), after: 300)
    }
    let index = node.machine.mark.appliedIndex
    let isNews = node.checkpoints[0].mark.appliedIndex < index
    node.checkpoints = [node.machine]
    try node.real?.makeDurable(node.machine)
    let before = node.log.mark.index
    node.durableState = index
    try step(node, .stateDurable(index))
    node.idleSyncs = isNews || node.log.mark.index > before ? 0 : node.idleSyncs + 1
    if node.idleSyncs > 3 {
      throw Violation(
        .driver, "node \(node.id) asks again and again for a state that is durable up to \(index)")
    }
  }

  // MARK: Crashes

  /// The process ends, or the power fails, with batches half written.
  func crash(_ node: SimulatedNode, losesPower: Bool) throws {
    noteCrash(node)
    let attempts = node.attempts
    var kept = dice.below(node.writing.count + 1)
    let isInstalling = node.writing.contains { $0.snapshot != nil }
    let isReset = isInstalling && node.durable.mark == node.writing.first?.snapshot
    let durableBefore = node.durable.hardState
    if isReset { kept = 0 }
    if let real = node.real {
      kept = try real.crash(
        writing: isReset ? [] : node.writing, after: node.durable, losesPower: losesPower)
      noteStorage(of: node)
    }
    let lost = try node.crash(keeping: kept)
    try MonotonyChecker.wrote(node.id, before: durableBefore, after: node.durable.hardState)
    if lost > 0 { note(.tornTail) }
    if isInstalling, isReset || kept > 0 { note(.crashBeforeReplacement) }
    if losesPower, node.real == nil {
      let before = node.machine.mark.appliedIndex
      node.losePower(keeping: dice.below(node.checkpoints.count + 1))
      if node.machine.mark.appliedIndex < before { note(.replayAfterPowerCut) }
    }
    diary.note(
      now, "node \(node.id) crashes\(losesPower ? " (power cut)" : ""), \(lost) batches lost")
    hash.add(node.id << 8 | UInt64(lost))
    for attempt in attempts where dice.chance(600) {
      reply(.unknown, to: attempt, from: node)
    }
    if dice.chance(plan.network.resetsAreSeen) {
      for peer in nodes where peer.isAlive && peer.id != node.id {
        schedule.add(
          .connectionLost(at: peer.id, life: peer.life, to: node.id),
          after: Time(dice.among(1...40)))
      }
    }
    if livingNodes.isEmpty { note(.wholeClusterDown) }
  }

  /// The worst moment: a batch is handed to the disk, its step's messages are not sent.
  func crashBeforeSending(_ node: SimulatedNode) throws {
    if node.writing.isEmpty { startWriting(node) }
    if node.status.role == .leader { note(.crashBetweenPersistAndSend) }
    try crash(node, losesPower: dice.chance(500))
  }

  func restart(_ node: SimulatedNode) throws {
    let isUpgraded = plan.past.isUpgrade && dice.chance(400)
    let program = isUpgraded ? .newest : node.rules.newestVersion
    try findStorage(of: node, program)
    let isFinished = try node.restart(with: program)
    if isFinished {
      try node.real?.install(node.machine, from: chosen(through: node.durable.mark.index))
    }
    checks.monotony.restarted(node.id, hardState: node.durable.hardState)
    checks.contact.deposed(node.id)
    diary.note(
      now,
      "node \(node.id) restarts: log \(node.durable.mark.index)..."
        + "\(node.durable.lastIndex)@\(node.durable.lastTerm), \(node.durable.hardState),"
        + " state at \(node.machine.mark.appliedIndex)")
    try checks.replay.check(received: node.machine.mark, by: node.id)
    schedule.add(.tick(node.id, life: node.life), after: Time(dice.among(1...100)))
    connect(node)
  }
}
