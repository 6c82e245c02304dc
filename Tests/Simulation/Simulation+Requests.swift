// Requests reach nodes, and replies leave them.

import PDBCoordinator
import PDBModel
import Raft

extension Simulation {
  func request(_ attempt: Attempt, at id: NodeID) {
    let node = self[id]
    guard node.isAlive else {
      // No process listens: the request never left the client.
      return schedule.add(.reply(attempt, .notApplied(leader: nil), from: id), after: 5)
    }
    if node.inbox.isEmpty {
      schedule.add(.drain(id, life: node.life), after: Time(dice.among(1...15)))
    }
    node.inbox.append(attempt)
  }

  /// What came in together is proposed together.
  func drain(_ node: SimulatedNode) throws {
    let attempts = node.inbox
    node.inbox = []
    var inputs: [Coordinator.Input] = []
    for attempt in attempts where isCurrent(attempt) {
      let operation = clients[attempt.client].current!
      let ticket = node.ticket(for: attempt)
      switch operation.work {
      case .read: inputs.append(.request(.read, ticket))
      case .write(let change, _, _):
        guard let change = timed(change, operation, by: node) else {
          // What became of an attempt before is not said by that.
          let isFirst = operation.attempts == 1
          reply(isFirst ? .notApplied(leader: nil) : .unknown, to: attempt, from: node)
          _ = node.takeAttempt(of: ticket)
          continue
        }
        let bytes = stamped(change, operation, by: node)
          .encoded(for: plan.past.isUpgrade ? node.machine.mark.version : .newest)
        inputs.append(.request(.propose(bytes), ticket))
      }
    }
    if !inputs.isEmpty { try step(node, inputs) }
  }

  /// What is to live for a while lives from now on, as the node knows it; `nil` if it does not.
  private func timed(
    _ change: PDBModel.Operation, _ operation: ClientOperation, by node: SimulatedNode
  ) -> PDBModel.Operation? {
    func granted(_ lease: Lease, _ time: UInt64) -> Lease {
      let lease = Lease(milliseconds: lease.milliseconds, now: time)
      checks.replay.leases.stamped(lease, operation.request, at: now)
      return lease
    }
    let time = node.coordinator.status.grantTime
    switch change {
    case .setExpiring(let key, let value, let condition, let lease):
      return time.map {
        .setExpiring(key: key, value: value, condition, granted(lease, $0))
      }
    case .touch(let key, let condition, let lease?):
      return time.map { .touch(key: key, condition, granted(lease, $0)) }
    default: return change
    }
  }

  /// As the real server does: time by the node's own clock, and for a retry an estimate of
  /// when the request was first sent.
  private func stamped(
    _ change: PDBModel.Operation, _ operation: ClientOperation, by node: SimulatedNode
  ) -> StampedOperation {
    let clock = node.wallClock(now)
    let age = Int64((now - operation.begunAt) / 10)
    let isRetry = operation.attempts > 1
    return StampedOperation(
      stamp: Stamp(
        time: Timestamp(milliseconds: clock), author: operation.work.author,
        request: RequestID(
          id: operation.request, fingerprint: UInt64(operation.number),
          firstSent: isRetry ? Timestamp(milliseconds: clock - age) : nil,
          knownRevision: isRetry ? operation.knownRevision : nil)),
      operation: change)
  }

  func reply(_ reply: Reply, to attempt: Attempt, from node: SimulatedNode) {
    schedule.add(.reply(attempt, reply, from: node.id), after: Time(dice.among(1...20)))
  }

  /// Tells a client what the coordinator says.
  func deliver(
    _ answer: Coordinator.Reply, to attempt: Attempt, from node: SimulatedNode
  ) throws {
    switch answer {
    case .applied(let applied):
      reply(.applied(applied.decision!, index: applied.index), to: attempt, from: node)
    case .readable: try serveRead(attempt, at: node)
    case .changed, .transferred: reply(.unknown, to: attempt, from: node)
    case .failed(let error):
      noteFailure(error, of: attempt)
      let isKnown = error.outcome == .notApplied
      reply(isKnown ? .notApplied(leader: node.status.leader) : .unknown, to: attempt, from: node)
    }
  }

  private func noteFailure(_ error: PDBError, of attempt: Attempt) {
    if case .read? = isCurrent(attempt) ? clients[attempt.client].current?.work : nil {
      return note(.readFailed)
    }
    switch error.message {
    case PDBError.overloaded.message: note(.busyRefusal)
    case PDBError.transferring.message: note(.transferRefusal)
    case PDBError.changeUnderWay.message: note(.changeUnderWay)
    case PDBError.changeLosesQuorum.message: note(.changeLosesQuorum)
    default: break
    }
  }

  private func serveRead(_ attempt: Attempt, at node: SimulatedNode) throws {
    guard isCurrent(attempt), case .read(let key) = clients[attempt.client].current!.work
    else { return }
    if node.status.role != .leader { note(.followerRead) }
    let stored = node.machine.storage.get(Workload.bytes(of: key))
    try checkRead(stored, of: Workload.bytes(of: key), at: node)
    reply(.read(stored, index: node.machine.mark.appliedIndex), to: attempt, from: node)
  }
}
