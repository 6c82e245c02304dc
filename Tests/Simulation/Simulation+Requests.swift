// Nodes take requests in and answer them, as the real driver does.

import PDBKit
import Raft

extension Simulation {
  func request(_ ticket: Ticket, at id: NodeID) {
    let node = self[id]
    guard node.isAlive else {
      // Nobody listens: the request never left the client.
      return schedule.add(.reply(ticket, .notApplied(leader: nil), from: id), after: 5)
    }
    if node.desk.inbox.isEmpty {
      schedule.add(.drain(id, life: node.life), after: Time(dice.among(1...15)))
    }
    node.desk.inbox.append(ticket)
  }

  /// What came in together is proposed together.
  func drain(_ node: SimulatedNode) throws {
    let tickets = node.desk.inbox
    node.desk.inbox = []
    var proposals: [Proposal] = []
    var reads: [(id: UInt64, ticket: Ticket)] = []
    for ticket in tickets where isCurrent(ticket) {
      let operation = clients[ticket.client].current!
      switch operation.work {
      case .read:
        lastReadID += 1
        reads.append((lastReadID, ticket))
      case .write(let change, _, _):
        let bytes = stamped(change, operation, by: node).encoded()
        proposals.append(Proposal(id: node.desk.propose(ticket), operation: bytes))
      }
    }
    for read in reads { node.desk.read(read.id, read.ticket, now: now) }
    if !proposals.isEmpty { try step(node, .propose(proposals)) }
    for read in reads where node.isAlive { try step(node, .read(id: read.id)) }
  }

  /// As the real server does: time by the node's own clock, and for a retry an estimate of
  /// when the request was first sent.
  private func stamped(
    _ change: PDBKit.Operation, _ operation: ClientOperation, by node: SimulatedNode
  ) -> StampedOperation {
    let clock = node.wallClock(now)
    let age = Int64((now - operation.begunAt) / 10)
    return StampedOperation(
      stamp: Stamp(
        time: Timestamp(milliseconds: clock), author: "client",
        request: RequestID(
          id: operation.request, fingerprint: UInt64(operation.number),
          firstSent: operation.attempts == 1 ? nil : Timestamp(milliseconds: clock - age))),
      operation: change)
  }

  func reply(_ reply: Reply, to ticket: Ticket, from node: SimulatedNode) {
    schedule.add(.reply(ticket, reply, from: node.id), after: Time(dice.among(1...20)))
  }

  func refuse(_ refused: Refused, at node: SimulatedNode) throws {
    guard let ticket = node.desk.refused(refused.id) else { return }
    var leader: NodeID?
    switch refused.reason {
    case .notLeader(let known): leader = known
    case .busy: note(.busyRefusal)
    case .transferring: note(.transferRefusal)
    case .storageFull: break
    case .membership(.underWay): note(.changeUnderWay)
    case .membership(.losesQuorum): note(.changeLosesQuorum)
    case .membership: break
    }
    reply(.notApplied(leader: leader), to: ticket, from: node)
  }

  /// The entry of a waiting client was applied, or another took its place.
  func answerProposer(of applied: Applied, at node: SimulatedNode) throws {
    guard let proposer = node.desk.takeProposer(at: applied.index) else { return }
    guard proposer.term == applied.term else {
      return reply(.notApplied(leader: node.status.leader), to: proposer.ticket, from: node)
    }
    if let answer = applied.answer {
      reply(.applied(answer, index: applied.index), to: proposer.ticket, from: node)
    } else {
      reply(.unknown, to: proposer.ticket, from: node)
    }
  }

  func serveReads(_ node: SimulatedNode) throws {
    let applied = node.machine.mark.appliedIndex
    for ticket in node.desk.takeWaiters(through: applied) {
      guard isCurrent(ticket), case .read(let key) = clients[ticket.client].current!.work
      else { continue }
      if node.status.role != .leader { note(.followerRead) }
      let stored = node.machine.storage.get(Workload.bytes(of: key))
      reply(.read(stored, index: applied), to: ticket, from: node)
    }
  }
}
