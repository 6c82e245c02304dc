// Leader election: Raft §5.2 and §5.4.1, pre-vote (Thesis §9.6), the preference by rank.

import Raft
import Testing

@Suite struct ElectionTests {
  // MARK: Timeouts (§5.2)

  /// "If a follower receives no communication over a period of time called the election
  /// timeout, then it assumes there is no viable leader and begins an election."
  @Test func `a follower that hears no leader starts an election`() {
    var node = TestNode(id: 2)
    node.tick(times: Configuration.test.electionTicks - 1)
    #expect(node.role == .follower)
    #expect(node.outbox.isEmpty)
    node.tick(times: Configuration.test.electionSpreadTicks + 1)
    #expect(node.role == .preCandidate)
    #expect(node.take().map(\.to) == [1, 3])
  }

  /// "A server remains in follower state as long as it receives valid RPCs from a leader."
  @Test func `a heartbeat puts the election off`() {
    var node = TestNode(id: 2)
    for _ in 0..<20 {
      node.tick(times: Configuration.test.electionTicks - 1)
      node.receive(append(term: 1, after: (0, 0)), from: 1)
    }
    #expect(node.role == .follower)
    #expect(node.take().allSatisfy { $0.message.appendEntriesReply != nil })
  }

  @Test func `a message of an old leader does not put the election off`() {
    var node = TestNode(id: 2, hardState: HardState(term: 5))
    for _ in 0..<30 {
      node.tick()
      node.receive(append(term: 4, after: (0, 0)), from: 1)
    }
    #expect(node.role == .preCandidate)
  }

  /// "Election timeouts are chosen randomly from a fixed interval."
  @Test func `election timeouts differ by chance`() {
    let timeouts = (1...30 as ClosedRange<UInt64>).map { seed in
      var node = TestNode(id: 1, seed: seed)
      var ticks = 0
      while node.role == .follower {
        node.tick()
        ticks += 1
      }
      return ticks
    }
    #expect(Set(timeouts).count > 1)
    let configuration = Configuration.test
    #expect(timeouts.min()! >= configuration.electionTicks)
    #expect(timeouts.max()! < configuration.electionTicks + configuration.electionSpreadTicks)
  }

  // MARK: Winning and losing (§5.2)

  /// "Once a candidate wins an election, it becomes leader. It then sends heartbeat messages
  /// to all of the other servers to establish its authority."
  @Test(arguments: [2, 3, 4, 5, 7])
  func `a candidate with a majority leads and tells everybody`(size: Int) {
    let cluster = TestCluster(size)
    cluster.elect(1)
    #expect(cluster[1].term == 1)
    for id in cluster.ids {
      #expect(cluster[id].node.reachableLeader == 1)
      #expect(cluster[id].term == 1)
    }
  }

  @Test func `half of the votes is not a majority`() {
    var node = TestNode(id: 1, membership: .test(voters: 4))
    node.becomeCandidate()
    node.receive(vote(term: 1), from: 2)
    #expect(node.role == .candidate)
    node.receive(vote(term: 1), from: 3)
    #expect(node.role == .leader)
  }

  /// Rule 4: a vote counts once per voter.
  @Test func `a vote that comes twice counts once`() {
    var node = TestNode(id: 1, membership: .test(voters: 5))
    node.becomeCandidate()
    for _ in 0..<5 { node.receive(vote(term: 1), from: 2) }
    #expect(node.role == .candidate)
    node.receive(vote(term: 1), from: 3)
    #expect(node.role == .leader)
  }

  @Test func `a vote for another term does not count`() {
    var node = TestNode(id: 1, hardState: HardState(term: 4))
    node.becomeCandidate()
    #expect(node.term == 5)
    node.receive(vote(term: 4), from: 2)
    #expect(node.role == .candidate)
    node.receive(vote(term: 5), from: 2)
    #expect(node.role == .leader)
  }

