// What is committed and when: Raft §5.3, §5.4.2 and Figure 8, rules 9 and 21.

import Raft
import Testing

@Suite struct CommitTests {
  /// Figure 8, (a) to (c): the entry of term 2 is on a majority, and yet not committed.
  private func figure8() -> TestCluster {
    var configuration = Configuration.test
    configuration.maxMessageBytes = 1
    let cluster = TestCluster(
      5, configuration: configuration,
      logs: [1: [1, 2], 2: [1, 2], 3: [1], 4: [1], 5: [1, 3]], term: 3)
    // (c) "S5 crashes; S1 restarts, is elected leader, and continues replication."
    cluster.crash(5)
    cluster.tick(1, times: 25)
    cluster.deliver { $0.message.appendEntries == nil }
    #expect(cluster[1].role == .leader)
    #expect(cluster[1].term == 4)
    // Nothing of term 4 leaves S1; all else does.
    for _ in 0..<3 {
      cluster.tick(1, times: 3)
      cluster.deliver { $0.message.appendEntries?.entries.first?.term != 4 }
      // The refused probes go back entry by entry.
      for peer in [2, 3, 4] as [NodeID] {
        cluster.receive(
          append(term: 4, after: (2, 2)), from: 1, to: peer)
      }
      cluster.deliver { $0.message.appendEntries?.entries.first?.term != 4 }
    }
    return cluster
  }

  /// "A log entry from a previous term that is stored on a majority of the servers [...] is
  /// not committed by counting replicas" (§5.4.2); Figure 8 (d).
  @Test func `Figure 8 (d): an old entry on a majority is not committed and may vanish`() {
    let cluster = figure8()
    for id in [1, 2, 3, 4] as [NodeID] {
      #expect(cluster[id].disk.entries.starts(with: makeLog([1, 2])))
      #expect(cluster[id].commitIndex == 0)
    }
    // What S1 knows is a majority without doubt.
    #expect(cluster[1].node.status.matchIndex.values.filter { $0 == 2 }.count >= 2)

    // (d) "If S1 crashes, S5 could be elected leader and overwrite the entry."
    cluster.drop()
    cluster.crash(1)
    cluster.restart(5)
    cluster.elect(5)
    cluster.tickAll(times: 20)
    for id in [2, 3, 4, 5] as [NodeID] {
      #expect(cluster[id].log.map(\.term) == [1, 3, cluster[5].term])
      #expect(cluster[id].committed == cluster[5].log)
    }
    #expect(cluster.truncations >= 3)
    cluster.restart(1)
    cluster.tickAll(times: 20)
    #expect(cluster[1].committed == cluster[5].log)
    cluster.checkLogs()
  }

  /// Figure 8 (e): "if S1 replicates an entry from its current term on a majority of the
  /// servers before crashing, [...] this entry is committed (S5 cannot win an election)."
  @Test func `Figure 8 (e): an entry of the current term commits all before it`() {
    let cluster = figure8()
    cluster.tickAll(times: 7)
    #expect(cluster[1].committed.map(\.term) == [1, 2, 4])
    cluster.crash(1)
    cluster.restart(5)
    for _ in 0..<20 {
      cluster.tick(5, times: 30)
      cluster.deliver { $0.from == 5 || $0.to == 5 }
    }
    #expect(cluster[5].role != .leader)
    #expect(cluster.tickAll(atMost: 200) { cluster.leader != nil })
    #expect(cluster.leader != 5)
    cluster.tickAll(times: 20)
    #expect(cluster[5].committed.map(\.term).starts(with: [1, 2, 4]))
  }

  @Test func `a new leader commits what an old one left, by its own no-op`() {
    let cluster = TestCluster(3, logs: [1: [1, 2], 2: [1, 2], 3: [1, 2]])
    cluster.elect(1)
    cluster.tickAll(times: 3)
    for id in cluster.ids {
      #expect(cluster[id].committed.map(\.term) == [1, 2, 3])
      #expect(cluster[id].committed.last?.payload == .noop)
    }
  }

