// Members that come back with less than they confirmed, and leaders that cannot be.

import Raft
import Testing

@Suite struct RollbackTests {
  // MARK: What members have confirmed

  /// Entries of terms 1, 1 that all three hold.
  private func cluster() -> TestCluster {
    let cluster = TestCluster(3)
    cluster.elect(1)
    _ = cluster.propose(1, "a")
    cluster.deliver()
    return cluster
  }

  @Test func `entries that contradict where the log begins break a promise, and trap nothing`()
    throws
  {
    let mark = SnapshotMark(index: 10, term: 5, membership: .test(voters: 3))
    var node = Node(
      id: 2, snapshot: mark, hardState: HardState(term: 6), appliedIndex: 10, seed: 1)
    let message = append(term: 6, after: (8, 1), terms: [1, 1, 1])
    let effects = node.step(.received(Envelope(from: 1, to: 2, message: message)))
    let broken = try #require(effects.brokenPromise)
    #expect(broken.index == 10 && broken.expected == 5 && broken.found == 1)
  }

  @Test func `every member learns how far each of them has confirmed its log`() {
    let cluster = cluster()
    let last = cluster[1].node.reach
    #expect(last == Reach(term: 1, index: 2))
    for _ in 0..<3 {
      cluster.tick(1, times: Configuration.test.heartbeatTicks)
      cluster.deliver()
    }
    for id in cluster.ids {
      #expect(cluster[id].node.confirmed == [1: last, 2: last, 3: last])
      #expect(cluster[id].disk.confirmed == cluster[id].node.confirmed)
    }
  }

  @Test func `reading without a pause keeps nobody from learning it`() {
    let cluster = cluster()
    // Every round of reads takes the place of a heartbeat.
    for _ in 0..<(3 * Configuration.test.heartbeatTicks) {
      cluster.tick(1)
      _ = cluster.read(1)
      cluster.deliver()
    }
    let last = cluster[1].node.reach
    for id in cluster.ids {
      #expect(cluster[id].node.confirmed == [1: last, 2: last, 3: last])
    }
  }

  @Test func `what is known already is neither written nor told once more`() {
    let cluster = cluster()
    for _ in 0..<3 {
      cluster.tick(1, times: Configuration.test.heartbeatTicks)
      cluster.deliver()
    }
    let known = cluster.ids.map { cluster[$0].batchCount }
    cluster.tick(1, times: Configuration.test.heartbeatTicks)
    #expect(!cluster.network.contains { $0.message.isConfirmations })
    cluster.deliver()
    #expect(cluster.ids.map { cluster[$0].batchCount } == known)
  }

  @Test func `a longer log of an older term is behind`() {
    #expect(Reach(term: 2, index: 9) < Reach(term: 3, index: 4))
    let rules = PaperRules()
    let confirmed = Reach(term: 2, index: 9)
    #expect(rules.isRolledBack(Reach(term: 2, index: 8), confirmed: confirmed))
    #expect(!rules.isRolledBack(Reach(term: 3, index: 4), confirmed: confirmed))
    #expect(!rules.isRolledBack(confirmed, confirmed: confirmed))
    #expect(!rules.isRolledBack(Reach(term: 0, index: 0), confirmed: nil))
  }

  @Test func `only the leader of the term is believed`() {
    var node = TestNode(id: 2, hardState: HardState(term: 3))
    let told = Message.confirmations(
      Confirmations(term: 3, confirmed: [3: Reach(term: 3, index: 9)]))
    node.receive(told, from: 1)
    #expect(node.node.confirmed.isEmpty)
    node.receive(append(term: 3, after: (0, 0)), from: 1)
    node.receive(told, from: 3)
    #expect(node.node.confirmed.isEmpty)
    node.receive(told, from: 1)
    #expect(node.node.confirmed == [3: Reach(term: 3, index: 9)])
  }

  @Test func `what is told of others than members is not kept`() {
    var node = TestNode(id: 2, hardState: HardState(term: 3))
    node.receive(append(term: 3, after: (0, 0)), from: 1)
    node.receive(
      .confirmations(Confirmations(term: 3, confirmed: [77: Reach(term: 3, index: 9)])), from: 1)
    #expect(node.node.confirmed.isEmpty)
  }

  // MARK: Taking part

