// Life without a quorum: check-quorum (Thesis §6.2) and bounded memory (rules 5 and 15).

import Testing

@testable import Raft

@Suite struct QuorumTests {
  /// Rule 5: "a leader that cannot reach a majority steps down within one election timeout",
  /// whenever it happens. The timeout runs from the last answer of the majority.
  @Test(arguments: 0..<Configuration.test.electionTicks)
  func `a leader without a quorum steps down within one election timeout`(phase: Int) {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.tickAll(times: 2 * Configuration.test.electionTicks + phase)
    cluster.isolate(1)
    cluster.tick(1, times: Configuration.test.electionTicks)
    #expect(cluster[1].role == .follower)
    #expect(cluster[1].node.leader == nil)
    #expect(cluster[1].term == 1)
  }

  @Test func `a leader that hears nobody steps down at last`() {
    let cluster = TestCluster(5)
    cluster.elect(1)
    for id in [2, 3, 4, 5] as [NodeID] { cluster.cut(from: id, to: 1) }
    cluster.tick(1, times: 2 * Configuration.test.electionTicks)
    #expect(cluster[1].role == .follower)
  }

  @Test(arguments: [(3, 1), (5, 2), (4, 1)])
  func `a leader that keeps its quorum stays`(size: Int, lost: Int) {
    let cluster = TestCluster(size)
    cluster.elect(1)
    for id in cluster.ids.suffix(lost) { cluster.crash(id) }
    cluster.tickAll(times: 300)
    #expect(cluster.leaderIDs == [1])
    #expect(cluster.maxTerm == 1)
  }

  @Test func `learners do not keep a leader in office`() {
    let cluster = TestCluster(3, learners: 3)
    cluster.elect(1)
    cluster.partition([1, 4, 5, 6], [2, 3])
    cluster.tickAll(times: 2 * Configuration.test.electionTicks)
    #expect(cluster[1].role != .leader)
  }

  @Test func `a lone voter needs nobody`() {
    let cluster = TestCluster(1, learners: 1)
    cluster.tick(1)
    cluster.crash(2)
    cluster.tick(1, times: 300)
    #expect(cluster[1].role == .leader)
    #expect(cluster[1].term == 1)
  }

  @Test func `a leader that stepped down refuses proposals and knows no leader`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.isolate(1)
    cluster.tick(1, times: 2 * Configuration.test.electionTicks)
    let id = cluster.propose(1)
    #expect(cluster[1].refused == [Refused(id: id, reason: .notLeader(leader: nil))])
  }

  // MARK: The uncommitted log is bounded (rule 15)

  private func bounded(_ bytes: Int) -> Configuration {
    var configuration = Configuration.test
    configuration.maxUncommittedBytes = bytes
    return configuration
  }

  @Test func `proposals beyond the bound are refused as busy`() {
    let cluster = TestCluster(3, configuration: bounded(1000))
    cluster.elect(1)
    cluster.isolate(1)
    for _ in 0..<100 { cluster.propose(1, bytes: Array(repeating: 1, count: 100)) }
    #expect(cluster[1].accepted.count > 0)
    #expect(cluster[1].accepted.count <= 10)
    #expect(cluster[1].refused.allSatisfy { $0.reason == .busy })
    #expect(cluster[1].accepted.count + cluster[1].refused.count == 100)
    #expect(cluster[1].log.count == 1 + cluster[1].accepted.count)
  }

  @Test func `a commit makes room`() {
    let cluster = TestCluster(3, configuration: bounded(1000))
    cluster.elect(1)
    for _ in 0..<50 {
      cluster.propose(1, bytes: Array(repeating: 1, count: 900))
      cluster.deliver()
    }
    #expect(cluster[1].accepted.count == 50)
    #expect(cluster[1].refused.isEmpty)
  }

  @Test func `one operation is taken however large`() {
    let cluster = TestCluster(3, configuration: bounded(1000))
    cluster.elect(1)
    cluster.propose(1, bytes: Array(repeating: 1, count: 5000))
    cluster.propose(1, bytes: [1])
    #expect(cluster[1].accepted.count == 1)
    #expect(cluster[1].refused.map(\.reason) == [.busy])
    cluster.deliver()
    cluster.propose(1, bytes: [1])
    #expect(cluster[1].accepted.count == 2)
  }

  /// An entry is more than its payload (``Entry/byteCount``): memory must stay flat for small
  /// and for empty operations as well.
  @Test(arguments: [0, 1])
  func `small operations are bounded too`(size: Int) {
    let cluster = TestCluster(3, configuration: bounded(1000))
    cluster.elect(1)
    cluster.isolate(1)
    for _ in 0..<2000 { cluster.propose(1, bytes: Array(repeating: 1, count: size)) }
    let bytes = cluster[1].log.map(\.byteCount).reduce(0, +)
    #expect(bytes <= 1000 + 2 * 17)
    #expect(cluster[1].refused.contains { $0.reason == .busy })
  }

  /// "All queues are bounded; beyond the bound a request is refused" (design). Others commit,
  /// but this node can neither store nor hand out what it accepts.
  @Test func `a leader whose own disk stands still refuses proposals at last`() {
    let cluster = TestCluster(3, configuration: bounded(1000))
    cluster.elect(1)
    cluster.holdDisk(1)
    for _ in 0..<100 {
      cluster.propose(1, bytes: Array(repeating: 1, count: 100))
      cluster.deliver()
    }
    #expect(cluster[1].committed.count == 1)
    #expect(cluster[1].disk.queue.count < 20)
    #expect(cluster[1].refused.contains { $0.reason == .busy })
  }

  @Test func `memory stays flat without a quorum`() {
    let cluster = TestCluster(3, configuration: bounded(1000))
    cluster.elect(1)
    cluster.crash(2)
    cluster.crash(3)
    for _ in 0..<300 {
      cluster.tick(1)
      cluster.propose(1, bytes: Array(repeating: 1, count: 100))
      cluster.read(1)
      // At most a message per peer: a heartbeat, a probe, a round of reads or a pre-vote.
      #expect(cluster.network.count <= 2 * (2 + 10))
      cluster.drop()
    }
    #expect(cluster[1].log.count <= 12)
    #expect(cluster[1].disk.queue.isEmpty)
    #expect(
      cluster[1].failedReads.count == 300, "every read is answered: \(cluster[1].role)")
  }
}
