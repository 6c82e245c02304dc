// A node takes a step: before, during, after.

import PDBCoordinator
import PDBModel
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

  func step(_ node: SimulatedNode, _ input: Coordinator.Input) throws {
    try step(node, [input])
  }

  /// Gives a node what came together, checks what it did, and carries out what it asks for.
  func step(_ node: SimulatedNode, _ inputs: [Coordinator.Input]) throws {
    precondition(node.isAlive, "the dead take no steps")
    let before = Before(node)
    let actions = try node.handle(inputs, at: now)
    try checkPart(of: node)
    for batch in actions.persist {
      try check(batch, of: node, before)
      noteSituations(batch, of: node, before)
      try node.remember(batch)
    }
    if !actions.persist.isEmpty {
      try MembershipChecker.mustFollowLog(
        node.id, believed: node.status.membership, log: node.log)
    }
    digest(node, inputs, actions)
    for input in inputs { try check(node, input, before, actions) }
    try checkCommit(node, before)
    for input in inputs { noteSituations(node, input, before, actions) }
    try carryOut(actions, of: node, before)
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
    _ node: SimulatedNode, _ input: Coordinator.Input, _ before: Before,
    _ actions: Coordinator.Actions
  ) throws {
    let status = node.status
    try checks.monotony.stepped(node.id, term: status.term, commitIndex: status.commitIndex)
    if case .received(let envelope) = input { try checkMessage(envelope, node, before, actions) }
    try checkRole(node, input, before)
    if case .request(.propose, _) = input, actions.persist.contains(where: { !$0.entries.isEmpty })
    {
      try BacklogChecker.accepted(
        by: node.id, term: status.term, log: node.log, commitIndex: status.commitIndex,
        maxBytes: plan.configuration.maxUncommittedBytes)
    }
    try DurabilityChecker.handedOut(actions.apply, durable: node.durable, by: node.id)
  }

  private func checkMessage(
    _ envelope: Envelope, _ node: SimulatedNode, _ before: Before,
    _ actions: Coordinator.Actions
  ) throws {
    // A leader that was removed leads to the end of its term.
    let isLeader = checks.elections.leader(of: before.term) == envelope.from
    try SilenceChecker.heard(
      envelope, membership: before.committedMembership, isLeader: isLeader,
      termBefore: before.term, termAfter: node.status.term, persisted: actions.persist,
      sent: actions.send)
    if case .appendEntriesReply(let reply) = envelope.message {
      checks.contact.heard(envelope.from, by: node.id, term: reply.term)
    }
  }

  private func checkRole(
    _ node: SimulatedNode, _ input: Coordinator.Input, _ before: Before
  ) throws {
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
    if case .tick = input {
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
      // What was rolled back meanwhile was durable when its leader was told of it.
      durable: { self[$0].newest?.log ?? self[$0].durable })
    for entry in new {
      if let request = try checks.replay.committed(entry, at: now) {
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

  private func carryOut(
    _ actions: Coordinator.Actions, of node: SimulatedNode, _ before: Before
  ) throws {
    node.queue.append(contentsOf: actions.persist)
    if dice.chance(recovery == nil ? plan.faults.crashPoint : 0),
      !actions.persist.isEmpty || !actions.send.isEmpty
    {
      return try crashBeforeSending(node)
    }
    for envelope in actions.send { try send(envelope) }
    if !actions.persist.isEmpty { startWriting(node) }
    if !actions.apply.isEmpty {
      node.committed.append(contentsOf: actions.apply)
      startApplying(node)
    }
    for order in actions.sendSnapshots { beginSnapshot(order, from: node) }
    if actions.makeStateDurable {
      let applied = node.machine.mark.appliedIndex
      guard applied > node.durableState else {
        throw Violation(
          .driver, "node \(node.id) asks for a state that is durable up to \(applied) already")
      }
      schedule.add(
        .stateSynced(node.id, life: node.life), after: Time(dice.among(plan.disk.syncDelay)))
    }
    if let hash = actions.stateHash { tellState(hash, of: node) }
    for (ticket, answer) in actions.replies {
      guard let attempt = node.takeAttempt(of: ticket) else {
        throw Violation(.driver, "node \(node.id) answers a request twice")
      }
      try deliver(answer, to: attempt, from: node)
    }
  }

  // MARK: Telling two runs apart

  private func digest(
    _ node: SimulatedNode, _ inputs: [Coordinator.Input],
    _ actions: Coordinator.Actions
  ) {
    let status = node.status
    hash.add(now)
    for input in inputs { hash.add(node.id << 32 | UInt64(input.number)) }
    hash.add(status.term << 32 | status.commitIndex)
    hash.add(UInt64(node.log.lastIndex) << 32 | UInt64(node.log.lastTerm))
    hash.add(UInt64(actions.send.count) << 32 | UInt64(actions.apply.count))
    for envelope in actions.send { hash.add(envelope.to << 32 | envelope.message.term) }
    hash.add(UInt64(actions.replies.count) << 32 | (actions.persist.last?.number ?? 0))
    diary.note(now, describe(node, inputs, actions))
  }

  private func describe(
    _ node: SimulatedNode, _ inputs: [Coordinator.Input],
    _ actions: Coordinator.Actions
  ) -> String {
    let status = node.status
    var text =
      "node \(node.id) \(status.role) term \(status.term) commit \(status.commitIndex)"
      + " last \(node.log.lastIndex)@\(node.log.lastTerm): "
      + inputs.map(\.shown).joined(separator: ", ")
    for envelope in actions.send {
      text += "\n      -> \(envelope.to) \(envelope.message.shown)"
    }
    for batch in actions.persist { text += "\n      disk \(batch.shown)" }
    if let last = actions.apply.last { text += "\n      to apply: up to \(last.index)" }
    for (ticket, reply) in actions.replies {
      text += "\n      reply to request \(ticket.number): \(reply.shown)"
    }
    return text
  }
}
