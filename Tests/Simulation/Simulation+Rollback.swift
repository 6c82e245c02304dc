// Nodes that came back meet the others, and one whose disk is of an older day is found out.

import PDBCoordinator
import PDBModel
import Raft

/// The files of a node at some moment.
struct DiskCopy {
  let log: StoredLog
  let machine: Machine

  var reach: Reach { Reach(term: log.hardState.term, index: log.lastIndex) }

  /// Whether it says that a member confirmed `reach`.
  func knows(_ id: NodeID, confirmed reach: Reach) -> Bool {
    log.confirmed[id].map { $0 >= reach } ?? false
  }
}

extension Simulation {
  // MARK: Meeting

  /// A node connects to all others, and they to it.
  func connect(_ node: SimulatedNode) {
    for peer in nodes where peer.id != node.id {
      schedule.add(
        .meeting(node.id, life: node.life, peer: peer.id), after: Time(dice.among(1...40)))
    }
  }

  /// Two nodes compare what they know of each other, if they know each other at all. What cannot be
  /// connected now is tried again.
  func meet(_ node: SimulatedNode, _ peer: SimulatedNode) throws {
    guard peer.isAlive, !network.isCut(from: node.id, to: peer.id),
      !network.isCut(from: peer.id, to: node.id)
    else {
      return schedule.add(
        .meeting(node.id, life: node.life, peer: peer.id), after: Time(dice.among(50...300)))
    }
    guard node.knows(peer) || peer.knows(node) else { return }
    // Who was removed is sent away, and nothing is compared.
    guard !node.hasRemoved(peer), !peer.hasRemoved(node) else { return }
    let (life, peerLife) = (node.life, peer.life)
    try tell(node, by: peer)
    guard node.life == life, peer.life == peerLife else { return }
    try tell(peer, by: node)
  }

  private func tell(_ node: SimulatedNode, by peer: SimulatedNode) throws {
    guard node.isAlive else { return }
    let confirmed = peer.status.confirmed[node.id]
    if node.rules.isRolledBack(node.status.reach, confirmed: confirmed) {
      guard let newest = node.newest else {
        throw Violation(
          .rollback, "node \(node.id) is taken for rolled back at \(node.status.reach)")
      }
      note(.rollbackNoticed)
      try step(node, .rolledBack)
      guard node.isAlive else { return }
      // The right files are found again.
      try crash(node, losesPower: false)
      node.putBack(newest)
      node.newest = nil
    } else {
      try step(node, .vouched(by: peer.id))
    }
  }

  // MARK: Older files

  /// Somebody makes a copy of a node's files.
  func copyFiles(of node: SimulatedNode) {
    node.copy = DiskCopy(log: node.durable, machine: node.machine)
  }

  /// Somebody puts back an older copy of the files of a dead node. Only where all others know what is
  /// missing in it, and there are others: nobody could tell a node that is alone, and what the last
  /// leader alone knew may be lost. And the copy must know it of those that were put back themselves: they
  /// may vouch for each other while the rest is away.
  func rollBack(_ node: SimulatedNode) {
    let newest = DiskCopy(log: node.durable, machine: node.machine)
    guard node.real == nil, node.newest == nil, let copy = node.copy, copy.reach < newest.reach,
      copy.log.membership.quorum > 1,
      nodes.allSatisfy({ $0.id == node.id || $0.knows(node.id, confirmed: newest.reach) }),
      nodes.allSatisfy({ other in
        other.newest.map { copy.knows(other.id, confirmed: $0.reach) } ?? true
      })
    else { return }
    note(.rolledBack)
    diary.note(now, "node \(node.id) is rolled back from \(newest.reach) to \(copy.reach)")
    node.putBack(copy)
    node.newest = newest
    node.copy = nil
  }

  /// A node that lost what it confirmed must neither vote nor count.
  func checkPart(of node: SimulatedNode) throws {
    if node.newest != nil, node.status.takesPart {
      throw Violation(.rollback, "node \(node.id) takes part although it was rolled back")
    }
  }
}

extension SimulatedNode {
  /// Whether another node is a member as far as this one knows.
  fileprivate func knows(_ other: SimulatedNode) -> Bool { status.membership[other.id] != nil }

  /// Whether another node was a member as far as this one knows, and is none any more.
  fileprivate func hasRemoved(_ other: SimulatedNode) -> Bool {
    status.membership.removed.contains(other.id)
  }

  /// Whether this node knows, and will not forget, that a member confirmed `reach`.
  fileprivate func knows(_ id: NodeID, confirmed reach: Reach) -> Bool {
    let known = isAlive ? status.confirmed[id] : durable.confirmed[id]
    return known.map { $0 >= reach } ?? false && queue.isEmpty && writing.isEmpty
  }
}
