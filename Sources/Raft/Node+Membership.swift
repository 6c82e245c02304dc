// Changing the members of the cluster, one at a time (Thesis §4).

extension Node {
  /// Takes a change into the log, or refuses it. It counts as soon as it is in the log.
  mutating func changeMembership(_ change: MembershipChange, as proposal: UInt64) {
    if let reason = objection(to: change) {
      effects.refused.append(Refused(id: proposal, reason: reason))
      return
    }
    let index = append(membership.after(change)!)
    effects.accepted.append(Accepted(id: proposal, index: index, term: hardState.term))
    // With a voter less there may be a quorum at once.
    advanceCommitIndex()
    if rules.confirmsReadsAfterChange { confirmReads() }
  }

  private func objection(to change: MembershipChange) -> Refused.Reason? {
    guard let leadership else { return .notLeader(leader: reachableLeader) }
    if isStorageFull { return .storageFull }
    if leadership.transfer != nil { return .transferring }
    guard mayChangeMembership else { return .membership(.underWay) }
    guard let after = membership.after(change) else {
      if case .addLearner = change { return .membership(.exists) }
      return .membership(.unknown)
    }
    if after.voters.isEmpty { return .membership(.lastVoter) }
    if case .remove(_, let isForced) = change, !isForced,
      !rules.electorate(after).isQuorum(answering)
    {
      return .membership(.losesQuorum)
    }
    return nil
  }

  private var mayChangeMembership: Bool {
    rules.mayChange(
      isLastCommitted: log.membershipIndex <= commitIndex,
      isOwnTermCommitted: log.term(at: commitIndex) == hardState.term)
  }

  /// This node and the peers it has heard within an election timeout.
  var answering: [NodeID] {
    let heard = leadership?.progress.filter {
      $0.value.ticksSinceHeard < configuration.electionTicks
    }
    return [id] + (heard?.keys.map { $0 } ?? [])
  }

  @discardableResult
  private mutating func append(_ membership: Membership) -> Index {
    appendToLog([.membership(membership)])
    let (others, next) = (Set(otherMembers), log.lastIndex + 1)
    leadership?.follow(others, from: next)
    broadcastAppend(evenIfEmpty: true)
    return log.lastIndex
  }

  /// Promotes a learner that has caught up: within one election timeout it received all that
  /// the log held when the timeout began (Thesis §4.2.1).
  mutating func tickLearners() {
    for learner in membership.members where learner.role == .learner {
      guard var progress = leadership?.progress[learner.id] else { continue }
      var round = progress.catchUp ?? (target: log.lastIndex, ticks: 0)
      round.ticks += 1
      var hasCaughtUp = false
      if progress.matchIndex >= round.target {
        hasCaughtUp =
          round.ticks <= configuration.electionTicks
          && progress.ticksSinceHeard < configuration.electionTicks
        round = (target: log.lastIndex, ticks: 0)
      }
      progress.catchUp = round
      leadership?.progress[learner.id] = progress
      if rules.mayPromote(whenCaughtUp: hasCaughtUp),
        objection(to: .promote(learner.id)) == nil
      {
        append(membership.after(.promote(learner.id))!)
      }
    }
  }

  /// A leader that was removed leads until the change is committed, without counting itself,
  /// and then hands over (Thesis §4.2.2).
  mutating func stepDownIfRemoved() {
    guard role == .leader, !electorate.isVoter(id), log.membershipIndex <= commitIndex,
      rules.removedLeaderStepsDown
    else { return }
    if let successor = bestSuccessor {
      send(.timeoutNow(TimeoutNow(term: hardState.term)), to: successor)
    }
    becomeFollower(term: hardState.term, leader: nil)
  }
}