  @Test func `a learner neither stands nor counts`() {
    let cluster = TestCluster(2, learners: 1)
    cluster.tick(3, times: 200)
    #expect(cluster.network.isEmpty)
    #expect(cluster[3].role == .follower)

    var node = TestNode(id: 1, membership: .test(voters: 2, learners: 1))
    node.becomeCandidate(voters: [2])
    node.receive(vote(term: 1), from: 3)
    #expect(node.role == .candidate)
  }

  /// "If the leader's term is at least as large as the candidate's current term, then the
  /// candidate recognizes the leader as legitimate and returns to follower state."
  @Test(arguments: [1, 2] as [Term])
  func `a candidate gives way to a leader of its term or a later one`(term: Term) {
    var node = TestNode(id: 2)
    node.becomeCandidate()
    node.receive(append(term: term, after: (0, 0)), from: 1)
    #expect(node.role == .follower)
    #expect(node.node.reachableLeader == 1)
    #expect(node.term == term)
  }

  /// "If the term in the RPC is smaller than the candidate's current term, then the candidate
  /// rejects the RPC and continues in candidate state."
  @Test func `a candidate does not give way to a leader of an older term`() {
    var node = TestNode(id: 2, hardState: HardState(term: 1))
    node.becomeCandidate()
    node.receive(append(term: 1, after: (0, 0)), from: 1)
    #expect(node.role == .candidate)
    #expect(node.take().last?.message.appendEntriesReply?.outcome == .staleTerm)
  }

  /// "If many followers become candidates at the same time, votes could be split [...] each
  /// candidate will time out and start a new election."
  @Test func `a split vote is followed by another election`() {
    let cluster = TestCluster(2)
    for id in cluster.ids {
      while cluster[id].role == .follower { cluster.tick(id) }
    }
    // Both win the pre-vote before either hears of the other's term.
    cluster.deliver { !$0.message.isRequestVote }
    #expect(cluster.ids.allSatisfy { cluster[$0].role == .candidate })
    cluster.deliver()
    #expect(cluster.leader == nil)
    #expect(cluster.tickAll(atMost: 100) { cluster.leader != nil })
    #expect(cluster.maxTerm == 2)
  }

  @Test func `a candidate that a majority refused follows and keeps its term`() {
    var node = TestNode(id: 1)
    node.becomeCandidate()
    node.receive(vote(false, term: 1), from: 2)
    #expect(node.role == .candidate)
    node.receive(vote(false, term: 1), from: 3)
    #expect(node.role == .follower)
    #expect(node.term == 1)
  }

