// The second phase: a majority is healed, the rest stays dead, and progress is owed.

import PDBCoordinator
import PDBModel
import Raft

/// How far the recovery has come.
struct Recovery {
  let survivors: [NodeID]
  /// When the last late message of the time before has arrived; no rest begins earlier.
  let calmFrom: Time
  let deadline: Time
  /// Since when all that is owed has been delivered, and under which leader and term.
  var restingSince: Time?
  var restingTerm: Term = 0
}

extension Simulation {
  /// How long a healed majority may take to deliver everything: a generous number of election
  /// timeouts, each of which may be needed for a vote that was split.
  private var patience: Time {
    let configuration = plan.configuration
    let timeout = configuration.electionTicks + configuration.electionSpreadTicks + 10
    return Schedule<Happening>.tick * Time(60 * timeout + 600)
  }

  /// Longer than any message, snapshot or broken connection may be late.
  private static var aftermath: Time { 50 * Schedule<Happening>.tick }

  func beginRecovery() throws {
    let survivors = chooseSurvivors()
    diary.note(now, "---- faults end; survivors \(survivors)")
    recovery = Recovery(
      survivors: survivors, calmFrom: now + Self.aftermath, deadline: now + patience)
    network.heal()
    for node in nodes {
      node.isDiskSlow = false
      node.pausedUntil = 0
      if node.isAlive, node.isDiskFull { setDisk(node, full: false) }
      let shallLive = survivors.contains(node.id)
      if let newest = node.newest {
        if node.isAlive { try crash(node, losesPower: false) }
        node.putBack(newest)
        node.newest = nil
      }
      if !shallLive, node.isAlive { try crash(node, losesPower: false) }
      if shallLive, !node.isAlive { try restart(node) }
    }
    for position in clients.indices { clients[position].remaining = 1 }
    for client in clients where client.current == nil {
      schedule.add(.clientActs(client.position), after: 10)
    }
  }

  /// Enough nodes for a majority of whatever membership may come into force: the last one that
  /// is committed, and every one that lies in some log beyond it.
  private func chooseSurvivors() -> [NodeID] {
    let committed = Index(checks.commits.chosen.count)
    var memberships = [checks.membership]
    for node in nodes {
      memberships += node.durable.memberships(after: committed).map(\.membership)
      memberships += node.log.memberships(after: committed).map(\.membership)
    }
    var survivors: [NodeID] = []
    for id in dice.shuffled(nodes.map(\.id)) {
      let isEnough = memberships.allSatisfy { isMajority(survivors, of: $0) }
      // A few more than needed, now and then: removed nodes and learners among them.
      if !isEnough || dice.chance(300) { survivors.append(id) }
    }
    return survivors.sorted()
  }

  /// Whether these are a majority even if all other learners are promoted: that may happen in
  /// the moment of their death.
  private func isMajority(_ ids: [NodeID], of membership: Membership) -> Bool {
    let living = membership.members.count { $0.role == .voter && ids.contains($0.id) }
    let counted = membership.members.count { $0.role == .voter || !ids.contains($0.id) }
    return 2 * living > counted
  }

  // MARK: Watching

  /// Looks now and then whether everything owed has been delivered.
  func inspect() throws {
    guard var recovery, now >= recovery.calmFrom else {
      return schedule.add(.inspection, after: 10 * Schedule<Happening>.tick)
    }
    schedule.add(.inspection, after: Schedule<Happening>.tick)
    try skipPoisoned()
    let missing = missing(recovery)
    if missing == nil {
      let term = leader!.status.term
      if recovery.restingSince == nil {
        recovery.restingSince = now
        recovery.restingTerm = term
      }
      self.recovery = recovery
      try checkRest(recovery, term: term)
    } else if let since = recovery.restingSince, now > since {
      throw Violation(.stability, "all was well at \(since / 100), and then \(missing!.detail)")
    } else if now > recovery.deadline {
      throw missing!
    }
  }

  private func checkRest(_ recovery: Recovery, term: Term) throws {
    if term != recovery.restingTerm {
      throw Violation(
        .stability, "a healthy leader of term \(recovery.restingTerm) gave way to term \(term)")
    }
    let configuration = plan.configuration
    let rest = 3 * (configuration.electionTicks + configuration.electionSpreadTicks)
    guard now >= recovery.restingSince! + Schedule<Happening>.tick * Time(rest) else { return }
    for node in livingMembers {
      try checks.replay.check(final: node.machine, of: node.id)
      try node.real?.check(node.machine)
    }
    isOver = true
  }

  private var livingMembers: [SimulatedNode] {
    guard let leader else { return [] }
    return leader.status.membership.members.map { self[$0.id] }.filter(\.isAlive)
  }

  /// What is still owed.
  private func missing(_ recovery: Recovery) -> Violation? {
    guard let leader else { return Violation(.progress, "there is no leader") }
    let members = livingMembers
    for node in members
    where node.status.leader != leader.id || node.status.term != leader.status.term {
      return Violation(.progress, "node \(node.id) does not follow leader \(leader.id)")
    }
    for client in clients where !client.isDone {
      return Violation(.progress, "client \(client.position) has no answer")
    }
    let last = leader.log.lastIndex
    for node in members where node.machine.mark.appliedIndex != last {
      return Violation(
        .convergence,
        "node \(node.id) has applied \(node.machine.mark.appliedIndex) of \(last)")
    }
    for member in leader.status.membership.members
    where member.role == .learner && self[member.id].isAlive {
      return Violation(.promotion, "learner \(member.id) is not promoted")
    }
    if plan.past.isUpgrade, let version = leader.raisableVersion {
      return Violation(.progress, "the cluster's version is not raised to \(version.number)")
    }
    if leader.machine.mark.lease.next != 0 {
      return Violation(.progress, "a key that is to end does not end")
    }
    if let target = leader.status.transferTarget {
      return Violation(.transfer, "the transfer to \(target) does not end")
    }
    if let open = transfers.first(where: { !$0.isOver }) {
      return Violation(.progress, "the snapshot from \(open.from) to \(open.to) does not end")
    }
    return nil
  }
}
