// Messages leave, travel and arrive.

import PDBCoordinator
import PDBModel
import Raft

extension Simulation {
  func send(_ envelope: Envelope) throws {
    let sender = self[envelope.from]
    try checkSent(envelope, by: sender)
    camera?.tallies[envelope.from, default: MessageTally()].note(envelope)
    guard envelope.to >= 1, envelope.to <= NodeID(nodes.count),
      !network.isCut(from: envelope.from, to: envelope.to), !dice.chance(loss)
    else {
      camera?.lost.insert([envelope.from, envelope.to])
      return
    }
    carry(envelope, isCopy: false)
    if recovery == nil, dice.chance(plan.network.duplication) { carry(envelope, isCopy: true) }
  }

  private var loss: Int { recovery == nil ? plan.network.loss : 0 }

  private func carry(_ envelope: Envelope, isCopy: Bool) {
    let isCalm = recovery != nil
    let isLate = !isCalm && dice.chance(plan.network.reordering)
    var delay = Time(dice.among(isCalm ? 1...20 : plan.network.delay))
    if isLate || isCopy { delay += Time(dice.below(plan.network.lateness)) }
    let time = network.arrival(
      from: envelope.from, to: envelope.to, now: now, delay: delay,
      mayOvertake: isLate || isCopy)
    schedule.add(.arrival(envelope, isCopy: isCopy), after: time - now)
  }

  private func checkSent(_ envelope: Envelope, by sender: SimulatedNode) throws {
    switch envelope.message {
    case .requestVote(let request):
      try checks.elections.voted(sender.id, for: sender.id, in: request.term)
      noteCandidate(sender.id, in: request.term)
    case .requestVoteReply(let reply) where reply.voteGranted:
      try checks.elections.voted(sender.id, for: envelope.to, in: reply.term)
    default: break
    }
    var leaderLog: StoredLog?
    if case .appendEntriesReply(let reply) = envelope.message,
      let leader = checks.elections.leader(of: reply.term), self[leader].isLeader,
      self[leader].status.term == reply.term
    {
      leaderLog = self[leader].log
    }
    try DurabilityChecker.sent(envelope, durable: sender.durable, leaderLog: leaderLog)
  }

  func arrive(_ envelope: Envelope, isCopy: Bool) throws {
    let isCut = network.isCut(from: envelope.from, to: envelope.to)
    guard !isCut || plan.network.survivesCuts else { return }
    let node = self[envelope.to]
    noteArrival(envelope, isCopy: isCopy, at: node)
    node.peerVersions.note(envelope.from, understands: self[envelope.from].rules.newestVersion)
    try step(node, .received(envelope))
  }

  func loseConnection(_ node: SimulatedNode, to peer: NodeID) throws {
    if node.status.leader == peer {
      node.hasLostLeader = true
      node.ticksSinceLeaderLost = 0
    }
    try step(node, .peerUnreachable(peer))
  }

  /// Both ends of a connection notice that it broke.
  func reset(_ one: NodeID, _ other: NodeID) {
    for (id, peer) in [(one, other), (other, one)] where self[id].isAlive {
      schedule.add(
        .connectionLost(at: id, life: self[id].life, to: peer), after: Time(dice.among(1...30)))
    }
  }

  /// Nodes compare their states; those messages may get lost, and are never waited for.
  func tellState(_ hash: StateHash, of node: SimulatedNode) {
    for peer in node.status.membership.members where peer.id != node.id {
      guard !network.isCut(from: node.id, to: peer.id), !dice.chance(loss) else { continue }
      schedule.add(
        .stateTold(hash, from: node.id, to: peer.id),
        after: Time(dice.among(recovery == nil ? plan.network.delay : 1...20)))
    }
  }

  // MARK: Time

  func tick(_ node: SimulatedNode) throws {
    node.ticksSinceLeaderLost += 1
    schedule.add(.tick(node.id, life: node.life), after: node.tickLength)
    try step(node, .tick)
    try endLeases(by: node)
    if plan.past.isUpgrade, node.isLeader, dice.chance(50) { try raiseVersion(by: node) }
  }

  /// A leader proposes what keys that cease to be need. The real one waits for the answer; here it may ask
  /// again before.
  private func endLeases(by node: SimulatedNode) throws {
    guard node.isAlive, let operation = node.coordinator.status.leaseWork, dice.chance(300) else {
      return
    }
    let stamp = Stamp(
      time: Timestamp(milliseconds: node.wallClock(now)), author: "", request: nil)
    let bytes = StampedOperation(stamp: stamp, operation: operation).encoded()
    try step(
      node, .request(.propose(bytes), node.ticket(for: administrator.nextAttempt)))
  }

  /// A leader raises the cluster's version when all members understand more.
  private func raiseVersion(by node: SimulatedNode) throws {
    guard let version = node.raisableVersion else { return }
    note(.versionRaised)
    let stamp = Stamp(
      time: Timestamp(milliseconds: node.wallClock(now)), author: "", request: nil)
    let bytes = StampedOperation(stamp: stamp, operation: .raiseVersion(version))
      .encoded(for: node.machine.mark.version)
    try step(
      node, .request(.propose(bytes), node.ticket(for: administrator.nextAttempt)))
  }
}
