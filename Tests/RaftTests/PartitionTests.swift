// Partitions that are not clean: one-way, ring, bridge (rule 6: "at most one stable leader and
// no election storm").

import Raft
import Testing

@Suite struct PartitionTests {
  /// Thirty election timeouts at the most impatient; a storm would raise dozens of terms.
  private static let ticks = 30 * Configuration.test.electionTicks

  /// Lets time pass and expects that the cluster settles: in the last two thirds of the time
  /// no term changes and no more than one node leads.
  private func expectCalm(
    _ cluster: TestCluster, hasLeader: Bool = true, terms: Term = 3,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let before = cluster.maxTerm
    cluster.tickAll(times: Self.ticks / 3)
    let settled = cluster.maxTerm
    let leader = cluster.leader
    #expect(settled <= before + terms, "an election storm", sourceLocation: sourceLocation)
    #expect((leader != nil) == hasLeader, sourceLocation: sourceLocation)
    for _ in 0..<(Self.ticks * 2 / 3) {
      cluster.tickAll()
      if cluster.leaderIDs != (leader.map { [$0] } ?? []) {
        Issue.record("leaders: \(cluster.leaderIDs)", sourceLocation: sourceLocation)
        return
      }
    }
    #expect(cluster.maxTerm == settled, "an election storm", sourceLocation: sourceLocation)
    if let leader {
      let count = cluster[leader].committed.count
      cluster.propose(leader)
      cluster.tickAll(times: 7)
      #expect(cluster[leader].committed.count == count + 1, sourceLocation: sourceLocation)
    }
  }

  /// After healing, all nodes agree and move on.
  private func expectRecovery(
    _ cluster: TestCluster, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let before = cluster.maxTerm
    cluster.heal()
    cluster.tickAll(times: 60)
    #expect(cluster.leaderIDs.count == 1, sourceLocation: sourceLocation)
    #expect(cluster.maxTerm <= before + 2, sourceLocation: sourceLocation)
    guard let leader = cluster.leader else { return }
    cluster.propose(leader)
    cluster.tickAll(times: 7)
    for id in cluster.ids {
      #expect(cluster[id].committed == cluster[leader].log, sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [NodeID])
  func `a leader whose messages are lost on one link stays`(deaf: NodeID) {
    for leader in 1...5 as ClosedRange<NodeID> where leader != deaf {
      let cluster = TestCluster(5)
      cluster.elect(leader)
      cluster.cut(from: leader, to: deaf)
      expectCalm(cluster, terms: 0)
      #expect(cluster.leader == leader)
      expectRecovery(cluster)
    }
  }

  @Test(arguments: [3, 5])
  func `a leader that cannot hear anybody is replaced once`(size: Int) {
    let cluster = TestCluster(size)
    cluster.elect(1)
    for id in cluster.ids where id != 1 { cluster.cut(from: id, to: 1) }
    expectCalm(cluster, terms: 1)
    #expect(cluster.leader == 2)
    #expect(cluster[1].term == 1)
    expectRecovery(cluster)
  }

  @Test(arguments: [3, 5])
  func `a leader that nobody can hear is replaced once`(size: Int) {
    let cluster = TestCluster(size)
    cluster.elect(1)
    for id in cluster.ids where id != 1 { cluster.cut(from: 1, to: id) }
    expectCalm(cluster, terms: 1)
    #expect(cluster.leader == 2)
    expectRecovery(cluster)
  }

  @Test(arguments: [3, 5])
  func `a follower that cannot hear anybody disturbs nobody`(size: Int) {
    let cluster = TestCluster(size)
    cluster.elect(1)
    for id in cluster.ids where id != 2 { cluster.cut(from: id, to: 2) }
    expectCalm(cluster, terms: 0)
    #expect(cluster.leader == 1)
    expectRecovery(cluster)
  }

  @Test(arguments: [3, 5, 7])
  func `a ring of two-way links has one leader at most`(size: Int) {
    // Every node hears two neighbours; that is a quorum for 3 and 5 nodes, not for 7.
    let cluster = TestCluster(size)
    cluster.elect(1)
    for a in 0..<size {
      for b in 0..<size where a < b && b - a != 1 && b - a != size - 1 {
        cluster.cut(NodeID(a + 1), NodeID(b + 1))
      }
    }
    expectCalm(cluster, hasLeader: size < 7)
    expectRecovery(cluster)
  }

  @Test(arguments: [3, 5])
  func `a ring of one-way links has no leader and no storm`(size: Int) {
    let cluster = TestCluster(size)
    cluster.elect(1)
    for a in 0..<size {
      for b in 0..<size where a != b && b != (a + 1) % size {
        cluster.cut(from: NodeID(a + 1), to: NodeID(b + 1))
      }
    }
    expectCalm(cluster, hasLeader: false)
    expectRecovery(cluster)
  }

  @Test(arguments: [1, 2, 3] as [NodeID])
  func `a chain of three keeps its leader, in the middle or at an end`(leader: NodeID) {
    let cluster = TestCluster(3)
    cluster.elect(leader)
    cluster.cut(1, 3)
    expectCalm(cluster, terms: 0)
    #expect(cluster.leader == leader)
    expectRecovery(cluster)
  }

  @Test func `a chain of three without a leader finds one`() {
    let cluster = TestCluster(3)
    cluster.cut(1, 3)
    expectCalm(cluster)
    expectRecovery(cluster)
  }

  /// Jepsen's bridge: two halves that only one node connects.
  @Test(arguments: [1, 2, 3, 4, 5] as [NodeID])
  func `a bridge keeps its leader, on either side or in the middle`(leader: NodeID) {
    let cluster = TestCluster(5)
    cluster.elect(leader)
    for a in [1, 2] as [NodeID] {
      for b in [4, 5] as [NodeID] { cluster.cut(a, b) }
    }
    expectCalm(cluster, terms: 0)
    #expect(cluster.leader == leader)
    expectRecovery(cluster)
  }

  @Test func `the greater half goes on, the smaller one waits`() {
    let cluster = TestCluster(5)
    cluster.elect(1)
    cluster.partition([1, 2], [3, 4, 5])
    cluster.propose(1, "lost")
    expectCalm(cluster, terms: 1)
    #expect(cluster.leader == 3)
    #expect(cluster[1].term == 1)
    expectRecovery(cluster)
    let lost = Entry.Payload.operation(Array("lost".utf8))
    for id in cluster.ids {
      #expect(!cluster[id].committed.contains { $0.payload == lost })
    }
  }

  @Test func `without any links nobody leads and no term is raised`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    for id in cluster.ids { cluster.isolate(id) }
    expectCalm(cluster, hasLeader: false, terms: 0)
    expectRecovery(cluster)
  }

  /// Every choice of lost one-way links between three nodes: 64 networks, each leader.
  @Test(arguments: 0..<64)
  func `no network of three causes a storm`(lost: Int) {
    let links: [(NodeID, NodeID)] = [(1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)]
    for leader in 1...3 as ClosedRange<NodeID> {
      let cluster = TestCluster(3)
      cluster.label = "links \(lost), leader \(leader)"
      cluster.elect(leader)
      for (position, link) in links.enumerated() where lost & (1 << position) != 0 {
        cluster.cut(from: link.0, to: link.1)
      }
      cluster.tickAll(times: 100)
      let settled = cluster.maxTerm
      #expect(settled <= 3, "\(cluster.label)")
      cluster.tickAll(times: 100)
      #expect(cluster.maxTerm == settled, "\(cluster.label)")
      #expect(cluster.leaderIDs.count <= 1, "\(cluster.label)")
      expectRecovery(cluster)
    }
  }
}
