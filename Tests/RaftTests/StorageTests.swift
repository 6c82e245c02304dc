// Asynchronous storage: what a completion proves and what waits for it (Figure 2, rules 1, 13).

import Raft
import Testing

@Suite struct StorageTests {
  /// Figure 2: "Updated on stable storage before responding to RPCs."
  @Test func `messages of a new term wait until the term is durable`() {
    var node = TestNode(id: 2)
    node.disk.isHeld = true
    node.receive(append(term: 1, after: (0, 0), round: 1), from: 1)
    node.receive(append(term: 1, after: (0, 0), round: 2), from: 1)
    #expect(node.outbox.isEmpty)
    node.flush(1)
    #expect(node.take().map(\.message) == [matched(0, term: 1, round: 1)])
    node.flush()
    #expect(node.take().map(\.message) == [matched(0, term: 1, round: 2)])
  }

  @Test func `an acknowledgement waits until the entries are durable`() {
    var node = TestNode(id: 2, hardState: HardState(term: 1))
    node.disk.isHeld = true
    node.receive(append(term: 1, after: (0, 0), terms: [1, 1]), from: 1)
    #expect(node.outbox.isEmpty)
    node.flush()
    #expect(node.take().map(\.message) == [matched(2, term: 1)])
  }

  @Test func `a repeated message is not acknowledged before the first copy is durable`() {
    var node = TestNode(id: 2, hardState: HardState(term: 1))
    node.disk.isHeld = true
    node.receive(append(term: 1, after: (0, 0), terms: [1, 1]), from: 1)
    node.receive(append(term: 1, after: (0, 0), terms: [1, 1]), from: 1)
    #expect(node.outbox.isEmpty)
    node.flush()
    #expect(node.take().map(\.message) == [matched(2, term: 1), matched(2, term: 1)])
    #expect(node.disk.entries == makeLog([1, 1]))
  }

  @Test func `a heartbeat is answered at once and claims only what is durable`() {
    var node = TestNode(id: 2, hardState: HardState(term: 1), entries: makeLog([1]))
    node.disk.isHeld = true
    node.receive(append(term: 1, after: (1, 1), terms: [1, 1]), from: 1)
    node.receive(append(term: 1, after: (3, 1), round: 5), from: 1)
    #expect(node.take().map(\.message) == [matched(1, term: 1, round: 5)])
    node.flush()
    _ = node.take()
    node.receive(append(term: 1, after: (3, 1), round: 6), from: 1)
    #expect(node.take().map(\.message) == [matched(3, term: 1, round: 6)])
  }

  /// Rule 13, etcd's ABA scenario: an entry is written, overwritten by another leader's and
  /// written again. The completion of the first write proves nothing about the last.
  @Test func `the completion of an overwritten entry proves nothing`() {
    var node = TestNode(id: 2, membership: .test(voters: 5), hardState: HardState(term: 3))
    node.disk.isHeld = true
    node.receive(append(term: 3, after: (0, 0), terms: [1, 1, 1]), from: 1)  // A
    node.receive(append(term: 4, after: (0, 0), terms: [2, 2]), from: 3)  // B
    node.receive(append(term: 5, after: (0, 0), terms: [1, 1, 1]), from: 4)  // A again
    #expect(node.disk.queue.count == 3)
    for _ in 0..<2 {
      node.flush(1)
      _ = node.take()
      // The disk may even hold the right entry, but a crash between B and A would show.
      node.receive(append(term: 5, after: (3, 1), commit: 3), from: 4)
      #expect(node.take().isEmpty, "term 5 is not durable yet")
      #expect(node.committed.isEmpty)
    }
    node.flush()
    #expect(node.take().compactMap(\.message.matchedIndex).max() == 3)
    #expect(node.committed == makeLog([1, 1, 1]))
  }