  @Test func `the leader alone commits nothing`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.isolate(1)
    cluster.propose(1)
    cluster.deliver()
    #expect(cluster[1].disk.entries.count == 2)
    #expect(cluster[1].commitIndex == 1)
  }

  @Test(arguments: [(3, 1), (4, 2), (5, 2)])
  func `a majority commits`(size: Int, needed: Int) {
    let cluster = TestCluster(size)
    cluster.elect(1)
    cluster.propose(1)
    cluster.drop()
    for peer in 2..<(2 + needed) {
      #expect(cluster[1].commitIndex == 1)
      cluster.receive(
        append(term: 1, after: (1, 1)), from: 1, to: NodeID(peer))
      cluster.drop()
      // The peer stores the entry and says so.
      let entry = cluster[1].log[1]
      cluster.receive(
        .appendEntries(
          AppendEntries(
            term: 1, prevLogIndex: 1, prevLogTerm: 1, entries: [entry], leaderCommit: 1,
            round: 0)),
        from: 1, to: NodeID(peer))
      cluster.deliver { $0.to == 1 }
      cluster.drop()
    }
    #expect(cluster[1].commitIndex == 2)
  }

  @Test func `a learner's copy does not count`() {
    let cluster = TestCluster(3, learners: 3)
    cluster.elect(1)
    cluster.partition([1, 4, 5, 6], [2, 3])
    cluster.propose(1)
    cluster.deliver()
    #expect(cluster[4].disk.entries.count == 2)
    #expect(cluster[1].commitIndex == 1)
  }

  /// "The leader includes the highest index it knows to be committed in future AppendEntries
  /// RPCs (including heartbeats) so that the other servers eventually find out" (§5.3). Here
  /// they find out at once.
  @Test func `followers learn of a commit without waiting for a heartbeat`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.propose(1)
    cluster.deliver()
    for id in cluster.ids { #expect(cluster[id].commitIndex == 2) }
  }

  // MARK: Nothing counts before its own fsync (rule 21)

  @Test func `the leader's copy counts only when its disk has it`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.isolate(3)
    cluster.holdDisk(1)
    cluster.propose(1)
    cluster.deliver()
    #expect(cluster[2].disk.entries.count == 2)
    #expect(cluster[1].commitIndex == 1)
    cluster.write(1)
    #expect(cluster[1].commitIndex == 1)
    cluster.report(1)
    #expect(cluster[1].commitIndex == 2)
    #expect(cluster[1].committed.count == 2)
  }

  @Test func `a majority of followers commits before the leader's disk, and it waits`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.holdDisk(1)
    cluster.propose(1)
    cluster.deliver()
    #expect(cluster[1].commitIndex == 2)
    #expect(cluster[2].committed.count == 2)
    #expect(cluster[1].committed.count == 1)
    cluster.flush(1)
    #expect(cluster[1].committed.count == 2)
  }

  @Test func `a cluster of one commits only what is durable`() {
    let cluster = TestCluster(1)
    cluster.tick(1)
    cluster.holdDisk(1)
    cluster.propose(1)
    #expect(cluster[1].commitIndex == 1)
    cluster.write(1)
    #expect(cluster[1].commitIndex == 1)
    cluster.report(1)
    #expect(cluster[1].commitIndex == 2)
  }

  @Test func `what others committed is handed out only when it is durable here`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.holdDisk(3)
    for _ in 0..<3 {
      cluster.propose(1)
      cluster.deliver()
    }
    #expect(cluster[3].commitIndex == 4)
    #expect(cluster[3].committed.count == 1)
    cluster.flush(3, 2)
    #expect(cluster[3].committed.count == 3)
    cluster.flush(3)
    #expect(cluster[3].committed.count == 4)
  }

  @Test func `a leader that crashes before its disk wrote loses nothing committed`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.holdDisk(1)
    cluster.propose(1)
    cluster.deliver()
    cluster.restart(1)
    cluster.releaseDisk(1)
    #expect(cluster[1].log.count == 1)
    #expect(cluster.tickAll(atMost: 200) { cluster[1].committed.count == 3 })
    #expect(cluster.leader != 1)
  }

  @Test func `a restart hands out again what the state machine had not kept`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    for _ in 0..<4 { cluster.propose(1) }
    cluster.deliver()
    #expect(cluster[3].committed.count == 5)
    cluster.restart(3, appliedIndex: 2)
    #expect(cluster[3].commitIndex == 2)
    #expect(cluster[3].committed.count == 2)
    cluster.tickAll(times: 4)
    #expect(cluster[3].committed == cluster[1].committed)
  }
}
