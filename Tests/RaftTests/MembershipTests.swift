// Changes of membership (Thesis §4; rules 29 to 32) and of leadership (§3.10; rule 33).

import Testing

@testable import Raft

@Suite struct MembershipTests {
  private let fourth = Member(id: 4, address: "node4", rank: 4)

  private func leader(_ voters: Int = 3) -> LiveNode {
    var node = LiveNode(membership: .test(voters: voters))
    node.lead(votes: Array(2...NodeID(max(2, voters))))
    return node
  }

  // MARK: Changing members

  @Test func `a new member is a learner, whatever was asked for, and counts at once`() {
    var node = leader()
    #expect(node.change(.addLearner(fourth)) == nil)
    #expect(node.node.membership[4]?.role == .learner)
    #expect(node.node.membership.quorum == 2)
    #expect(node.take().messages.contains { $0.to == 4 })
  }

  @Test func `a second change is refused while the first is not committed`() {
    var node = leader()
    #expect(node.change(.addLearner(fourth)) == nil)
    #expect(node.change(.remove(3)) == .membership(.underWay))
    node.acknowledge(from: [2])
    #expect(node.change(.remove(3)) == nil)
  }

  /// Ongaro's erratum on raft-dev, 2015.
  @Test func `no change before an entry of the leader's own term is committed`() {
    var node = LiveNode(term: 1, entries: makeLog([1, 1]), appliedIndex: 2)
    while node.node.role != .preCandidate { node.step(.tick) }
    node.receive(preVote(term: 2), from: 2)
    node.receive(vote(term: 2), from: 2)
    #expect(node.node.role == .leader)
    #expect(node.change(.remove(3)) == .membership(.underWay))
    node.acknowledge(from: [2])
    #expect(node.change(.remove(3)) == nil)
  }

  @Test func `impossible changes are refused`() {
    var node = leader()
    #expect(node.change(.remove(77)) == .membership(.unknown))
    #expect(node.change(.promote(2)) == .membership(.unknown))
    let taken = Member(id: 9, address: "node2", rank: 1)
    #expect(node.change(.addLearner(taken)) == .membership(.exists))
    var alone = leader(1)
    #expect(alone.change(.remove(1)) == .membership(.lastVoter))
    var follower = LiveNode(id: 2)
    #expect(follower.change(.remove(3)) == .notLeader(leader: nil))
  }

