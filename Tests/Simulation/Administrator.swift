// An operator who adds and removes members, and moves leadership.

import PDBCoordinator
import PDBModel
import Raft

/// What the administrator remembers: one change at a time, like a careful person.
struct Administrator {
  /// How many nodes a seed may start at most.
  static let maxNodes = 12

  /// A change that was asked for and not answered yet.
  var isWaiting = false
  /// The entry that was to be skipped last, by whom in which term, and when.
  var skipped: (entry: LogPosition, leader: NodeID, term: Term, time: UInt64)?
  /// Nodes that were started to be added.
  var joining: [NodeID] = []

  var nextAttempt: Attempt { Attempt(client: Attempt.administrator, operation: 0, number: 0) }

  mutating func answered(_ reply: Reply) { isWaiting = false }
}

extension Simulation {
  private func change(_ change: MembershipChange, at node: SimulatedNode) throws {
    administrator.isWaiting = true
    try step(node, .request(.change(change), node.ticket(for: administrator.nextAttempt)))
  }

  /// The node that the administrator asks: the leader, and rarely another one.
  private var counterpart: SimulatedNode? {
    let living = livingNodes
    if let leader, leader.pausedUntil <= now, dice.chance(900) { return leader }
    return living.isEmpty ? nil : dice.pick(living)
  }

  func addMember() throws {
    guard let node = counterpart, nodes.count < Administrator.maxNodes else { return }
    // Mostly a node that waits to be added; an empty one is started if there is none.
    let waiting = administrator.joining.filter { node.status.membership[$0] == nil }
    let id: NodeID
    if let first = waiting.first, dice.chance(700) {
      id = first
    } else {
      id = addNode(knowing: Membership([])).id
      administrator.joining.append(id)
      // Some are dead before they join.
      if dice.chance(150) { try crash(self[id], losesPower: false) }
    }
    let rank = UInt32(dice.below(20))
    try change(
      .addLearner(Member(id: id, address: "node\(id)", rank: rank)), at: node)
  }

  func removeMember() throws {
    guard let node = counterpart else { return }
    let members = node.status.membership.members.map(\.id)
    guard members.count > 1 else { return }
    let dead = members.filter { !self[$0].isAlive }
    if let victim = dead.first, dice.chance(500) {
      note(.deadMemberReplaced)
      return try change(.remove(victim, force: dice.chance(500)), at: node)
    }
    let victim = dice.chance(250) ? node.id : dice.pick(members)
    try change(.remove(victim, force: dice.chance(200)), at: node)
    // A second one in the same breath.
    if dice.chance(200), node.isAlive {
      try change(.remove(dice.pick(members)), at: node)
    }
  }

  func transferLeadership() throws {
    guard let leader, leader.pausedUntil <= now else { return }
    let voters = leader.status.membership.members.filter { $0.role == .voter }.map(\.id)
    let target = dice.chance(300) ? nil : dice.pick(voters)
    try step(
      leader, .request(.transfer(to: target), leader.ticket(for: administrator.nextAttempt)))
    if let target, leader.id != target, self[target].isAlive, dice.chance(200) {
      try crash(self[target], losesPower: false)
    }
    if let target, leader.isAlive, leader.status.transferTarget == target, !self[target].isAlive {
      note(.transferToDead)
    }
  }
}
