// Changes: from the request to the answer.

package import PDBModel
import Raft

extension Coordinator {
  /// The changes that wait for an answer.
  struct Proposals: Sendable {
    /// A change that is in the log.
    struct Accepted: Sendable {
      let index: Index
      let term: Term
      let deadline: UInt64
      let ticket: Ticket
    }

    /// Operations that arrived and are not proposed yet.
    private var arrived: [Proposal] = []
    /// Proposals that are not in the log yet, by proposal id.
    private var tickets: [UInt64: Ticket] = [:]
    private var lastID: UInt64 = 0
    /// Proposals in the log. Invariant: in the order of their indices.
    private(set) var accepted: [Accepted] = []

    var count: Int { accepted.count }

    /// What is wrong; `nil` if nothing is.
    var brokenInvariant: String? {
      if !arrived.isEmpty || !tickets.isEmpty {
        return "a proposal is neither in the log nor refused"
      }
      return zip(accepted, accepted.dropFirst()).allSatisfy { $0.index < $1.index }
        ? nil : "proposals are out of order"
    }

    mutating func add(_ operation: Bytes, _ ticket: Ticket) {
      arrived.append(Proposal(id: register(ticket), operation: operation))
    }

    mutating func change(_ change: MembershipChange, _ ticket: Ticket) -> Event {
      .changeMembership(id: register(ticket), change)
    }

    private mutating func register(_ ticket: Ticket) -> UInt64 {
      lastID += 1
      tickets[lastID] = ticket
      return lastID
    }

    mutating func takeArrived() -> [Proposal] {
      defer { arrived = [] }
      return arrived
    }

    mutating func accepted(_ proposal: Raft.Accepted, deadline: UInt64) {
      let last = accepted.last?.index ?? 0
      precondition(proposal.index > last, "the proposal at \(proposal.index) follows \(last)")
      accepted.append(
        Accepted(
          index: proposal.index, term: proposal.term, deadline: deadline,
          ticket: refused(proposal.id)))
    }

    /// The ticket of a proposal that leaves those without an index.
    mutating func refused(_ id: UInt64) -> Ticket {
      guard let ticket = tickets.removeValue(forKey: id) else {
        preconditionFailure("proposal \(id) was answered before")
      }
      return ticket
    }

    mutating func takeUnaccepted() -> [Ticket] {
      defer {
        tickets = [:]
        arrived = []
      }
      return tickets.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Takes those up to `index` out.
    mutating func take(through index: Index) -> ArraySlice<Accepted> {
      let end = accepted.firstIndex { $0.index > index } ?? accepted.endIndex
      defer { accepted.removeFirst(end) }
      return accepted[..<end]
    }

    /// Takes those after `index` out.
    mutating func take(after index: Index) -> [Accepted] {
      let start = accepted.firstIndex { $0.index > index } ?? accepted.endIndex
      defer { accepted.removeSubrange(start...) }
      return Array(accepted[start...])
    }

    /// Takes those out whose time is over.
    mutating func takeOverdue(at now: UInt64) -> [Accepted] {
      let overdue = accepted.filter { now >= $0.deadline }
      if !overdue.isEmpty { accepted.removeAll { now >= $0.deadline } }
      return overdue
    }
  }

  mutating func propose(_ operation: Bytes, _ ticket: Ticket) {
    if let refusal = refusalWhilePoisoned { return reply(.failed(refusal), to: ticket) }
    proposals.add(operation, ticket)
  }

  mutating func change(_ change: MembershipChange, _ ticket: Ticket) {
    if let refusal = refusalWhilePoisoned { return reply(.failed(refusal), to: ticket) }
    step(proposals.change(change, ticket))
  }

  mutating func proposeWaiting() {
    let arrived = proposals.takeArrived()
    if !arrived.isEmpty { step(.propose(arrived)) }
  }

  mutating func refuse(_ refused: Refused) {
    let error: PDBError =
      switch refused.reason {
      case .busy: .overloaded
      case .notLeader: currentStatus.notLeader
      case .transferring: .transferring
      case .storageFull: .leaderDiskFull
      case .membership(let reason): .refused(reason)
      }
    reply(.failed(error), to: proposals.refused(refused.id))
  }

