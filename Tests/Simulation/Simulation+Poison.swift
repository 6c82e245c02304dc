// Entries that no member can apply, and the administrator who decides to skip them.

import PDBCoordinator
import PDBModel
import Raft

extension Simulation {
  /// A moment in which a program with a bug may propose something, and the administrator may look.
  func poison() throws {
    if dice.chance(plan.poison), let leader, leader.pausedUntil <= now,
      leader.machine.mark.version >= .skips
    {
      note(.poisonProposed)
      let bytes = Bytes(utf8: "poison \(now)")
      try step(leader, .request(.propose(bytes), leader.ticket(for: administrator.nextAttempt)))
    }
    if dice.chance(200) { try skipPoisoned() }
  }

  /// The administrator skips the entry that the leader's state stopped before, if there is one.
  func skipPoisoned() throws {
    guard let leader, leader.pausedUntil <= now, let poisoned = leader.coordinator.status.poisoned
    else { return }
    let (entry, term) = (poisoned.position, leader.status.term)
    // Once is enough for a while, unless the leader is another one: it may refuse, and then no more.
    if let last = administrator.skipped, last.entry == entry, last.leader == leader.id,
      last.term == term, now < last.time + 100 * Schedule<Happening>.tick
    {
      return
    }
    administrator.skipped = (entry, leader.id, term, now)
    let stamp = Stamp(
      time: Timestamp(milliseconds: leader.wallClock(now)), author: "administrator", request: nil)
    let operation = StampedOperation(stamp: stamp, operation: .skipEntry(entry))
    note(.entrySkipped)
    try step(
      leader,
      .request(.skip(entry, operation.encoded()), leader.ticket(for: administrator.nextAttempt)))
  }

  /// A state stopped before an entry: it must be one of those that were meant to be poison.
  func check(_ poisoned: PoisonedEntry, _ entry: Entry, at node: SimulatedNode) throws {
    guard case .operation(let bytes) = entry.payload, bytes.starts(with: Bytes(utf8: "poison "))
    else {
      throw Violation(
        .driver, "node \(node.id) cannot apply entry \(entry.index): \(poisoned.reason)")
    }
    note(.stoppedByPoison)
  }
}
