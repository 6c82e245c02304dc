// Clients ask, wait, ask again, and keep a diary for the judge.

import Linearizability
import PDBCoordinator
import PDBModel
import Raft

extension Simulation {
  private static var patience: Time { 25 * Schedule<Happening>.tick }

  /// A client begins an operation, or tries the one it has once more.
  func act(_ position: Int) {
    guard !clients[position].isWaiting else { return }
    if clients[position].current == nil {
      if let remaining = clients[position].remaining {
        guard remaining > 0 else { return }
        clients[position].remaining = remaining - 1
      }
      begin(position)
    }
    clients[position].isWaiting = true
    clients[position].current!.attempts += 1
    let operation = clients[position].current!
    let attempt = Attempt(
      client: position, operation: operation.number, number: operation.attempts)
    let node = target(of: clients[position])
    schedule.add(.request(attempt, to: node), after: Time(dice.among(1...20)))
    schedule.add(.clientTimesOut(attempt), after: Self.patience)
  }

  private func begin(_ position: Int) {
    clients[position].operationCount += 1
    let number = clients[position].operationCount
    let history = checks.replay.machine
    let work = workload.draw(
      clients[position], &dice, mustWrite: clients[position].remaining != nil, history)
    clients[position].current = ClientOperation(
      number: number, request: "c\(position)-\(number)", work: work, invoked: eventNumber,
      begunAt: now, floor: checks.clients.acknowledged,
      knownRevision: clients[position].knownRevision)
  }

  /// Mostly the node that answered last; now and then any, alive or not.
  private func target(of client: Client) -> NodeID {
    if let favourite = client.favourite, dice.chance(750) { return favourite }
    return NodeID(1 + dice.below(nodes.count))
  }

  func isCurrent(_ attempt: Attempt) -> Bool {
    guard attempt.client != Attempt.administrator, let operation = clients[attempt.client].current
    else { return false }
    return operation.number == attempt.operation && operation.attempts == attempt.number
  }

  func timeOut(_ attempt: Attempt) throws {
    guard isCurrent(attempt) else { return }
    clients[attempt.client].current!.isNeverApplied = false
    clients[attempt.client].current!.wasUnknown = true
    clients[attempt.client].favourite = nil
    try tryAgain(attempt.client)
  }

  /// The same request again, or not at all.
  private func tryAgain(_ position: Int) throws {
    clients[position].isWaiting = false
    let operation = clients[position].current!
    if recovery == nil, operation.attempts >= 3, dice.chance(150) {
      return try giveUp(position)
    }
    schedule.add(.clientActs(position), after: Time(dice.among(20...400)))
  }

  private func giveUp(_ position: Int) throws {
    let operation = clients[position].current!
    if case .write(_, let key, let action) = operation.work {
      if operation.isNeverApplied {
        try checks.clients.promisedNotApplied(
          operation.request, appliedAt: checks.replay.firstIndex(of: operation.request))
      } else if let key, let action {
        record(operation, key, action, answer: nil)
      }
    }
    finish(position)
  }

  private func finish(_ position: Int) {
    clients[position].current = nil
    clients[position].isWaiting = false
    let isBusy = recovery != nil || clients[position].isReader
    let pause = isBusy ? 100 : plan.thinkTicks * 100
    schedule.add(.clientActs(position), after: Time(dice.among(1...pause)))
  }

  func answered(_ attempt: Attempt, _ reply: Reply, by node: NodeID) throws {
    if attempt.client == Attempt.administrator { return administrator.answered(reply) }
    guard isCurrent(attempt) else { return }
    let operation = clients[attempt.client].current!
    switch reply {
    case .notApplied(let leader):
      clients[attempt.client].favourite = leader
      return try tryAgain(attempt.client)
    case .unknown:
      clients[attempt.client].current!.isNeverApplied = false
      clients[attempt.client].current!.wasUnknown = true
      clients[attempt.client].favourite = nil
      return try tryAgain(attempt.client)
    case .read(let stored, let index):
      try checks.clients.read(at: index, floor: operation.floor, by: node)
      if case .read(let key) = operation.work { recordRead(operation, key, stored) }
    case .applied(let answer, let index):
      try recordWrite(operation, answer, index, node)
    }
    clients[attempt.client].favourite = node
    finish(attempt.client)
  }

  // MARK: The diary

  private func recordRead(_ operation: ClientOperation, _ key: Int, _ stored: StoredValue?) {
    record(
      operation, key, .read,
      answer: .holds(Workload.value(stored), revision: stored?.revision))
    clients[clientPosition(of: operation)].revisions[key] = stored?.revision
  }

  private func recordWrite(
    _ operation: ClientOperation, _ decision: Decision, _ index: Index, _ node: NodeID
  ) throws {
    try checks.replay.check(decision, at: index, by: node)
    let first = checks.replay.firstIndex(of: operation.request) ?? index
    let isExpired = decision.failure?.code == .requestExpired
    if first < index, !isExpired { note(.retryRemembered) }
    if operation.wasUnknown, first < index { note(.unknownButApplied) }
    try checks.clients.wrote(at: first, floor: operation.floor, request: operation.request)
    let (position, revision) = (clientPosition(of: operation), checks.replay.revision(after: index))
    clients[position].knownRevision = max(clients[position].knownRevision, revision)
    noteRefusal(decision, of: operation)
    guard case .write(_, let key?, let action?) = operation.work else { return }
    // Applied once or never: nobody can tell any more.
    if isExpired { record(operation, key, action, answer: nil) }
    if let answer = Workload.answer(decision) {
      if answer == .conflict { note(.conditionFailed) }
      record(operation, key, action, answer: answer)
    }
    if case .success(.pair(let pair)) = decision {
      clients[position].revisions[key] = pair.revision
    }
  }

  private func clientPosition(of operation: ClientOperation) -> Int {
    clients.firstIndex { $0.current?.request == operation.request }!
  }

  private func record(
    _ operation: ClientOperation, _ key: Int, _ action: RegisterAction, answer: RegisterAnswer?
  ) {
    history.append(
      RegisterRecord(
        key: Workload.name(of: key), invoked: operation.invoked, returned: eventNumber,
        action: action, answer: answer))
  }

  /// The judge's word on everything that clients saw.
  func checkHistory() throws {
    for (key, verdict) in RegisterHistory.check(history, stepBudget: 200_000) {
      switch verdict {
      case .linearizable: break
      case .gaveUp: unjudged += 1
      case .violation(let explanation):
        throw Violation(.linearizability, "key '\(key)': \(explanation)")
      }
    }
  }
}
