// States travel from node to node, in pieces, beside the messages.

import PDBCoordinator
import PDBModel
import Raft

/// A state on its way.
struct SnapshotTransfer {
  let from: NodeID
  let fromLife: Int
  let to: NodeID
  let toLife: Int
  let term: Term
  /// The state as it was when the first piece left; `nil` before.
  var machine: Machine?
  var piecesLeft: Int
  var isOver = false
}

extension Simulation {
  func beginSnapshot(_ order: SendSnapshot, from node: SimulatedNode) {
    note(.snapshotSent)
    if transfers.contains(where: { $0.to == order.to && !$0.isOver }) { note(.secondSnapshot) }
    let pieces = dice.among(recovery == nil ? plan.disk.snapshotPieces : 1...2)
    transfers.append(
      SnapshotTransfer(
        from: node.id, fromLife: node.life, to: order.to, toLife: self[order.to].life,
        term: order.term, machine: nil, piecesLeft: pieces))
    schedule.add(.snapshotPiece(transfers.count - 1), after: pieceDelay)
  }

  private var pieceDelay: Time {
    Time(dice.among(recovery == nil ? plan.disk.pieceDelay : 5...20))
  }

  /// One piece arrives, or the connection turns out to be broken.
  func sendPiece(_ position: Int) throws {
    let transfer = transfers[position]
    let (sender, receiver) = (self[transfer.from], self[transfer.to])
    if recovery == nil, dice.chance(plan.faults.snapshotDeath) {
      let victim = dice.chance(700) ? receiver : sender
      if victim.isAlive { try crash(victim, losesPower: dice.chance(300)) }
    }
    guard sender.isAlive, sender.life == transfer.fromLife else {
      note(.snapshotSenderDied)
      transfers[position].isOver = true
      return
    }
    let isReceiverGone = !receiver.isAlive || receiver.life != transfer.toLife
    let isCut =
      network.isCut(from: transfer.from, to: transfer.to)
      || network.isCut(from: transfer.to, to: transfer.from)
    if isReceiverGone || isCut {
      if isReceiverGone { note(.snapshotReceiverDied) }
      return end(position, index: nil, after: Time(dice.among(1...200)))
    }
    if transfer.machine == nil { transfers[position].machine = sender.machine }
    transfers[position].piecesLeft -= 1
    if transfers[position].piecesLeft > 0 {
      schedule.add(.snapshotPiece(position), after: pieceDelay)
    } else {
      schedule.add(.snapshotReceived(position), after: pieceDelay)
    }
  }

  /// All pieces are here and durable: the node is told, and so is the sender.
  func receiveSnapshot(_ position: Int) throws {
    let transfer = transfers[position]
    let receiver = self[transfer.to]
    guard receiver.isAlive, receiver.life == transfer.toLife else {
      note(.snapshotReceiverDied)
      return end(position, index: nil, after: Time(dice.among(1...200)))
    }
    let machine = transfer.machine!
    let mark = SnapshotMark(
      index: machine.mark.appliedIndex, term: machine.mark.appliedTerm,
      membership: machine.mark.membership)
    try checks.replay.check(received: machine.mark, by: receiver.id)
    let installing = receiver.log.mark
    noteSnapshot(mark, at: receiver)
    receiver.staged.append(machine)
    end(position, index: mark.index, after: Time(dice.among(1...50)))
    let message = Message.installSnapshot(InstallSnapshot(term: transfer.term, mark: mark))
    try step(
      receiver, .received(Envelope(from: transfer.from, to: transfer.to, message: message)))
    // A state that the node has no use for goes.
    if receiver.log.mark == installing { receiver.staged.removeLast() }
  }

  private func end(_ position: Int, index: Index?, after delay: Time) {
    let transfer = transfers[position]
    transfers[position].isOver = true
    transfers[position].machine = nil
    schedule.add(
      .snapshotEnded(
        at: transfer.from, life: transfer.fromLife, peer: transfer.to, index: index),
      after: delay)
  }
}