  @Test func `an id is never used again`() {
    var node = leader()
    #expect(node.change(.remove(3)) == nil)
    node.acknowledge(from: [2])
    #expect(
      node.change(.addLearner(Member(id: 3, address: "new", rank: 1))) == .membership(.exists))
  }

  @Test func `a removal that would lose the quorum is refused, unless forced`() {
    var node = leader()
    // Node 3 is silent; node 2 answers.
    for _ in 0..<Configuration.test.electionTicks + 2 {
      node.step(.tick)
      node.acknowledge(from: [2])
    }
    #expect(node.change(.remove(2)) == .membership(.losesQuorum))
    #expect(node.change(.remove(3)) == nil)
    node.acknowledge(from: [2])
    #expect(node.change(.remove(2, force: true)) == nil)
  }

  @Test func `a learner that keeps up is promoted by itself, a silent one never`() {
    var node = leader()
    #expect(node.change(.addLearner(fourth)) == nil)
    node.acknowledge(from: [2, 3])
    for _ in 0..<30 {
      node.step(.tick)
      node.acknowledge(from: [2, 3])
    }
    #expect(node.node.membership[4]?.role == .learner)
    node.acknowledge(from: [4])
    for _ in 0..<3 {
      node.acknowledge(from: [2, 3, 4])
      node.step(.tick)
    }
    #expect(node.node.membership[4]?.role == .voter)
  }

  @Test func `a learner that lags is not promoted`() {
    var node = leader()
    #expect(node.change(.addLearner(fourth)) == nil)
    node.acknowledge(from: [2, 3])
    for _ in 0..<50 {
      node.propose(1)
      node.receive(matched(1, term: 1), from: 4)
      node.step(.tick)
    }
    #expect(node.node.membership[4]?.role == .learner)
  }

  @Test func `a truncated change is undone`() {
    var node = LiveNode(id: 2, term: 1, entries: makeLog([1]))
    let change = Entry(
      index: 2, term: 1, payload: .membership(Membership.test(voters: 3).after(.remove(3))!))
    node.receive(
      .appendEntries(
        AppendEntries(
          term: 1, prevLogIndex: 1, prevLogTerm: 1, entries: [change], leaderCommit: 0, round: 0)),
      from: 1)
    #expect(node.node.membership.voters.count == 2)
    node.receive(append(term: 2, after: (1, 1), terms: [2]), from: 3)
    #expect(node.node.membership == .test(voters: 3))
  }

  @Test func `a leader that is removed commits that, hands over and steps down`() {
    var node = leader()
    #expect(node.change(.remove(1)) == nil)
    #expect(node.node.role == .leader)
    // Its own copy does not count: both others are needed now.
    node.acknowledge(from: [2])
    #expect(node.node.role == .leader)
    node.acknowledge(from: [3])
    #expect(node.node.role == .follower)
    let messages = node.take().messages
    #expect(messages.contains { $0.message == .timeoutNow(TimeoutNow(term: 1)) })
    #expect(messages.contains { $0.message.appendEntries?.leaderCommit == 2 })
    node.tick(times: 100)
    #expect(node.node.role == .follower && node.node.hardState.term == 1)
  }

  /// Thesis §4.2.2: it may be the only one with a log that is long enough.
  @Test func `a node whose removal is not committed still stands, but does not vote for itself`() {
    let removal = Entry(
      index: 2, term: 1, payload: .membership(Membership.test(voters: 3).after(.remove(1))!))
    var node = LiveNode(term: 1, entries: makeLog([1]) + [removal], appliedIndex: 1)
    while node.node.role != .preCandidate { node.step(.tick) }
    node.receive(preVote(term: 2), from: 2)
    #expect(node.node.role == .preCandidate)
    node.receive(preVote(term: 2), from: 3)
    #expect(node.node.role == .candidate)
    node.receive(vote(term: 2), from: 2)
    #expect(node.node.role == .candidate)
    node.receive(vote(term: 2), from: 3)
    #expect(node.node.role == .leader)
  }

  @Test func `a removal that is not committed does not silence`() {
    let removal = Entry(
      index: 2, term: 1, payload: .membership(Membership.test(voters: 3).after(.remove(3))!))
    var node = LiveNode(term: 1, entries: makeLog([1]) + [removal], appliedIndex: 1)
    node.receive(append(term: 2, after: (1, 1), terms: [2]), from: 3)
    #expect(node.node.leader == 3 && node.node.log.lastTerm == 2)
  }

  @Test func `removing the last other voter lets waiting reads go`() {
    var node = leader(2)
    node.step(.read(id: 5))
    #expect(node.take().effects.flatMap(\.reads).isEmpty)
    #expect(node.change(.remove(2, force: true)) == nil)
    #expect(node.effects.flatMap(\.reads).map(\.id) == [5])
  }

  // MARK: Handing over

  @Test func `leadership goes to a voter that holds the whole log`() {
    var node = leader()
    node.step(.propose([Proposal(id: 1, operation: [1])]))
    _ = node.take()
    node.step(.transferLeadership(to: 2))
    #expect(!node.take().messages.contains { $0.message == .timeoutNow(TimeoutNow(term: 1)) })
    node.acknowledge(from: [2])
    let asked = node.take().messages.filter { $0.message == .timeoutNow(TimeoutNow(term: 1)) }
    #expect(asked.map(\.to) == [2])
  }

  @Test func `meanwhile proposals are refused, and a failed transfer is given up`() {
    var node = leader()
    node.step(.transferLeadership(to: 2))
    _ = node.take()
    node.step(.propose([Proposal(id: 1, operation: [1])]))
    #expect(node.take().effects.flatMap(\.refused).map(\.reason) == [.transferring])
    for _ in 0...Configuration.test.electionTicks {
      node.step(.tick)
      node.acknowledge(from: [2, 3])
    }
    _ = node.take()
    node.step(.propose([Proposal(id: 2, operation: [1])]))
    #expect(node.take().effects.flatMap(\.accepted).map(\.id) == [2])
  }

  @Test func `who is asked to lead stands at once, and the others do not protect the leader`() {
    var target = LiveNode(id: 2)
    target.receive(append(term: 1, after: (0, 0)), from: 1)
    _ = target.take()
    target.receive(.timeoutNow(TimeoutNow(term: 1)), from: 1)
    #expect(target.node.role == .candidate && target.node.hardState.term == 2)
    let request = RequestVote(term: 2, lastLogIndex: 0, lastLogTerm: 0, isTransfer: true)
    #expect(
      target.take().messages.map(\.message) == [.requestVote(request), .requestVote(request)])
    var other = LiveNode(id: 3)
    other.receive(append(term: 1, after: (0, 0)), from: 1)
    _ = other.take()
    other.receive(.requestVote(request), from: 2)
    #expect(other.take().messages.map(\.message) == [vote(term: 2)])
  }

  @Test func `only its leader can ask a node to lead, and only in this term`() {
    var target = LiveNode(id: 2)
    target.receive(append(term: 3, after: (0, 0)), from: 1)
    target.receive(.timeoutNow(TimeoutNow(term: 3)), from: 3)
    target.receive(.timeoutNow(TimeoutNow(term: 2)), from: 1)
    #expect(target.node.role == .follower)
  }

  @Test func `nobody is asked who does not answer`() {
    var node = leader()
    for _ in 0..<Configuration.test.electionTicks + 2 {
      node.step(.tick)
      node.acknowledge(from: [3])
    }
    node.step(.transferLeadership(to: 2))
    #expect(node.node.status.transferTarget == nil)
    node.step(.transferLeadership(to: nil))
    #expect(node.node.status.transferTarget == 3)
  }

  // MARK: A full disk

  @Test func `a leader with a full disk takes nothing and hands over`() {
    var node = leader()
    _ = node.take()
    node.step(.storageFull(true))
    #expect(node.node.status.transferTarget == 2)
    node.step(.propose([Proposal(id: 1, operation: [1])]))
    #expect(node.take().effects.flatMap(\.refused).map(\.reason) == [.storageFull])
  }

  @Test func `a node with a full disk does not stand, and does again when there is space`() {
    var node = LiveNode(id: 2)
    node.step(.storageFull(true))
    node.tick(times: 200)
    #expect(node.node.role == .follower)
    node.step(.storageFull(false))
    node.tick(times: 60)
    #expect(node.node.role == .preCandidate)
  }
}