  @Test func `a heartbeat between an overwrite and its completion claims only what stayed`() {
    var node = TestNode(id: 2, membership: .test(voters: 5), hardState: HardState(term: 5))
    node.disk.isHeld = true
    node.receive(append(term: 5, after: (0, 0), terms: [1, 2, 2, 2]), from: 1)
    node.receive(append(term: 5, after: (1, 1), terms: [3]), from: 1)
    node.flush(1)
    _ = node.take()
    node.receive(append(term: 5, after: (2, 3), commit: 2), from: 1)
    #expect(node.take().map(\.message) == [matched(1, term: 5)])
    #expect(node.committed == makeLog([1]))
    node.flush()
    #expect(node.committed == makeLog([1, 3]))
    #expect(node.disk.entries == makeLog([1, 3]))
  }

  @Test func `an overwrite of durable entries takes their durability back`() {
    var node = TestNode(id: 2, hardState: HardState(term: 5), entries: makeLog([1, 2, 2, 2]))
    node.disk.isHeld = true
    node.receive(append(term: 5, after: (1, 1), terms: [3, 3, 3], commit: 4), from: 1)
    node.receive(append(term: 5, after: (4, 3)), from: 1)
    #expect(node.take().compactMap(\.message.matchedIndex) == [1])
    #expect(node.committed == makeLog([1]))
    node.flush()
    #expect(node.committed == makeLog([1, 3, 3, 3]))
  }

  @Test func `a leader's overwritten entries do not count after it leads again`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.isolate(1)
    cluster.holdDisk(1)
    for _ in 0..<3 { cluster.propose(1) }  // 2...4 of term 1, never durable
    cluster.elect(2)
    cluster.heal()
    cluster.tick(2, times: 3)
    cluster.deliver()
    #expect(cluster[1].log.map(\.term) == [1, 2])
    cluster.flush(1, 3)  // only the old entries
    #expect(cluster[1].committed.count == 1)
    cluster.flush(1)
    cluster.tick(2, times: 3)
    cluster.deliver()
    #expect(cluster[1].committed == cluster[2].committed)
  }

  @Test func `a batch that overwrites begins at the conflict`() {
    var node = TestNode(id: 2, hardState: HardState(term: 2), entries: makeLog([1, 1, 2, 2]))
    node.disk.isHeld = true
    node.receive(append(term: 3, after: (0, 0), terms: [1, 1, 3]), from: 1)
    #expect(node.disk.queue.map(\.entries) == [[makeEntry(3, 3)]])
    #expect(node.disk.queue.map(\.hardState) == [HardState(term: 3)])
  }

  @Test func `a batch carries the hard state only when it changed`() {
    var node = TestNode(id: 2)
    node.disk.isHeld = true
    node.receive(append(term: 1, after: (0, 0), terms: [1]), from: 1)
    node.receive(append(term: 1, after: (1, 1), terms: [1]), from: 1)
    #expect(node.disk.queue.map(\.hardState) == [HardState(term: 1), nil])
  }

  @Test func `time and heartbeats alone write nothing`() {
    var node = TestNode(id: 2, hardState: HardState(term: 1))
    node.disk.isHeld = true
    for _ in 0..<50 {
      node.tick()
      node.receive(append(term: 1, after: (0, 0)), from: 1)
    }
    #expect(node.disk.queue.isEmpty)
  }

  @Test func `a crash before the write forgets the entries and owes nobody`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.holdDisk(2)
    cluster.isolate(3)
    cluster.propose(1)
    cluster.deliver()
    #expect(cluster[1].commitIndex == 1)
    cluster.restart(2)
    #expect(cluster[2].log.count == 1)
    cluster.releaseDisk(2)
    cluster.tickAll(times: 7)
    #expect(cluster[1].commitIndex == 2)
    #expect(cluster[2].committed == cluster[1].committed)
  }

  @Test func `messages that may leave at once do not wait for a slow disk`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.holdDisk(1)
    cluster.propose(1)
    // Thesis §10.2.1: the leader's write and the messages go out together.
    #expect(cluster.network.compactMap(\.message.appendEntries).map(\.entries.count) == [1, 1])
  }

  @Test func `a term that passed while the disk was busy cannot be led`() {
    var node = TestNode(id: 1)
    node.disk.isHeld = true
    node.winPreVote()
    node.receive(append(term: 2, after: (0, 0)), from: 2)
    node.flush()
    node.receive(vote(term: 1), from: 2)
    node.receive(vote(term: 1), from: 3)
    #expect(node.role == .follower)
    #expect(node.term == 2)
  }
}
