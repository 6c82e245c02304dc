// Handing leadership over (Thesis §3.10).

/// A transfer of leadership under way.
struct Transfer: Sendable {
  let target: NodeID
  var ticks = 0
  var isAsked = false
}

extension Node {
  /// Stops taking proposals and brings the target up to date; when it is, it may stand for
  /// election at once. After an election timeout without success everything is as before.
  mutating func transferLeadership(to wanted: NodeID?) {
    guard let leadership, leadership.transfer == nil else { return }
    guard let target = wanted ?? bestSuccessor, target != id, electorate.isVoter(target),
      answering.contains(target)
    else { return }
    self.leadership?.transfer = Transfer(target: target)
    sendAppend(to: target, evenIfEmpty: false)
    continueTransfer()
  }

  /// The voter that answers and has most of the log; among equals the one preferred.
  var bestSuccessor: NodeID? {
    let answering = Set(answering)
    let candidates = electorate.voters.map(\.id).filter { $0 != id && answering.contains($0) }
    func matchIndex(_ voter: NodeID) -> Index { leadership?.progress[voter]?.matchIndex ?? 0 }
    return candidates.max { matchIndex($0) < matchIndex($1) }
  }

  /// Asks the target to stand once it holds the whole log.
  mutating func continueTransfer() {
    guard let transfer = leadership?.transfer, !transfer.isAsked,
      leadership?.progress[transfer.target]?.matchIndex == log.lastIndex
    else { return }
    leadership?.transfer?.isAsked = true
    send(.timeoutNow(TimeoutNow(term: hardState.term)), to: transfer.target)
  }

  /// A transfer is given up when its time is over or its target is gone: a leader must not
  /// refuse proposals for ever.
  mutating func tickTransfer() {
    if let transfer = leadership?.transfer {
      leadership?.transfer?.ticks += 1
      let goesOn = rules.goesOnTransferring(
        ticks: transfer.ticks, limit: configuration.electionTicks,
        isTargetVoter: electorate.isVoter(transfer.target))
      if goesOn { return }
      leadership?.transfer = nil
    }
    if isStorageFull { transferLeadership(to: nil) }
  }

  /// The leader wants this node to lead: stand at once, without pre-vote.
  mutating func handle(_ message: TimeoutNow, from sender: NodeID) {
    guard message.term == hardState.term, sender == leader, role == .follower,
      electorate.isVoter(id), !isStorageFull
    else { return }
    startElection(isTransfer: true)
  }

  /// A leader whose disk is full hands over to one whose disk may not be.
  mutating func storageFull(_ isFull: Bool) {
    isStorageFull = isFull
    if isFull { transferLeadership(to: nil) }
  }
}
