// A node takes a step: before, during, after.

import PDBKit
import Raft

extension Simulation {
  /// What the checkers compare a node with after its step.
  struct Before {
    let role: Node.Role
    let term: Term
    let commitIndex: Index
    let lastIndex: Index
    let lastTerm: Term
    let membership: Membership
    let committedMembership: Membership

    init(_ node: SimulatedNode) {
      role = node.status.role
      term = node.status.term
      commitIndex = node.status.commitIndex
      lastIndex = node.log.lastIndex
      lastTerm = node.log.lastTerm
      membership = node.status.membership
      committedMembership = node.log.membership(through: node.status.commitIndex)
    }
  }

  /// Gives a node an event, checks what it did, and carries out what it asks for.
  func step(_ node: SimulatedNode, _ event: Event) throws {
    precondition(node.isAlive, "the dead take no steps")
    let before = Before(node)
    let effects = node.step(event)
    if let batch = effects.persist {
      try check(batch, of: node, before)
      noteSituations(batch, of: node, before)
      try node.remember(batch)
      try MembershipChecker.mustFollowLog(
        node.id, believed: node.status.membership, log: node.log)
    }
    digest(node, event, effects)
    try check(node, event, before, effects)
    noteSituations(node, event, before, effects)
    try carryOut(effects, of: node, before)
  }

  // MARK: Checking

  /// Looks at a batch while the node's log is still the one before it.
  private func check(_ batch: Persist, of node: SimulatedNode, _ before: Before) throws {
    let isLeader = node.status.role == .leader
    if let first = batch.entries.first {
      try checks.logs.appended(
        batch.entries, after: node.log.term(at: first.index - 1) ?? 0, by: node.id)
      if isLeader, before.role == .leader, before.term == node.status.term {
        try LogChecker.leaderReplaced(node.id, from: first.index, lastIndex: before.lastIndex)
      }
    }
    for entry in batch.entries where isLeader {
      guard case .membership(let membership) = entry.payload else { continue }
      try checks.members.appended(
        membership, by: node.id, term: node.status.term, log: node.log, chosen: checks.commits,
        commitIndex: before.commitIndex, electionTicks: plan.configuration.electionTicks,
        durableEnd: { self[$0].durable.lastIndex })
      for member in membership.members where node.log.membership[member.id] == nil {
        checks.contact.added(member.id, by: node.id)
      }
    }
  }

  private func check(
    _ node: SimulatedNode, _ event: Event, _ before: Before, _ effects: Effects
  ) throws {
    let status = node.status
    try checks.monotony.stepped(node.id, term: status.term, commitIndex: status.commitIndex)
    if case .received(let envelope) = event { try checkMessage(envelope, node, before, effects) }
    try checkRole(node, event, before)
    try checkCommit(node, before)
    if !effects.accepted.isEmpty {
      try BacklogChecker.accepted(
        by: node.id, term: status.term, log: node.log, commitIndex: status.commitIndex,
        maxBytes: plan.configuration.maxUncommittedBytes)
    }
    try DurabilityChecker.handedOut(effects.committed, durable: node.durable, by: node.id)
  }

  private func checkMessage(
    _ envelope: Envelope, _ node: SimulatedNode, _ before: Before, _ effects: Effects
  ) throws {
    // A leader that was removed leads to the end of its term.
    let isLeader = checks.elections.leader(of: before.term) == envelope.from
    try SilenceChecker.heard(
      envelope, membership: before.committedMembership, isLeader: isLeader,
      termBefore: before.term, termAfter: node.status.term, effects: effects)
    if case .appendEntriesReply(let reply) = envelope.message {
      checks.contact.heard(envelope.from, by: node.id, term: reply.term)
    }
  }

