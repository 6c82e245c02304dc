// Votes and pre-votes, asked and answered.

extension Node {
  /// Whether this node has reason to believe that there is a working leader, and so should
  /// not help to replace it (Thesis §4.2.3, §9.6).
  private var hearsLeader: Bool {
    if role == .leader { return true }
    return leader != nil && !isLeaderUnreachable
      && ticksSinceContact < configuration.electionTicks
  }

  /// RequestPreVote, receiver: never changes term, vote or timer.
  mutating func handle(preVote message: RequestVote, from candidate: NodeID) {
    let isGranted =
      message.term > hardState.term && !hearsLeader
      && rules.mayLead(isUpToDate: isUpToDate(message))
    let term = isGranted ? message.term : hardState.term
    send(.requestPreVoteReply(RequestVoteReply(term: term, voteGranted: isGranted)), to: candidate)
    if isGranted {
      let term = rules.term(hardState.term, afterPreVoteFor: message.term)
      if term > hardState.term { becomeFollower(term: term, leader: nil) }
    }
  }

  private func isUpToDate(_ candidate: RequestVote) -> Bool {
    log.isUpToDate(lastIndex: candidate.lastLogIndex, lastTerm: candidate.lastLogTerm)
  }

  mutating func handle(preVoteReply message: RequestVoteReply, from voter: NodeID) {
    if !message.voteGranted && message.term > hardState.term {
      return becomeFollower(term: message.term, leader: nil)
    }
    // A granted pre-vote carries the term it was asked for; any other is an echo of the past.
    guard role == .preCandidate else { return }
    if message.voteGranted && message.term != hardState.term + 1 { return }
    count(vote: message.voteGranted, from: voter)
  }

  /// RequestVote, receiver (Raft, Figure 2).
  mutating func handle(_ message: RequestVote, from candidate: NodeID) {
    if message.term > hardState.term {
      // A node that hears its leader neither votes nor moves to the new term; so a node that
      // was cut off or removed cannot depose a leader that works (Thesis §4.2.3).
      // An election that the leader itself asked for is no disturbance.
      if hearsLeader && !message.isTransfer { return }
      becomeFollower(term: message.term, leader: nil)
    }
    let isGranted =
      message.term == hardState.term
      && rules.mayVote(for: candidate, having: hardState.vote)
      && rules.mayLead(isUpToDate: isUpToDate(message))
    // Only a new vote buys the candidate time; its message may arrive twice.
    if isGranted, hardState.vote == nil {
      hardState.vote = candidate
      if role == .preCandidate { state = .follower }
      resetElectionTimer()
    }
    let reply = RequestVoteReply(term: hardState.term, voteGranted: isGranted)
    send(.requestVoteReply(reply), to: candidate)
  }

  mutating func handle(_ message: RequestVoteReply, from voter: NodeID) {
    if message.term > hardState.term {
      return becomeFollower(term: message.term, leader: nil)
    }
    guard role == .candidate, message.term == hardState.term else { return }
    count(vote: message.voteGranted, from: voter)
  }
}