  /// Entries were applied: their proposers get their answers.
  mutating func finish(_ applied: [Applied], _ mark: StateMark) {
    answerProposers(of: applied, through: mark.appliedIndex)
    let isOwn = rules.goesByOwnClock(
      isLeader: node.role == .leader, hasAppliedItsTerm: status.mark.appliedTerm == node.status.term
    )
    leaseClock.note(mark.lease, at: now, isOwn: isOwn)
    status.mark = mark
    resume(at: mark.appliedIndex)
    if applied.isEmpty || applied.contains(where: \.bringsTasksBack) { status.comebacks += 1 }
    comparison.applied(applied)
    judgeState()
    step(.applied(mark.appliedIndex))
    serveReads(through: mark.appliedIndex)
  }

  private mutating func answerProposers(of applied: [Applied], through last: Index) {
    var entries = applied[...]
    for proposal in proposals.take(through: last) {
      entries = entries.drop { $0.index < proposal.index }
      guard let entry = entries.first, entry.index == proposal.index else {
        // It was applied as part of a state that was received whole.
        reply(.failed(unconfirmed()), to: proposal.ticket)
        continue
      }
      guard entry.term == proposal.term else {
        // Another leader's entry took the place, so this one never will.
        reply(.failed(.replaced), to: proposal.ticket)
        continue
      }
      reply(entry.decision == nil ? .changed : .applied(entry), to: proposal.ticket)
    }
  }

  /// The node no longer leads: whether what it proposed will be committed is not known here,
  /// unless it is already.
  mutating func abandonProposals(after commitIndex: Index) {
    for proposal in proposals.take(after: commitIndex) {
      reply(.failed(unconfirmed(rules.outcomeWhenAbandoned)), to: proposal.ticket)
    }
  }

  mutating func expireProposals() {
    for proposal in proposals.takeOverdue(at: now) {
      reply(.failed(unconfirmed()), to: proposal.ticket)
    }
  }

  mutating func noteCommitted() {
    guard !actions.apply.isEmpty, !proposals.accepted.isEmpty else { return }
    var waiting = proposals.accepted[...]
    for entry in actions.apply {
      waiting = waiting.drop { $0.index < entry.index }
      guard let first = waiting.first else { return }
      if first.index == entry.index, first.term == entry.term {
        actions.committed.append(first.ticket)
      }
    }
  }

  private func unconfirmed(_ outcome: PDBError.Outcome = .unknown) -> PDBError {
    let reason =
      if status.alarms.contains(.diskFull) {
        "the disk is full, and the change may be written when there is space"
      } else if status.members.count == 1 {
        "the change was not written in time"
      } else {
        "the change was sent to the other nodes, but not confirmed in time"
      }
    return PDBError(
      .unknownOutcome, reason, outcome: outcome,
      hint: "send it again with the same Idempotency-Key: it will be applied once")
  }
}

extension PDBError {
  package static let overloaded = PDBError(
    .busy, "the node has more requests than it can take", hint: "try again in a moment")

  package static let stopping = PDBError(
    .stopping, "the node is stopping", hint: "ask another node")

  fileprivate static let replaced = PDBError(
    .noLeader, "the leader changed before the change was safe", hint: "send it again")

  package static let transferring = PDBError(
    .noLeader, "leadership is being handed to another node", hint: "try again in a moment")

  fileprivate static let leaderDiskFull = PDBError(
    .diskFull, "the disk of the leader is full", hint: "make space; nothing else is needed")

  fileprivate static func refused(_ reason: MembershipRefusal) -> Self {
    switch reason {
    case .underWay: .changeUnderWay
    case .exists: PDBError(.conflict, "there is such a member already, or was once")
    case .unknown:
      PDBError(.memberNotFound, "there is no such member", hint: "'pdb cluster members' lists them")
    case .lastVoter: PDBError(.conflict, "it is the only member that votes")
    case .losesQuorum: .changeLosesQuorum
    }
  }

  package static let changeUnderWay = PDBError(
    .conflict, "another change of members is under way",
    hint: "one at a time: try again when it is done")

  package static let changeLosesQuorum = PDBError(
    .losesQuorum, "too few of the remaining members answer to make a majority",
    hint: "start them first, or use --force if they will come back")
}
