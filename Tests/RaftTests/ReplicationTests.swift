// Log replication: Raft §5.3, pipelining (Thesis §10.2.1), rules 10, 11, 12 and 14.

import Testing

@testable import Raft

@Suite struct ReplicationTests {
  // MARK: The follower (Figure 2, AppendEntries, receiver)

  /// "Reply false if term < currentTerm."
  @Test func `an old leader is told so and changes nothing`() {
    var node = TestNode(id: 2, hardState: HardState(term: 3), entries: makeLog([1, 2]))
    node.receive(append(term: 2, after: (1, 1), terms: [1, 1], commit: 2, round: 4), from: 1)
    #expect(
      node.take().map(\.message) == [
        .appendEntriesReply(AppendEntriesReply(term: 3, outcome: .staleTerm, round: 4))
      ])
    #expect(node.log == makeLog([1, 2]))
    #expect(node.commitIndex == 0)
    #expect(node.node.leader == nil)
  }

  /// "Reply false if log doesn't contain an entry at prevLogIndex whose term matches
  /// prevLogTerm." The hint is the last place where the logs may still agree.
  @Test(arguments: [
    (10 as Index, 4 as Term, 5 as Index, 3 as Term), (5, 4, 5, 3), (5, 2, 2, 1), (4, 1, 2, 1),
    (7, 3, 5, 3), (3, 2, 2, 1),
  ])
  func `a gap or another term is refused with a hint`(
    index: Index, term: Term, hintIndex: Index, hintTerm: Term
  ) {
    let log = makeLog([1, 1, 3, 3, 3])
    var node = TestNode(id: 2, hardState: HardState(term: 5), entries: log)
    node.receive(append(term: 5, after: (index, term), terms: [5], commit: 9), from: 1)
    #expect(
      node.take().first?.message.appendEntriesReply?.outcome
        == .mismatch(prevLogIndex: index, hintIndex: hintIndex, hintTerm: hintTerm))
    #expect(node.log == log)
    #expect(node.commitIndex == 0)
  }

  @Test func `entries that follow a match are appended and acknowledged`() {
    var node = TestNode(id: 2, hardState: HardState(term: 1), entries: makeLog([1, 1]))
    node.receive(append(term: 2, after: (2, 1), terms: [2, 2], round: 7), from: 1)
    #expect(node.disk.entries == makeLog([1, 1, 2, 2]))
    #expect(node.take().map(\.message) == [matched(4, term: 2, round: 7)])
  }

  /// "If an existing entry conflicts with a new one (same index but different terms), delete
  /// the existing entry and all that follow it."
  @Test func `a conflict is deleted with all that follows`() {
    var node = TestNode(
      id: 2, hardState: HardState(term: 2), entries: makeLog([1, 1, 2, 2, 2]))
    node.receive(append(term: 3, after: (1, 1), terms: [1, 3]), from: 1)
    #expect(node.disk.entries == makeLog([1, 1, 3]))
    #expect(node.take().map(\.message) == [matched(3, term: 3)])
  }

  /// Rule 10: an old or empty AppendEntries deletes nothing (willemt/raft #37).
  @Test(arguments: [
    append(term: 2, after: (0, 0)), append(term: 2, after: (2, 1)),
    append(term: 2, after: (0, 0), terms: [1]), append(term: 2, after: (0, 0), terms: [1, 1, 2]),
    append(term: 2, after: (1, 1), terms: [1, 2]), append(term: 2, after: (4, 2), terms: [2]),
  ])
  func `what is held already deletes nothing`(message: Message) {
    let log = makeLog([1, 1, 2, 2, 2])
    var node = TestNode(id: 2, hardState: HardState(term: 2), entries: log)
    for _ in 0..<2 { node.receive(message, from: 1) }
    #expect(node.disk.entries == log)
    #expect(node.log == log)
    let request = message.appendEntries!
    let proved = request.prevLogIndex + Index(request.entries.count)
    #expect(node.take().map(\.message) == [matched(proved, term: 2), matched(proved, term: 2)])
  }

  /// Rule 11: min(leader commit, last entry this message validated) (rabbitmq/ra #508).
  @Test func `only what a message validated is committed`() {
    // Entries 3 to 5 are of a leader that never committed them.
    var node = TestNode(
      id: 2, hardState: HardState(term: 2), entries: makeLog([1, 1, 2, 2, 2]))
    node.receive(append(term: 3, after: (1, 1), commit: 5), from: 1)
    #expect(node.commitIndex == 1)
    node.receive(append(term: 3, after: (1, 1), terms: [1], commit: 5), from: 1)
    #expect(node.commitIndex == 2)
    node.receive(append(term: 3, after: (2, 1), terms: [3, 3], commit: 3), from: 1)
    #expect(node.commitIndex == 3)
    #expect(node.committed == makeLog([1, 1, 3]))
  }

  @Test func `an old message does not take the commit index back`() {
    var node = TestNode(id: 2)
    node.receive(append(term: 1, after: (0, 0), terms: [1, 1, 1], commit: 3), from: 1)
    node.receive(append(term: 1, after: (0, 0), terms: [1], commit: 1), from: 1)
    #expect(node.commitIndex == 3)
  }

  /// Rule 12: matchIndex moves only by what the request proved (RATIS-2605).
  @Test func `a longer log claims no more than the message proved`() {
    var node = TestNode(
      id: 2, hardState: HardState(term: 2), entries: makeLog([1, 1, 2, 2, 2]))
    node.receive(append(term: 3, after: (2, 1)), from: 1)
    #expect(node.take().map(\.message) == [matched(2, term: 3)])
  }

  // MARK: The leader

  /// "The leader appends the command to its log as a new entry, then issues AppendEntries
  /// RPCs in parallel to each of the other servers."
  @Test func `a proposal reaches everybody and is committed everywhere`() {
    let cluster = TestCluster(3, learners: 1)
    cluster.elect(1)
    let id = cluster.propose(1, "hello")
    #expect(cluster[1].accepted.map(\.id) == [id])
    #expect(cluster[1].accepted.map(\.index) == [2])
    cluster.deliver()
    for id in cluster.ids {
      #expect(
        cluster[id].committed.map(\.payload) == [.noop, .operation(Array("hello".utf8))])
    }
  }

  @Test func `a node that does not lead names the leader`() {
    let cluster = TestCluster(3)
    let early = cluster.propose(2)
    cluster.elect(1)
    let late = cluster.propose(2)
    #expect(
      cluster[2].refused == [
        Refused(id: early, reason: .notLeader(leader: nil)),
        Refused(id: late, reason: .notLeader(leader: 1)),
      ])
    #expect(cluster[2].accepted.isEmpty)
  }

  /// Figure 7: whatever a follower has too few or too many, the leader's log wins.
  @Test func `every follower of Figure 7 ends with the leader's log`() {
    let leader: [Term] = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
    let cluster = TestCluster(
      7,
      logs: [
        1: leader,
        2: [1, 1, 1, 4, 4, 5, 5, 6, 6],
        3: [1, 1, 1, 4],
        4: leader + [6],
        5: leader + [7, 7],
        6: [1, 1, 1, 4, 4, 4, 4],
        7: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
      ], term: 7)
    cluster.elect(1)
    #expect(cluster[1].term == 8)
    cluster.tickAll(times: 60)
    let newest = cluster[1].log
    #expect(newest.map(\.term) == leader + [8])
    for id in cluster.ids {
      #expect(cluster[id].disk.entries == newest)
      #expect(cluster[id].committed == newest)
    }
    cluster.checkLogs()
  }

  /// Rule 14: rejections back off by term, not by one entry.
  @Test func `100,000 diverged entries heal in a few round trips`() {
    let count = 100_000
    let cluster = TestCluster(
      3,
      logs: [
        1: [1] + Array(repeating: 3, count: count),
        2: [1] + Array(repeating: 3, count: count),
        3: [1] + Array(repeating: 2, count: count),
      ])
    cluster.isolate(3)
    cluster.elect(1)
    cluster.heal()
    cluster.tick(1, times: 3)
    var refusals = 0
    var messages = 0
    while let next = cluster.network.first {
      if next.from == 1, next.to == 3 { messages += 1 }
      if case .mismatch? = next.message.appendEntriesReply?.outcome { refusals += 1 }
      cluster.deliver(at: 0)
      if messages > 1000 { break }
    }
    #expect(refusals <= 3)
    #expect(messages < 50)
    #expect(cluster[3].log.count == count + 2)
    #expect(cluster[3].log.last == cluster[1].log.last)
    #expect(cluster[3].log[1] == makeEntry(2, 3))
  }

  @Test func `logs that differ in many terms cost one round trip per term`() {
    // Twenty terms of ten entries: the even ones are the leader's, the odd the follower's.
    let even = (1...10 as ClosedRange<Term>).map { 2 * $0 }
    let cluster = TestCluster(
      3,
      logs: [
        1: [1] + even.flatMap { Array(repeating: $0, count: 10) } + [22],
        2: [1],
        3: [1] + even.flatMap { Array(repeating: $0 - 1, count: 10) },
      ])
    cluster.isolate(3)
    cluster.elect(1)
    cluster.heal()
    cluster.tick(1, times: 3)
    var refusals = 0
    while let next = cluster.network.first {
      if case .mismatch? = next.message.appendEntriesReply?.outcome { refusals += 1 }
      cluster.deliver(at: 0)
    }
    #expect(refusals > 0)
    #expect(refusals <= 21)
    #expect(cluster[3].log == cluster[1].log)
  }

  // MARK: Pipelining (Thesis §10.2.1)

  @Test func `entries follow each other without waiting, up to the window`() {
    var configuration = Configuration.test
    configuration.maxMessagesInFlight = 4
    let cluster = TestCluster(3, configuration: configuration)
    cluster.elect(1)
    for _ in 0..<10 { cluster.propose(1) }
    let sent = cluster.network.filter { $0.to == 2 }.compactMap(\.message.appendEntries)
    #expect(sent.map(\.prevLogIndex) == [1, 2, 3, 4])
    // One answer makes room for one message, which now carries all that waits.
    cluster.deliver(at: cluster.network.firstIndex { $0.to == 2 }!)
    cluster.drop { $0.from == 1 }
    cluster.deliver(at: 0)
    let next = cluster.network.filter { $0.to == 2 }.compactMap(\.message.appendEntries)
    #expect(next.map(\.prevLogIndex) == [5])
    #expect(next.first?.entries.count == 6)
  }

  @Test func `a message carries no more bytes than it may, but at least one entry`() {
    var configuration = Configuration.test
    configuration.maxMessageBytes = 100
    let cluster = TestCluster(3, configuration: configuration)
    cluster.elect(1)
    cluster.isolate(3)
    for size in [10, 10, 10, 500, 10] {
      cluster.propose(1, bytes: Array(repeating: 7, count: size))
    }
    cluster.deliver()
    cluster.heal()
    cluster.tick(1, times: 3)
    var sizes: [Int] = []
    while let next = cluster.network.first {
      if next.to == 3, let entries = next.message.appendEntries?.entries, !entries.isEmpty {
        sizes.append(entries.count)
        #expect(entries.count == 1 || entries.map(\.byteCount).reduce(0, +) <= 100)
      }
      cluster.deliver(at: 0)
    }
    #expect(sizes.contains(3))
    #expect(cluster[3].log == cluster[1].log)
  }

  @Test func `a peer whose log is unknown gets one message at a time`() {
    let cluster = TestCluster(3)
    cluster.tick(1, times: 30)
    cluster.deliver { $0.message.appendEntries == nil }
    #expect(cluster[1].role == .leader)
    for _ in 0..<5 { cluster.propose(1) }
    #expect(cluster.network.filter { $0.to == 2 }.count == 1)
  }

  // MARK: Loss, duplicates, disorder

  /// "If followers crash or run slowly, or if network packets are lost, the leader retries
  /// AppendEntries RPCs indefinitely."
  @Test(arguments: [true, false])
  func `lost entries or answers are made up for by the next heartbeats`(entriesLost: Bool) {
    let cluster = TestCluster(3)
    cluster.elect(1)
    for _ in 0..<5 { cluster.propose(1) }
    if entriesLost { cluster.drop() }
    cluster.deliver { $0.from == 1 }
    cluster.drop()
    #expect(cluster[1].commitIndex == 1)
    cluster.tickAll(times: 7)
    for id in cluster.ids { #expect(cluster[id].committed.count == 6) }
  }

  @Test func `a lost probe is repeated`() {
    let cluster = TestCluster(3)
    cluster.tick(1, times: 30)
    cluster.deliver { $0.message.appendEntries == nil }
    cluster.drop()
    cluster.tickAll(times: 7)
    for id in cluster.ids { #expect(cluster[id].committed.count == 1) }
  }

  @Test func `a follower that restarts is caught up`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.crash(3)
    for _ in 0..<200 {
      cluster.propose(1)
      cluster.deliver()
    }
    cluster.restart(3)
    cluster.tickAll(times: 7)
    #expect(cluster[3].committed == cluster[1].committed)
    #expect(cluster[3].committed.count == 201)
  }

  @Test func `messages may come twice and in any order`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    for _ in 0..<10 { cluster.propose(1) }
    cluster.network = cluster.network.reversed() + cluster.network
    cluster.deliver()
    cluster.tickAll(times: 7)
    for id in cluster.ids { #expect(cluster[id].committed.count == 11) }
    cluster.checkLogs()
  }

  @Test func `entries are not sent for ever once everybody has them`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.propose(1)
    cluster.deliver()
    for _ in 0..<10 {
      cluster.tick(1, times: 3)
      let sent = cluster.network.compactMap(\.message.appendEntries)
      #expect(sent.count == 2)
      #expect(sent.allSatisfy { $0.entries.isEmpty })
      cluster.deliver()
    }
    #expect(cluster.ids.allSatisfy { cluster[$0].disk.queue.isEmpty })
  }

  @Test func `an answer of an older term moves nothing`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.restart(1)
    cluster.elect(1)
    cluster.drop()
    cluster.propose(1)
    cluster.drop()
    let before = cluster[1].commitIndex
    cluster.receive(matched(3, term: 1), from: 2, to: 1)
    #expect(cluster[1].commitIndex == before)
    #expect(cluster[1].node.status.matchIndex[2] == 2)
  }

  @Test func `a late refusal does not undo what is known`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.propose(1)
    cluster.deliver()
    cluster.receive(
      .appendEntriesReply(
        AppendEntriesReply(
          term: 1, outcome: .mismatch(prevLogIndex: 1, hintIndex: 0, hintTerm: 0), round: 0)),
      from: 2, to: 1)
    #expect(cluster[1].node.status.matchIndex[2] == 2)
    #expect(cluster.network.isEmpty)
  }

  @Test func `a broken connection resends what was under way`() {
    let cluster = TestCluster(3)
    cluster.elect(1)
    cluster.propose(1, "a")
    cluster.propose(1, "b")
    cluster.drop()
    cluster.peerUnreachable(2, at: 1)
    cluster.tick(1, times: 3)
    let sent = cluster.network.filter { $0.to == 2 }.compactMap(\.message.appendEntries)
    #expect(sent.map(\.prevLogIndex) == [1])
    #expect(sent.first?.entries.count == 2)
  }
}
