// Linearizable reads: Raft §8, Thesis §6.4, rules 16 to 18.

import Testing

@testable import Raft

@Suite struct ReadIndexTests {
  private func ledCluster(_ size: Int = 3, _ configuration: Configuration = .test) -> TestCluster {
    let cluster = TestCluster(size, configuration: configuration)
    cluster.elect(1)
    return cluster
  }

  @Test func `a read is safe after one round`() {
    let cluster = ledCluster()
    cluster.propose(1)
    cluster.deliver()
    let id = cluster.read(1)
    #expect(cluster[1].reads.isEmpty)
    cluster.deliver()
    #expect(cluster[1].reads == [SafeRead(id: id, index: 2)])
  }

  /// Rule 16: "it must wait until it has committed an entry of its term" (§8; etcd #7331).
  @Test func `no read is served before an entry of the leader's own term is committed`() {
    let cluster = TestCluster(3, logs: [1: [1, 1], 2: [1, 1], 3: [1]])
    cluster.tick(1, times: 25)
    cluster.deliver { $0.message.appendEntries == nil }
    #expect(cluster[1].role == .leader)
    let id = cluster.read(1)
    cluster.drop()
    // A majority confirms that 1 leads, but of its log it has not said anything yet.
    for peer in [2, 3] as [NodeID] {
      cluster.receive(matched(0, term: 2, round: 0), from: peer, to: 1)
      cluster.drop()
    }
    #expect(cluster[1].reads.isEmpty)
    cluster.tickAll(times: 7)
    #expect(cluster[1].reads == [SafeRead(id: id, index: 3)])
  }

  @Test func `a minority cannot confirm a read`() {
    let cluster = ledCluster(5)
    cluster.partition([1, 2], [3, 4, 5])
    cluster.read(1)
    cluster.tickAll(times: 5)
    #expect(cluster[1].reads.isEmpty)
  }

  @Test func `one answer that comes many times is one answer`() {
    let cluster = ledCluster(5)
    cluster.read(1)
    cluster.deliver { $0.from == 1 && $0.to == 2 }
    cluster.drop { $0.from == 1 }
    cluster.network += cluster.network + cluster.network
    cluster.deliver()
    #expect(cluster[1].reads.isEmpty)
    cluster.tickAll(times: 3)
    #expect(cluster[1].reads.count == 1)
  }

  @Test func `a learner's answer confirms nothing`() {
    let cluster = TestCluster(3, learners: 2)
    cluster.elect(1)
    cluster.partition([1, 4, 5], [2, 3])
    cluster.read(1)
    cluster.tickAll(times: 3)
    #expect(cluster[1].reads.isEmpty)
  }

  /// Rule 17: late or duplicated heartbeat replies cannot confirm a newer read (etcd #20418).
  @Test func `answers to an older round do not confirm a newer read`() {
    let cluster = ledCluster()
    let first = cluster.read(1)
    cluster.deliver { $0.from == 1 }
    let late = cluster.network
    #expect(late.count == 2)
    cluster.deliver { $0.from == 2 }
    #expect(cluster[1].reads.map(\.id) == [first])
    cluster.drop()

    // The others go on without node 1; then the late answers arrive.
    cluster.isolate(1)
    let second = cluster.read(1)
    cluster.elect(2)
    cluster.propose(2)
    cluster.deliver()
    for envelope in late + late { cluster.receive(envelope.message, from: envelope.from, to: 1) }
    #expect(cluster[1].role == .leader)
    #expect(!cluster[1].reads.map(\.id).contains(second))
  }

  @Test func `a heartbeat sent before the read does not confirm it`() {
    let cluster = ledCluster()
    cluster.tick(1, times: 3)
    cluster.deliver { $0.from == 1 }
    let id = cluster.read(1)
    let round = cluster.network.filter { $0.from == 1 }
    cluster.drop { $0.from == 1 }
    cluster.deliver()
    #expect(cluster[1].reads.isEmpty)
    cluster.network = round
    cluster.deliver()
    #expect(cluster[1].reads.map(\.id) == [id])
  }

  @Test func `answers of an older term confirm nothing`() {
    let cluster = ledCluster()
    for _ in 0..<3 {
      cluster.read(1)
      cluster.deliver()
    }
    cluster.restart(1)
    cluster.elect(1)
    cluster.read(1)
    cluster.drop()
    let before = cluster[1].reads.count
    for peer in [2, 3] as [NodeID] {
      cluster.receive(matched(1, term: 1, round: 3), from: peer, to: 1)
      cluster.receive(
        .appendEntriesReply(AppendEntriesReply(term: 1, outcome: .staleTerm, round: 3)),
        from: peer, to: 1)
      // An answer that could be sent only to a leader of an older term, in the term it lost to.
      cluster.receive(
        .appendEntriesReply(
          AppendEntriesReply(term: cluster[1].term, outcome: .staleTerm, round: 3)),
        from: peer, to: 1)
    }
    #expect(cluster[1].reads.count == before)
  }

  @Test func `a follower that refuses entries still confirms that it follows`() {
    let cluster = TestCluster(3, logs: [1: [1, 3], 2: [1, 2, 2], 3: [1, 2, 2]])
    cluster.isolate(3)
    cluster.elect(1)
    cluster.heal()
    cluster.cut(1, 2)
    let id = cluster.read(1)
    cluster.tickAll(times: 4)
    #expect(cluster[1].reads.map(\.id) == [id])
  }