  /// "If a candidate or leader discovers that its term is out of date, it immediately reverts
  /// to follower state" (§5.1).
  @Test func `a leader of an older term steps down`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.cut(from: 2, to: 1)
    cluster.cut(from: 3, to: 1)
    cluster.crash(1)
    cluster.elect(2)
    cluster.heal()
    var old = cluster[1]
    #expect(old.role == .leader)
    old.receive(
      .appendEntriesReply(AppendEntriesReply(term: 2, outcome: .staleTerm, round: 0)), from: 3)
    #expect(old.role == .follower)
    #expect(old.term == 2)
  }

  // MARK: Votes (§5.2, rule 1)

  /// "Each server will vote for at most one candidate in a given term, on a
  /// first-come-first-served basis."
  @Test func `a node votes once per term`() {
    var node = TestNode(id: 3)
    node.receive(voteRequest(term: 1), from: 1)
    node.receive(voteRequest(term: 1), from: 2)
    node.receive(voteRequest(term: 1), from: 1)
    #expect(
      node.take() == [
        Envelope(from: 3, to: 1, message: vote(true, term: 1)),
        Envelope(from: 3, to: 2, message: vote(false, term: 1)),
        Envelope(from: 3, to: 1, message: vote(true, term: 1)),
      ])
    node.receive(voteRequest(term: 2), from: 2)
    #expect(node.take().map(\.message) == [vote(true, term: 2)])
  }

  @Test func `a vote leaves only when it is durable`() {
    var node = TestNode(id: 3)
    node.disk.isHeld = true
    node.receive(voteRequest(term: 1), from: 1)
    node.tick()
    #expect(node.outbox.isEmpty)
    node.flush()
    #expect(node.take().map(\.message) == [vote(true, term: 1)])
    #expect(node.disk.hardState == HardState(term: 1, vote: 1))
  }

  @Test func `a vote holds across a crash`() {
    var node = TestNode(id: 3)
    node.receive(voteRequest(term: 1), from: 1)
    node.restart()
    node.receive(voteRequest(term: 1), from: 2)
    #expect(node.take().map(\.message) == [vote(false, term: 1)])
  }

  @Test func `a vote lost in a crash was never given and is free again`() {
    var node = TestNode(id: 3)
    node.disk.isHeld = true
    node.receive(voteRequest(term: 1), from: 1)
    node.restart()
    #expect(node.term == 0)
    node.receive(voteRequest(term: 1), from: 2)
    node.flush()
    #expect(
      node.take() == [Envelope(from: 3, to: 2, message: vote(true, term: 1))])
  }

  @Test func `a candidate asks for votes only when its own is durable`() {
    var node = TestNode(id: 1)
    node.disk.isHeld = true
    node.winPreVote()
    #expect(node.role == .candidate)
    #expect(node.take().allSatisfy { !$0.message.isRequestVote })
    node.flush()
    #expect(node.take().filter(\.message.isRequestVote).map(\.to) == [2, 3])
  }

  @Test func `a candidate's own vote counts only when the disk has confirmed it`() {
    var node = TestNode(id: 1, membership: .test(voters: 5))
    node.disk.isHeld = true
    node.winPreVote()
    node.write()
    // The answers overtake the news from the disk.
    node.receive(vote(term: 1), from: 2)
    node.receive(vote(term: 1), from: 3)
    #expect(node.role == .candidate)
    node.report()
    #expect(node.role == .leader)
  }

  @Test func `not even a majority of others makes a leader before its term is durable`() {
    var node = TestNode(id: 1)
    node.disk.isHeld = true
    node.winPreVote()
    node.receive(vote(term: 1), from: 2)
    node.receive(vote(term: 1), from: 3)
    #expect(node.role == .candidate)
    node.flush()
    #expect(node.role == .leader)
  }

  @Test func `a crash between two elections does not give a term two leaders`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    for id in cluster.ids { cluster.restart(id) }
    cluster.elect(2)
    #expect(cluster[2].term == 2)
    #expect(cluster.leaders == [1: 1, 2: 2])
  }

  // MARK: A stale log cannot win (§5.4.1)

  /// "If the logs have last entries with different terms, then the log with the later term is
  /// more up-to-date. If the logs end with the same term, then whichever log is longer is more
  /// up-to-date."
  @Test(arguments: [
    (2 as Index, 2 as Term, false), (9, 1, false), (3, 2, true), (4, 2, true), (1, 3, true),
    (0, 0, false),
  ])
  func `only a log at least as complete gets the vote`(
    index: Index, term: Term, isGranted: Bool
  ) {
    let node = TestNode(id: 3, hardState: HardState(term: 3), entries: makeLog([1, 1, 2]))
    var voter = node
    voter.receive(voteRequest(term: 4, last: (index, term)), from: 1)
    #expect(voter.take().map(\.message) == [vote(isGranted, term: 4)])
    voter = node
    voter.receive(preVoteRequest(term: 4, last: (index, term)), from: 1)
    #expect(voter.take().map(\.message) == [preVote(isGranted, term: isGranted ? 4 : 3)])
  }

  @Test func `a stale log does not win whatever its rank`() {
    let cluster = TestCluster(3)
    cluster.elect(2)
    cluster.isolate(1)
    cluster.propose(2)
    cluster.deliver()
    #expect(cluster[3].committed.count == 2)
    cluster.crash(2)
    cluster.heal()
    #expect(cluster.tickAll(atMost: 200) { cluster.leader != nil })
    #expect(cluster.leader == 3)
  }

  // MARK: Pre-vote (Thesis §9.6, rule 3)

  @Test func `a pre-vote changes neither term nor vote at either side`() {
    let cluster = TestCluster(3)
    cluster.tick(1, times: 30)
    #expect(cluster[1].role == .preCandidate)
    #expect(cluster[1].term == 0)
    cluster.deliver { $0.message.isRequestPreVote }
    for id in cluster.ids {
      #expect(cluster[id].term == 0)
      #expect(cluster[id].disk.hardState == HardState())
      #expect(cluster[id].disk.queue.isEmpty)
    }
  }

  @Test func `a pre-vote does not put the receiver's election off`() {
    var (asked, unasked) = (TestNode(id: 2), TestNode(id: 2))
    for _ in 0..<22 {
      asked.receive(preVoteRequest(term: 1), from: 1)
      asked.tick()
      unasked.tick()
      #expect(asked.role == unasked.role)
    }
    #expect(asked.role == .preCandidate)
  }

  @Test func `a pre-vote may be given to many`() {
    var node = TestNode(id: 3)
    node.receive(preVoteRequest(term: 1), from: 1)
    node.receive(preVoteRequest(term: 1), from: 2)
    #expect(node.take().map(\.message) == [preVote(term: 1), preVote(term: 1)])
  }

  @Test func `a pre-vote for another term does not count`() {
    var node = TestNode(id: 1, hardState: HardState(term: 4))
    node.becomePreCandidate()
    node.receive(preVote(term: 4), from: 2)
    node.receive(preVote(term: 6), from: 3)
    #expect(node.role == .preCandidate)
    #expect(node.term == 4)
    node.receive(preVote(term: 5), from: 2)
    #expect(node.role == .candidate)
  }

  @Test func `a refusal by a later term moves the pre-candidate there`() {
    var node = TestNode(id: 1)
    node.becomePreCandidate()
    node.receive(preVote(false, term: 7), from: 2)
    #expect(node.role == .follower)
    #expect(node.term == 7)
  }

  @Test func `a node that hears its leader refuses pre-votes and ignores votes`() {
    var node = TestNode(id: 3)
    node.receive(append(term: 1, after: (0, 0)), from: 1)
    node.tick(times: Configuration.test.electionTicks - 1)
    _ = node.take()
    node.receive(preVoteRequest(term: 2), from: 2)
    #expect(node.take().map(\.message) == [preVote(false, term: 1)])
    // Thesis §4.2.3: "it does not update its term or grant its vote."
    node.receive(voteRequest(term: 9), from: 2)
    #expect(node.take().isEmpty)
    #expect(node.term == 1)
    #expect(node.node.reachableLeader == 1)
  }

  @Test func `a leader refuses pre-votes and ignores votes`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.receive(preVoteRequest(term: 2, last: (9, 9)), from: 3, to: 1)
    #expect(cluster.network.map(\.message) == [preVote(false, term: 1)])
    cluster.receive(voteRequest(term: 9, last: (9, 9)), from: 3, to: 1)
    #expect(cluster[1].role == .leader)
    #expect(cluster[1].term == 1)
  }

  @Test func `a live leader is not deposed by a node that was cut off`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.isolate(3)
    cluster.tickAll(times: 300)
    #expect(cluster[3].term == 1)
    cluster.heal()
    cluster.tickAll(times: 100)
    #expect(cluster.leaderIDs == [1])
    #expect(cluster.maxTerm == 1)
    #expect(cluster[3].node.reachableLeader == 1)
  }

  @Test func `a node stuck in a later term comes back at the cost of one election`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    // Node 3 won pre-votes and was cut off each time before it could win the election.
    cluster.restart(3)
    cluster.isolate(3)
    for term in 2...6 as ClosedRange<Term> {
      while cluster[3].role != .preCandidate { cluster.tick(3) }
      cluster.receive(preVote(term: term), from: 2, to: 3)
      while cluster[3].role == .candidate { cluster.tick(3) }
    }
    #expect(cluster[3].term == 6)
    cluster.heal()
    cluster.drop()
    #expect(
      cluster.tickAll(atMost: 300) {
        cluster.leader != nil
          && Set(cluster.ids.map { cluster[$0].node.reachableLeader }).count == 1
      })
    cluster.tickAll(times: 100)
    #expect(cluster.maxTerm <= 8)
    #expect(Set(cluster.ids.map { cluster[$0].term }).count == 1)
  }

  // MARK: Rank

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `the lowest rank alive wins`(seed: UInt64) {
    let cluster = TestCluster(5, seed: seed)
    #expect(cluster.tickAll(atMost: 100) { cluster.leader != nil })
    #expect(cluster.leader == 1)
    cluster.tickAll(times: 10)
    cluster.crash(1)
    #expect(cluster.tickAll(atMost: 100) { cluster.leader != nil })
    #expect(cluster.leader == 2)
    cluster.tickAll(times: 10)
    cluster.crash(2)
    #expect(cluster.tickAll(atMost: 100) { cluster.leader != nil })
    #expect(cluster.leader == 3)
    #expect(cluster.maxTerm == 3)
  }

  @Test func `leadership does not move back by itself`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.crash(1)
    #expect(cluster.tickAll(atMost: 100) { cluster.leader == 2 })
    cluster.restart(1)
    cluster.tickAll(times: 300)
    #expect(cluster.leaderIDs == [2])
    #expect(cluster.maxTerm == 2)
  }

  // MARK: A broken connection

  @Test func `a follower whose connection to the leader broke asks at once`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.peerUnreachable(1, at: 2)
    cluster.tick(2, times: 2)
    #expect(cluster.network.filter(\.message.isRequestPreVote).map(\.to) == [1, 3])
    #expect(cluster[2].term == 1)
  }

  @Test func `a broken connection alone deposes nobody`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.cut(1, 2)
    cluster.peerUnreachable(1, at: 2)
    cluster.peerUnreachable(2, at: 1)
    cluster.tickAll(times: 200)
    #expect(cluster.leaderIDs == [1])
    #expect(cluster.maxTerm == 1)
  }

  @Test(arguments: [3, 5])
  func `a majority that lost the leader elects another without waiting`(size: Int) {
    let cluster = TestCluster(size)
    cluster.elect(1)
    cluster.tickAll()
    cluster.crash(1)
    for id in cluster.liveIDs { cluster.peerUnreachable(1, at: id) }
    #expect(cluster.tickAll(atMost: 4) { cluster.leader != nil })
    #expect(cluster.leader == 2)
  }

  @Test func `a connection that comes back is trusted again`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.peerUnreachable(1, at: 2)
    cluster.tick(1, times: 3)
    cluster.deliver()
    cluster.tick(2, times: Configuration.test.electionTicks - 1)
    #expect(cluster.network.isEmpty)
    cluster.receive(preVoteRequest(term: 2, last: (9, 9)), from: 3, to: 2)
    #expect(cluster.network.map(\.message) == [preVote(false, term: 1)])
  }

  @Test func `a lost quorum is not pestered`() {
    let cluster = TestCluster(5)
    cluster.elect(1)
    for id in [1, 3, 4, 5] as [NodeID] { cluster.crash(id) }
    cluster.peerUnreachable(1, at: 2)
    var asked = 0
    for _ in 0..<500 {
      cluster.tick(2)
      asked += cluster.network.filter(\.message.isRequestPreVote).count / 4
      cluster.drop()
    }
    // 50 election timeouts at most, and a handful of hasty ones.
    #expect(asked > 10)
    #expect(asked <= 50 + 5)
    #expect(cluster[2].term == 1)
  }

  @Test func `a broken connection to another follower means nothing`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.peerUnreachable(3, at: 2)
    cluster.tick(2, times: Configuration.test.electionTicks - 1)
    #expect(cluster.network.isEmpty)
  }

  // MARK: Odd clusters

  @Test func `a lone voter elects itself without waiting`() {
    let cluster = TestCluster(1)
    cluster.tick(1)
    #expect(cluster[1].role == .leader)
    #expect(cluster[1].term == 1)
    #expect(cluster[1].committed.map(\.payload) == [.noop])
  }

  /// A disk that needs longer than a tick must not start the election over and over.
  @Test func `a lone voter elects itself in one term on a slow disk`() {
    let cluster = TestCluster(1)
    cluster.holdDisk(1)
    // Every batch needs three ticks to become durable.
    for _ in 0..<10 {
      let waiting = cluster[1].disk.queue.count
      cluster.tick(1, times: 3)
      cluster.flush(1, waiting)
    }
    #expect(cluster[1].role == .leader)
    #expect(cluster[1].term == 1)
  }

  /// It never stands, but it must not send clients and reads to a dead leader for ever.
  @Test func `a learner that hears no leader knows none`() {
    let cluster = TestCluster(3, learners: 1)
    cluster.elect(1)
    #expect(cluster[4].node.reachableLeader == 1)
    cluster.isolate(4)
    cluster.tick(4, times: 10 * Configuration.test.electionTicks)
    #expect(cluster[4].node.reachableLeader == nil)
    let id = cluster.read(4)
    #expect(cluster[4].failedReads == [id])
  }

  /// Rule 7: a removed or unknown node cannot raise terms while there is a leader, nor count.
  @Test func `an unknown node neither counts nor disturbs`() {
    var node = TestNode(id: 2)
    node.receive(append(term: 1, after: (0, 0)), from: 1)
    _ = node.take()
    let messages = [
      voteRequest(term: 99, last: (99, 99)),
      vote(false, term: 99), preVote(false, term: 99),
      .appendEntriesReply(AppendEntriesReply(term: 99, outcome: .staleTerm, round: 0)),
      .readIndex(ReadIndex(term: 99, id: 1)),
      .readIndexReply(ReadIndexReply(term: 99, id: 1, index: 1)),
      .timeoutNow(TimeoutNow(term: 1)),
    ]
    for message in messages { node.receive(message, from: 77) }
    #expect(node.term == 1)
    #expect(node.outbox.isEmpty)
    #expect(node.reads.isEmpty)
  }

  /// Rule 7, and Thesis §4.1: it may be a member that this node has not heard of yet.
  @Test func `a removed node has no say, an unknown candidate may have a vote`() {
    let members = Membership(Membership.test(voters: 3).members, removed: [78])
    var node = TestNode(id: 2, membership: members)
    let messages = [
      voteRequest(term: 99, last: (99, 99)), preVoteRequest(term: 99, last: (99, 99)),
      append(term: 99, after: (0, 0), terms: [99], commit: 1),
    ]
    for message in messages { node.receive(message, from: 78) }
    #expect(node.term == 0)
    #expect(node.outbox.isEmpty)
    node.receive(voteRequest(term: 5, last: (9, 4)), from: 77)
    #expect(node.take().map(\.message) == [vote(term: 5)])
  }

  @Test func `a message for somebody else is ignored`() {
    var node = TestNode(id: 2)
    node.step(.received(Envelope(from: 1, to: 3, message: voteRequest(term: 5))))
    node.step(.received(Envelope(from: 2, to: 2, message: voteRequest(term: 5))))
    #expect(node.term == 0)
    #expect(node.outbox.isEmpty)
  }
}

extension TestNode {
  /// Waits until the node asks for pre-votes.
  mutating func becomePreCandidate() {
    while role != .preCandidate { tick() }
  }

  /// Wins the pre-vote for the next term; the disk may still hold the vote.
  mutating func winPreVote(voters: [NodeID] = [2, 3, 4]) {
    becomePreCandidate()
    let next = term + 1
    for voter in voters where voter != id && role == .preCandidate {
      receive(preVote(term: next), from: voter)
    }
  }

  /// Stands for the next term.
  mutating func becomeCandidate(voters: [NodeID] = [1, 2, 3]) {
    winPreVote(voters: voters)
    #expect(role == .candidate)
    _ = take()
  }
}