  private func checkRole(_ node: SimulatedNode, _ event: Event, _ before: Before) throws {
    let status = node.status
    guard status.role == .leader else {
      if before.role == .leader { checks.contact.deposed(node.id) }
      return
    }
    if before.role != .leader || before.term != status.term {
      try checks.elections.elected(
        node.id, in: status.term, by: node.log.membership, durable: node.durable.hardState)
      try checks.commits.mustBeComplete(node.log, of: node.id, term: status.term)
      checks.contact.elected(node.id, in: status.term)
      checks.members.elected(node.id)
    }
    if case .tick = event {
      checks.members.ticked(node.id, lastIndex: before.lastIndex)
      try checks.contact.ticked(
        node.id, membership: node.log.membership,
        electionTicks: plan.configuration.electionTicks)
    }
    try MembershipChecker.mustNotLead(
      node.id, log: node.log, commitIndex: status.commitIndex)
  }

  private func checkCommit(_ node: SimulatedNode, _ before: Before) throws {
    let status = node.status
    guard status.commitIndex > before.commitIndex else { return }
    // A leader that commits its own removal no longer leads after the step.
    let wasLeader = before.role == .leader && before.term == status.term
    guard wasLeader || status.role == .leader else {
      return try checks.commits.believed(
        through: status.commitIndex, by: node.id, log: node.log)
    }
    let new = try checks.commits.committed(
      through: status.commitIndex, by: node.id, term: status.term, log: node.log,
      durable: { self[$0].durable })
    for entry in new {
      if let request = try checks.replay.committed(entry) {
        try checks.clients.committed(request, at: entry.index)
      }
    }
    guard !new.isEmpty else { return }
    for other in nodes where other.isLeader && other.status.term > status.term {
      try checks.commits.mustBeComplete(
        other.log, of: other.id, term: other.status.term)
    }
  }

  // MARK: Carrying out

  private func carryOut(_ effects: Effects, of node: SimulatedNode, _ before: Before) throws {
    if let batch = effects.persist { node.queue.append(batch) }
    if dice.chance(recovery == nil ? plan.faults.crashPoint : 0),
      effects.persist != nil || !effects.messages.isEmpty
    {
      return try crashBeforeSending(node)
    }
    for envelope in effects.messages { try send(envelope) }
    if effects.persist != nil { startWriting(node) }
    if !effects.committed.isEmpty {
      node.committed.append(contentsOf: effects.committed)
      startApplying(node)
    }
    for accepted in effects.accepted { node.desk.accepted(accepted) }
    for refused in effects.refused { try refuse(refused, at: node) }
    for read in effects.reads where node.desk.isSafe(read) { try serveReads(node) }
    if !effects.failedReads.isEmpty { note(.readFailed) }
    for order in effects.snapshots { beginSnapshot(order, from: node) }
    if effects.wantsDurableState {
      schedule.add(
        .stateSynced(node.id, life: node.life), after: Time(dice.among(plan.disk.syncDelay)))
    }
    if before.role == .leader, node.status.role != .leader {
      for ticket in node.desk.abandonProposers() { reply(.unknown, to: ticket, from: node) }
    }
  }

  // MARK: Telling two runs apart

  private func digest(_ node: SimulatedNode, _ event: Event, _ effects: Effects) {
    let status = node.status
    hash.add(now)
    hash.add(node.id << 32 | UInt64(event.number))
    hash.add(status.term << 32 | status.commitIndex)
    hash.add(UInt64(node.log.lastIndex) << 32 | UInt64(node.log.lastTerm))
    hash.add(UInt64(effects.messages.count) << 32 | UInt64(effects.committed.count))
    for envelope in effects.messages { hash.add(envelope.to << 32 | envelope.message.term) }
    hash.add(Int(effects.persist?.number ?? 0))
    diary.note(now, describe(node, event, effects))
  }

  private func describe(_ node: SimulatedNode, _ event: Event, _ effects: Effects) -> String {
    let status = node.status
    var text =
      "node \(node.id) \(status.role) term \(status.term) commit \(status.commitIndex)"
      + " last \(node.log.lastIndex)@\(node.log.lastTerm): \(event.shown)"
    for envelope in effects.messages {
      text += "\n      -> \(envelope.to) \(envelope.message.shown)"
    }
    if let batch = effects.persist { text += "\n      disk \(batch.shown)" }
    if let last = effects.committed.last { text += "\n      to apply: up to \(last.index)" }
    return text
  }
}
