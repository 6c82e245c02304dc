// What goes wrong, while things may go wrong.

import Raft

extension Simulation {
  /// One moment in which things may go wrong; the next one is scheduled with it.
  func misfortune() throws {
    guard recovery == nil else { return }
    if now >= plan.faultTime || eventNumber >= UInt64(plan.maxFaultEvents) {
      return try beginRecovery()
    }
    schedule.add(
      .misfortune,
      after: Time(dice.among(1...(2 * plan.faults.intervalTicks * 100))))
    try killOrRevive()
    disturbLinks()
    disturbDisks()
    disturbProcesses()
    if dice.chance(plan.faults.addMember) { try addMember() }
    if dice.chance(plan.faults.removeMember) { try removeMember() }
    if dice.chance(plan.faults.transfer) { try transferLeadership() }
    if plan.poison > 0 { try poison() }
  }

  /// The leader is hit more often than its share.
  private func victim() -> SimulatedNode? {
    if let leader, dice.chance(400) { return leader }
    let living = livingNodes
    return living.isEmpty ? nil : dice.pick(living)
  }

  private func killOrRevive() throws {
    if dice.chance(plan.faults.wholePowerCut) {
      for node in livingNodes { try crash(node, losesPower: true) }
      return
    }
    if dice.chance(plan.faults.crash), let victim = victim() {
      try crash(victim, losesPower: false)
    }
    if dice.chance(plan.faults.powerCut), let victim = victim() {
      try crash(victim, losesPower: true)
    }
    for node in nodes where !node.isAlive && dice.chance(plan.faults.restart) {
      if plan.rollback > 0, dice.chance(plan.rollback) { rollBack(node) }
      try restart(node)
    }
  }

  private func disturbLinks() {
    let ids = nodes.map(\.id)
    if dice.chance(plan.faults.heal) { network.heal() }
    if dice.chance(plan.faults.partition), ids.count > 1, let victim = victim() {
      let shape = dice.pick(Partition.allCases)
      // A ring and a bridge need nodes that do not hear each other.
      guard ids.count > (shape == .ring ? 3 : shape == .bridge ? 2 : 1) else { return }
      if dice.chance(700) { network.heal() }
      shape.cut(&network, among: ids, victim: victim.id, &dice)
      note(shape.situation)
      diary.note(now, "network: \(shape) around \(victim.id)")
      if dice.chance(plan.network.resetsAreSeen) {
        for id in ids where id != victim.id && network.isCut(from: victim.id, to: id) {
          reset(victim.id, id)
        }
      }
    }
    if dice.chance(plan.faults.desertion), let leader { prepareDesertion(of: leader) }
    if dice.chance(plan.faults.reset), let one = victim(), ids.count > 1 {
      let other = dice.pick(ids.filter { $0 != one.id })
      reset(one.id, other)
    }
  }

  /// What the leader hears gets late; then it is deserted. For a while it goes on hearing
  /// answers from the time before.
  private func prepareDesertion(of leader: SimulatedNode) {
    network.heal()
    let tick = Schedule<Happening>.tick
    let lag = tick * Time(dice.among(0...(plan.configuration.electionTicks - 1)))
    for node in nodes where node.id != leader.id {
      network.slow(from: node.id, to: leader.id, by: lag)
    }
    schedule.add(.desertion(leader.id, life: leader.life), after: Time(dice.among(1...800)))
  }

  /// The leader is alone and does not know it, while the others need not wait to replace it:
  /// the hour of stale reads.
  func desert(_ leader: SimulatedNode) {
    guard recovery == nil, leader.isLeader else { return }
    for node in nodes where node.id != leader.id {
      network.cut(from: leader.id, to: node.id)
      guard node.isAlive else { continue }
      schedule.add(
        .connectionLost(at: node.id, life: node.life, to: leader.id),
        after: Time(dice.among(1...30)))
    }
    note(.desertion)
    diary.note(now, "network: leader \(leader.id) is deserted")
  }

  private func disturbDisks() {
    if dice.chance(plan.faults.slowDisk), let victim = victim() {
      victim.isDiskSlow.toggle()
      if victim.isDiskSlow { note(.slowDisk) }
    }
    for node in nodes where node.isDiskFull && dice.chance(150) { setDisk(node, full: false) }
    if dice.chance(plan.faults.fullDisk), let victim = victim(), !victim.isDiskFull {
      setDisk(victim, full: true)
      note(.storageFull)
    }
  }

  /// The node learns of it when it next tries to write.
  func setDisk(_ node: SimulatedNode, full isFull: Bool) {
    node.isDiskFull = isFull
    schedule.add(
      .diskFull(node.id, life: node.life), after: Time(dice.among(1...30)))
    if !isFull { startWriting(node) }
  }

  private func disturbProcesses() {
    if dice.chance(plan.faults.pause), let victim = victim() {
      victim.pausedUntil = now + Time(dice.among(100...4000))
      if victim.isLeader { note(.paused) }
      diary.note(now, "node \(victim.id) is stopped for a while")
    }
    if dice.chance(plan.faults.clockJump), let victim = victim() {
      victim.clockSkew += Int64(dice.below(2_000_000)) - 1_000_000
      note(.clockJump)
    }
  }
}