  @Test func `a node that came back is silent until enough peers have vouched for it`() {
    var node = TestNode(id: 1, membership: .test(voters: 5), needsVouchers: true)
    node.tick(times: 100)
    node.receive(voteRequest(term: 1), from: 2)
    node.receive(append(term: 1, after: (0, 0), terms: [1]), from: 2)
    #expect(node.take().isEmpty && node.term == 0)
    node.step(.vouched(by: 2))
    node.step(.vouched(by: 2))
    node.receive(voteRequest(term: 1), from: 2)
    #expect(node.take().isEmpty && node.term == 0)
    node.step(.vouched(by: 3))
    node.receive(voteRequest(term: 1), from: 2)
    #expect(node.take().map(\.message) == [vote(term: 1)])
  }

  @Test func `a node that came back does not wait for ever for peers that are gone`() {
    var node = TestNode(id: 1, membership: .test(voters: 5), needsVouchers: true)
    node.step(.vouched(by: 2))
    node.tick(times: 20 * Configuration.test.electionTicks - 1)
    node.receive(voteRequest(term: 1), from: 2)
    #expect(node.take().isEmpty)
    node.tick()
    node.receive(voteRequest(term: 1), from: 2)
    #expect(node.take().map(\.message) == [vote(term: 1)])
  }

  @Test func `a node that is alone vouches for itself`() {
    var node = TestNode(id: 1, membership: .test(voters: 1), needsVouchers: true)
    node.tick()
    #expect(node.role == .leader)
  }

  @Test func `a node that was rolled back neither votes nor counts`() {
    for isVouchedFor in [false, true] {
      var node = TestNode(id: 1, needsVouchers: true)
      if isVouchedFor { node.step(.vouched(by: 2)) }
      node.step(.rolledBack)
      node.step(.vouched(by: 3))
      node.tick(times: 500)
      node.receive(voteRequest(term: 1), from: 2)
      node.receive(append(term: 1, after: (0, 0), terms: [1]), from: 2)
      #expect(node.take().isEmpty)
      #expect(node.role == .follower)
    }
  }

  // MARK: What cannot be

  @Test func `a term that is far ahead is not believed`() {
    let terms: [Term] = [1 << 21, 1 << 40, 1 << 62 - 1]
    for term in terms {
      var node = TestNode(id: 2, hardState: HardState(term: 7), entries: makeLog([7]))
      node.receive(append(term: term, after: (1, 7)), from: 1)
      node.receive(voteRequest(term: term, last: (9, 7)), from: 1)
      node.receive(preVote(false, term: term), from: 1)
      #expect(node.term == 7)
    }
  }

  @Test func `a term that is a few elections ahead is, and a new node believes any`() {
    var node = TestNode(id: 2, hardState: HardState(term: 7), entries: makeLog([7]))
    node.receive(append(term: 7 + 1 << 20, after: (1, 7)), from: 1)
    #expect(node.term == 7 + 1 << 20)
    var new = TestNode(id: 2)
    new.receive(append(term: 1 << 40, after: (0, 0)), from: 1)
    #expect(new.term == 1 << 40)
  }

  @Test func `a leader without an entry that is committed here is told, and not followed`() throws {
    var node = TestNode(id: 2, hardState: HardState(term: 1), entries: makeLog([1]))
    node.receive(append(term: 1, after: (1, 1), terms: [1], commit: 2), from: 1)
    #expect(node.commitIndex == 2)
    node.receive(append(term: 4, after: (0, 0), terms: [1, 3]), from: 3)
    let broken = try #require(node.brokenPromise)
    #expect(broken.index == 2 && broken.leader == 3 && broken.term == 4)
    #expect(broken.expected == 1 && broken.found == 3 && broken.commitIndex == 2)
    #expect(node.log.count == 2)
    _ = node.take()
    node.receive(append(term: 5, after: (2, 1)), from: 1)
    #expect(node.take().isEmpty)
  }

  @Test func `a state that is newer than the term it is sent in is not taken`() {
    var node = TestNode(id: 2, hardState: HardState(term: 3))
    let mark = SnapshotMark(index: 9, term: 4, membership: .test(voters: 3))
    node.receive(.installSnapshot(InstallSnapshot(term: 3, mark: mark)), from: 1)
    #expect(node.take().isEmpty)
    #expect(node.node.status.lastIndex == 0)
  }
}
