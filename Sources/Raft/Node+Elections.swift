// Time, elections and the changes of role.

extension Node {
  mutating func tick() {
    guard standing == .member else { return tickUnvouched() }
    if role == .leader {
      tickLeader()
      return
    }
    ticksSinceContact += 1
    // A lone voter has no other voter to wait for.
    let isAlone = electorate.isVoter(id) && otherVoters.isEmpty
    if isAlone ? role == .follower : ticksSinceContact >= electionDeadline { startPreVote() }
  }

  /// The connection to `peer` broke. If it was the leader, its process has probably died and
  /// there is no point in waiting for the timeout: ask the others at once whether they lost
  /// it too. They refuse unless they did, so a broken link alone deposes no leader.
  mutating func peerUnreachable(_ peer: NodeID) {
    if role == .leader {
      leadership?.progress[peer]?.unreachable()
    } else if peer == leader, !isLeaderUnreachable {
      isLeaderUnreachable = true
      hastyPreVotes = 0
      if role == .follower { resetElectionTimer() }
    }
  }

  /// Draws a new election timeout (Raft §5.2). Each voter has its own slot, in the order of
  /// rank, so the lowest rank alive usually asks first; chance spreads the rest.
  mutating func resetElectionTimer() {
    ticksSinceContact = 0
    // The leader that would be missed takes no slot.
    let candidates = electorate.voters.map(\.id).filter { $0 != leader || $0 == id }
    let slot = candidates.firstIndex(of: id) ?? candidates.count
    if isLeaderUnreachable, hastyPreVotes < 5 {
      hastyPreVotes += 1
      electionDeadline = 1 + Self.hastySlotTicks * slot + random.next(below: 2)
    } else {
      let width = max(1, configuration.electionSpreadTicks / max(1, candidates.count))
      // Later than the others stop hearing the leader, even those that heard it last.
      electionDeadline =
        configuration.electionTicks + Self.slackTicks + slot * width + random.next(below: width)
    }
  }

  private static let slackTicks = 2
  private static let hastySlotTicks = 5

  /// Asks whether an election would be won, without touching any term (Thesis §9.6).
  mutating func startPreVote() {
    // A node that could not write its own vote had better not stand.
    guard mayStand, !isStorageFull else {
      return becomeFollower(term: hardState.term, leader: nil)
    }
    state = .preCandidate(votes: [id: true])
    resetElectionTimer()
    if !isLeaderUnreachable { leader = nil }
    if electorate.isQuorum([id]) { return startElection() }
    let request = RequestVote(
      term: hardState.term + 1, lastLogIndex: log.lastIndex, lastLogTerm: log.lastTerm)
    for peer in otherVoters { send(.requestPreVote(request), to: peer) }
  }

  /// Voters stand. So does a node whose removal is not committed yet: perhaps no other
  /// node has a log that is long enough. Its own vote does not count (Thesis §4.2.2).
  private var mayStand: Bool {
    electorate.isVoter(id) || rules.removedMayStand && settledMembership.isVoter(id)
  }

  /// Starts a term and stands for it (Raft §5.2).
  ///
  /// - Parameter isTransfer: the leader asked for it.
  mutating func startElection(isTransfer: Bool = false) {
    state = .candidate(votes: [:])
    hardState = HardState(term: hardState.term + 1, vote: id)
    leader = nil
    isLeaderUnreachable = false
    resetElectionTimer()
    let request = RequestVote(
      term: hardState.term, lastLogIndex: log.lastIndex, lastLogTerm: log.lastTerm,
      isTransfer: isTransfer)
    for peer in otherVoters { send(.requestVote(request), to: peer) }
    countOwnVote()
  }

  private var mayCountOwnVote: Bool {
    rules.countsOwnVote(whenDurable: durableHardState == hardState)
  }

  /// The candidate's own vote counts once it is durable, like any other vote.
  mutating func countOwnVote() {
    if mayCountOwnVote { count(vote: true, from: id) }
  }

  mutating func count(vote isGranted: Bool, from voter: NodeID) {
    let isPreVote: Bool
    var votes: [NodeID: Bool]
    switch state {
    case .preCandidate(let received): (isPreVote, votes) = (true, received)
    case .candidate(let received): (isPreVote, votes) = (false, received)
    case .follower, .leader: return
    }
    guard electorate.isVoter(voter),
      let counted = rules.votes(counting: voter, among: otherVoters, having: votes)
    else { return }
    votes[counted] = isGranted
    state = isPreVote ? .preCandidate(votes: votes) : .candidate(votes: votes)
    let granted = votes.filter(\.value).keys
    let refused = votes.filter { !$0.value }.keys
    if electorate.isQuorum(granted) {
      if isPreVote {
        startElection()
      } else if mayCountOwnVote {
        becomeLeader()
      }
    } else if refused.count > electorate.voters.count - electorate.quorum {
      // Lost. Stay in the term and wait for the node that won.
      let lostLeader = isLeaderUnreachable ? leader : nil
      becomeFollower(term: hardState.term, leader: lostLeader)
    }
  }

  /// Follows `leader`, or no node yet, in `term` (Raft §5.1: "if a server's term is smaller,
  /// it updates; if a candidate or leader is out of date, it becomes a follower").
  mutating func becomeFollower(term: Term, leader newLeader: NodeID?) {
    precondition(
      term >= hardState.term, "terms never decrease: \(term) was to follow \(hardState.term)")
    if term > hardState.term { hardState = HardState(term: term) }
    if newLeader != leader { isLeaderUnreachable = false }
    if role == .leader { failPendingReads() }
    state = .follower
    leader = newLeader
    resetElectionTimer()
  }

  /// Won the election of the current term (Raft §5.2).
  private mutating func becomeLeader() {
    leader = id
    let next = log.lastIndex + 1
    state = .leader(
      Leadership(
        progress: Dictionary(
          uniqueKeysWithValues: otherMembers.map { ($0, Progress(nextIndex: next)) })))
    // Entries of older terms commit only together with one of this term (Raft §5.4.2), and
    // reads wait for it too (Raft §8).
    appendToLog([.noop])
    broadcastAppend(evenIfEmpty: true)
    leadership?.confirmationsVersion += 1
  }
}
