// A committed entry that cannot be applied: the node goes on without its state, until an administrator
// decides (`PoisonedEntry`).

import PDBModel
import Raft

extension Coordinator {
  /// The state stopped before an entry. What waits for it, or for what comes behind it, is answered.
  mutating func stop(before entry: PoisonedEntry) {
    status.poisoned = entry
    raise(.poisonedEntry, .poisoned(entry))
    for proposal in proposals.take(after: entry.index - 1) {
      reply(.failed(entry.error(outcome: .unknown)), to: proposal.ticket)
    }
    for ticket in reads.takeConfirmed(from: entry.index) {
      reply(.failed(entry.error()), to: ticket)
    }
    makeWay()
  }

  /// The state has come past the entry that it had stopped before.
  mutating func resume(at applied: Index) {
    guard let poisoned = status.poisoned, applied >= poisoned.index else { return }
    status.poisoned = nil
    clear(.poisonedEntry)
  }

  /// Why this node, if it leads, takes no changes.
  var refusalWhilePoisoned: PDBError? {
    node.role == .leader ? status.poisoned?.error() : nil
  }

  /// Proposes to skip the entry that the state stopped before.
  ///
  /// - Parameter operation: encoded.
  mutating func skip(_ entry: LogPosition, by operation: Bytes, _ ticket: Ticket) {
    if let refusal = refusal(ofSkipping: entry) { return reply(.failed(refusal), to: ticket) }
    proposals.add(operation, ticket)
  }

  private func refusal(ofSkipping entry: LogPosition) -> PDBError? {
    guard node.role == .leader else { return currentStatus.notLeader }
    guard status.poisoned?.position == entry else {
      return PDBError(
        .conflict, "entry \(entry.index) is none that cannot be applied",
        hint: "'pdb cluster status' names the entry where the state stopped, if there is one")
    }
    guard status.mark.version >= .skips else { return .membersTooOld }
    guard let peer = member(beyond: entry.index) else { return nil }
    return PDBError(
      .conflict, "'\(peer.address)' has applied entry \(entry.index), so it is none to be skipped",
      hint: "start the members that stopped there with its version of pdb")
  }

  /// A leader whose state stopped makes way for a voter whose state did not.
  mutating func makeWay() {
    guard node.role == .leader, node.status.transferTarget == nil, let poisoned = status.poisoned,
      let peer = member(beyond: poisoned.index), peer.role == .voter
    else { return }
    step(.transferLeadership(to: peer.id))
  }

  /// A member that is known to have applied an entry.
  private func member(beyond index: Index) -> Member? {
    status.members.first { comparison.appliedIndex[$0.id].map { $0 >= index } ?? false }
  }
}
