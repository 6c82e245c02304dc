// Leadership: changes of role, and handing it over (Thesis §3.10).

import PDBModel
import Raft

extension Coordinator {
  /// The requests to hand leadership over.
  struct Transfers: Sendable {
    /// Those that wait for this node to lead no longer.
    private(set) var waiting: [Ticket] = []
    private(set) var deadline: UInt64 = 0

    mutating func wait(_ ticket: Ticket, until deadline: UInt64) {
      waiting.append(ticket)
      self.deadline = deadline
    }

    mutating func take() -> [Ticket] {
      defer { waiting = [] }
      return waiting
    }
  }

  mutating func transfer(to target: NodeID?, _ ticket: Ticket) {
    guard node.role == .leader else {
      return reply(.failed(currentStatus.notLeader), to: ticket)
    }
    step(.transferLeadership(to: target))
    // Handing over may be done at once.
    guard node.role == .leader else {
      return reply(.transferred(to: currentStatus.leader), to: ticket)
    }
    guard node.status.transferTarget != nil else {
      return reply(.failed(.noSuccessor), to: ticket)
    }
    transfers.wait(ticket, until: now + patience.leaderlessTicks)
  }

  /// Answers the requests that wait for a transfer once it is decided.
  mutating func settleTransfers() {
    guard !transfers.waiting.isEmpty else { return }
    let node = node.status
    let decision: Reply
    // The successor should be known, so that clients can be sent there.
    if node.role != .leader, node.leader != nil || now >= transfers.deadline {
      decision = .transferred(to: status.leader)
    } else if node.role == .leader, node.transferTarget == nil {
      decision = .failed(.notTakenOver)
    } else {
      return
    }
    for ticket in transfers.take() { reply(decision, to: ticket) }
  }

  mutating func roleChanged() {
    let before = status
    updateStatus()
    if before.isLeader && !status.isLeader { abandonProposals(after: status.commitIndex) }
    actions.news.append(.roleChanged(from: before, to: status))
  }
}

extension PDBError {
  fileprivate static let noSuccessor = PDBError(
    .conflict, "no such voter answers, so leadership cannot be handed over",
    hint: "'pdb cluster status' shows who is up")

  fileprivate static let notTakenOver = PDBError(
    .busy, "the other node did not take over in time", hint: "try again")
}