  /// "Reads that arrive during a round share the next one."
  @Test func `reads that wait share one round`() {
    let cluster = ledCluster()
    let first = cluster.read(1)
    let others = (0..<100).map { _ in cluster.read(1) }
    #expect(cluster.network.count == 2)
    var delivered = 0
    while !cluster.network.isEmpty {
      cluster.deliver(at: 0)
      delivered += 1
    }
    #expect(cluster[1].reads.map(\.id) == [first] + others)
    // Two rounds: two requests and two answers each.
    #expect(delivered == 8)
  }

  @Test func `a read that comes during a round sees what was committed meanwhile`() {
    let cluster = ledCluster()
    let first = cluster.read(1)
    let round = cluster.network
    cluster.drop()
    cluster.propose(1)
    cluster.deliver { $0.message.appendEntriesReply == nil }
    // The answers carry the commit; they also confirm the first round.
    cluster.deliver()
    let second = cluster.read(1)
    cluster.network += round
    cluster.deliver()
    let reads = cluster[1].reads
    #expect(reads.map(\.id) == [first, second])
    #expect(reads.last?.index == 2)
  }

  @Test func `a lost round is made up for by the next heartbeat`() {
    let cluster = ledCluster()
    let id = cluster.read(1)
    cluster.drop()
    cluster.tickAll(times: 3)
    #expect(cluster[1].reads.map(\.id) == [id])
  }

  @Test func `a lone voter reads at once`() {
    let cluster = TestCluster(1, learners: 1)
    cluster.tick(1)
    let id = cluster.read(1)
    #expect(cluster[1].reads == [SafeRead(id: id, index: 1)])
  }

  // MARK: Losing the leadership

  @Test func `a leader that hears of a later term fails its reads`() {
    let cluster = ledCluster()
    let ids = [cluster.read(1), cluster.read(1)]
    cluster.drop()
    cluster.receive(append(term: 2, after: (1, 1)), from: 2, to: 1)
    #expect(cluster[1].failedReads == ids)
    #expect(cluster[1].reads.isEmpty)
  }

  @Test func `a leader that loses its quorum fails its reads`() {
    let cluster = ledCluster()
    cluster.isolate(1)
    let ids = [cluster.read(1), cluster.read(1)]
    cluster.tick(1, times: 2 * Configuration.test.electionTicks)
    #expect(cluster[1].role == .follower)
    #expect(cluster[1].failedReads == ids)
  }

  @Test func `a deposed leader that does not know it serves no read`() {
    let cluster = ledCluster()
    cluster.isolate(1)
    cluster.elect(2)
    cluster.propose(2)
    cluster.deliver()
    #expect(cluster[1].role == .leader)
    let id = cluster.read(1)
    cluster.heal()
    cluster.tick(1, times: 3)
    cluster.deliver()
    #expect(cluster[1].reads.isEmpty)
    #expect(cluster[1].failedReads == [id])
  }

  // MARK: Reads at followers

  @Test func `a follower asks the leader`() {
    let cluster = ledCluster()
    cluster.propose(1)
    cluster.deliver()
    let id = cluster.read(2)
    cluster.deliver()
    #expect(cluster[2].reads == [SafeRead(id: id, index: 2)])
    #expect(cluster[1].reads.isEmpty)
  }

  @Test func `a learner may read too`() {
    let cluster = TestCluster(3, learners: 1)
    cluster.elect(1)
    let id = cluster.read(4)
    cluster.deliver()
    #expect(cluster[4].reads == [SafeRead(id: id, index: 1)])
  }

  @Test func `a node without a leader fails a read at once`() {
    let cluster = TestCluster(3)
    let early = cluster.read(2)
    cluster.elect(1)
    cluster.peerUnreachable(1, at: 2)
    let late = cluster.read(2)
    #expect(cluster[2].failedReads == [early, late])
    #expect(cluster.network.isEmpty)
  }

  /// Rule 18: same term still.
  @Test func `an answer of an older term or of somebody else is ignored`() {
    var node = TestNode(id: 3)
    node.receive(append(term: 2, after: (0, 0)), from: 1)
    node.receive(.readIndexReply(ReadIndexReply(term: 1, id: 1, index: 0)), from: 1)
    node.receive(.readIndexReply(ReadIndexReply(term: 2, id: 1, index: 0)), from: 2)
    #expect(node.reads.isEmpty)
    node.receive(.readIndexReply(ReadIndexReply(term: 2, id: 1, index: 0)), from: 1)
    #expect(node.reads.map(\.id) == [1])
  }

  @Test func `a follower's question of an older term is not answered`() {
    let cluster = ledCluster()
    cluster.receive(.readIndex(ReadIndex(term: 0, id: 9)), from: 2, to: 1)
    #expect(cluster.network.isEmpty)
  }

  @Test func `a follower's read at a deposed leader is not answered`() {
    let cluster = ledCluster(5)
    cluster.partition([1, 2], [3, 4, 5])
    cluster.read(2)
    cluster.deliver()
    cluster.elect(3)
    cluster.propose(3)
    cluster.tickAll(times: 5)
    #expect(cluster[2].reads.isEmpty)
  }

  // MARK: Bounds

  @Test func `reads beyond the bound fail at once`() {
    var configuration = Configuration.test
    configuration.maxPendingReads = 10
    let cluster = ledCluster(3, configuration)
    cluster.isolate(1)
    for _ in 0..<1000 { cluster.read(1) }
    // One round under way and one that waits.
    #expect(cluster[1].failedReads.count >= 1000 - 2 * 10)
    cluster.tick(1, times: 2 * configuration.electionTicks)
    #expect(cluster[1].failedReads.count == 1000)
  }
}
