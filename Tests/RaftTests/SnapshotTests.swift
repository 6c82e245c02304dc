// Compaction and snapshots (Raft §7, Figure 13; rules 24 to 27).

import Testing

@testable import Raft

@Suite struct SnapshotTests {
  private func small(_ entries: Int) -> Configuration {
    var configuration = Configuration.test
    configuration.maxLogEntries = entries
    return configuration
  }

  private func install(_ index: Index, term: Term, entryTerm: Term) -> Message {
    let mark = SnapshotMark(
      index: index, term: entryTerm, membership: .test(voters: 4))
    return .installSnapshot(InstallSnapshot(term: term, mark: mark))
  }

  // MARK: Compaction

  @Test func `a log that is too long asks for a durable state, once`() {
    var leader = LiveNode(configuration: small(10))
    leader.lead()
    leader.propose(20)
    #expect(leader.take().effects.count(where: \.wantsDurableState) == 1)
  }

  @Test func `the log is compacted to half, and not beyond what is durable in the state`() {
    var leader = LiveNode(configuration: small(10))
    leader.lead()
    leader.propose(20)
    leader.step(.stateDurable(4))
    #expect(leader.node.status.firstIndex == 5)
    leader.step(.stateDurable(21))
    #expect(leader.node.status.logEntries == 5)
    #expect(leader.take().effects.compactMap(\.persist?.compaction).map(\.index) == [4, 16])
  }

  @Test func `what was not applied stays`() {
    var leader = LiveNode(configuration: small(10))
    leader.lead()
    leader.isApplying = false
    leader.propose(20)
    leader.step(.stateDurable(1))
    #expect(leader.node.status.firstIndex <= 2)
  }

  @Test func `while a peer that answers lags the log waits for it, up to a limit`() {
    var configuration = small(10)
    configuration.maxRetainedEntries = 25
    var leader = LiveNode(configuration: configuration)
    leader.lead()
    leader.propose(20, acknowledgedBy: [2])
    leader.step(.stateDurable(21))
    #expect(leader.node.status.firstIndex == 2)
    leader.propose(10, acknowledgedBy: [2])
    #expect(leader.node.status.firstIndex == 22, "the durable state stands for the rest")
  }

  @Test func `a durable state that is known is used, and not asked for again`() {
    var leader = LiveNode(configuration: small(10))
    leader.lead()
    leader.propose(20, acknowledgedBy: [2])
    leader.step(.stateDurable(21))
    #expect(leader.node.status.firstIndex == 2, "node 3 still needs the log")
    _ = leader.take()
    // Node 3 answers no longer, so the leader does not wait for what it lacks.
    for _ in 0..<Configuration.test.electionTicks {
      leader.tick(times: 1)
      leader.acknowledge(from: [2])
    }
    #expect(leader.node.status.logEntries == 5)
    #expect(leader.take().effects.filter(\.wantsDurableState).isEmpty)
  }

  @Test func `the members as of the mark are those of the last change before it`() {
    var leader = LiveNode(configuration: small(4))
    leader.lead()
    #expect(leader.change(.addLearner(Member(id: 9, address: "node9", rank: 9))) == nil)
    leader.acknowledge(from: [2, 3, 9])
    leader.propose(10, acknowledgedBy: [2, 3, 9])
    leader.step(.stateDurable(leader.node.appliedIndex))
    let mark = leader.take().effects.compactMap(\.persist?.compaction).last
    #expect(mark?.membership[9]?.role == .learner)
  }

  // MARK: Sending

  @Test func `a new leader sends the state to a peer that lacks what the log forgot`() {
    let mark = SnapshotMark(index: 10, term: 1, membership: .test(voters: 3))
    var leader = LiveNode(
      mark: mark, term: 1, entries: [makeEntry(11, 1)], appliedIndex: 10)
    leader.lead(votes: [2])
    leader.receive(
      .appendEntriesReply(
        AppendEntriesReply(
          term: 2, outcome: .mismatch(prevLogIndex: 11, hintIndex: 3, hintTerm: 1), round: 0)),
      from: 3)
    #expect(leader.take().effects.flatMap(\.snapshots) == [SendSnapshot(to: 3, term: 2)])
    // Meanwhile it is sent heartbeats and nothing else, and not asked for twice.
    leader.propose(3, acknowledgedBy: [2])
    leader.tick(times: Configuration.test.heartbeatTicks)
    let meanwhile = leader.take()
    #expect(meanwhile.effects.flatMap(\.snapshots).isEmpty)
    let toThird = meanwhile.messages.filter { $0.to == 3 }.compactMap(\.message.appendEntries)
    #expect(!toThird.isEmpty && toThird.allSatisfy(\.entries.isEmpty))
    // When it has arrived the log goes on from there.
    leader.step(.snapshotSent(to: 3, index: 12))
    leader.receive(matched(12, term: 2), from: 3)
    let next = leader.take().messages.filter { $0.to == 3 }.compactMap(\.message.appendEntries)
    #expect(next.first?.prevLogIndex == 12 && next.first?.entries.isEmpty == false)
  }

  @Test func `a state that could not be sent is sent again, but not at once`() {
    let mark = SnapshotMark(index: 10, term: 1, membership: .test(voters: 3))
    var leader = LiveNode(mark: mark, term: 1, appliedIndex: 10)
    leader.lead(votes: [2])
    let lost = Message.appendEntriesReply(
      AppendEntriesReply(
        term: 2, outcome: .mismatch(prevLogIndex: 10, hintIndex: 3, hintTerm: 1), round: 0))
    leader.receive(lost, from: 3)
    leader.step(.snapshotSent(to: 3, index: nil))
    leader.receive(lost, from: 3)
    #expect(leader.take().effects.flatMap(\.snapshots).count == 1)
    leader.tick(times: Configuration.test.heartbeatTicks)
    #expect(leader.take().effects.flatMap(\.snapshots).count == 1)
    // A peer that has fallen silent is not sent anything.
    for _ in 0..<Configuration.test.electionTicks {
      leader.tick(times: 1)
      leader.acknowledge(from: [2])
    }
    leader.step(.snapshotSent(to: 3, index: nil))
    _ = leader.take()
    for _ in 0..<20 {
      leader.tick(times: 1)
      leader.acknowledge(from: [2])
    }
    #expect(leader.take().effects.flatMap(\.snapshots).isEmpty)
  }

  // MARK: Receiving

  @Test func `a snapshot newer than the log replaces it, a conflicting suffix included`() {
    var node = LiveNode(id: 2, term: 2, entries: makeLog([1, 1, 2, 2]))
    node.receive(install(3, term: 5, entryTerm: 4), from: 1)
    #expect(node.node.log.lastIndex == 3 && node.node.log.lastTerm == 4)
    #expect(node.node.membership == .test(voters: 4))
    #expect(node.node.commitIndex == 3)
    let (messages, effects) = node.take()
    #expect(effects.compactMap(\.persist?.snapshot).map(\.index) == [3])
    #expect(effects.flatMap(\.committed).isEmpty)
    #expect(messages.map(\.message) == [matched(3, term: 5)])
    // The log goes on after it.
    node.receive(append(term: 5, after: (3, 4), terms: [5], commit: 4), from: 1)
    #expect(node.take().effects.flatMap(\.committed).map(\.index) == [4])
  }

  @Test func `it is acknowledged only when it is durable`() {
    var node = Node(
      id: 2, snapshot: .beginning(.test(voters: 3)), configuration: .test, seed: 1)
    let envelope = Envelope(from: 1, to: 2, message: install(7, term: 1, entryTerm: 1))
    let effects = node.step(.received(envelope))
    #expect(effects.messages.isEmpty)
    #expect(effects.persist?.messages.map(\.message) == [matched(7, term: 1)])
    // A heartbeat in between claims nothing that is not durable.
    let heartbeat = append(term: 1, after: (7, 1))
    let reply = node.step(.received(Envelope(from: 1, to: 2, message: heartbeat)))
    let sent = reply.messages + (reply.persist?.messages ?? [])
    #expect(sent.allSatisfy { $0.message.matchedIndex ?? 0 == 0 })
  }

  @Test func `an old snapshot changes nothing`() {
    var node = LiveNode(id: 2, term: 1, entries: makeLog([1, 1, 1]), appliedIndex: 3)
    node.receive(install(2, term: 1, entryTerm: 1), from: 1)
    #expect(node.node.log.lastIndex == 3)
    let (messages, effects) = node.take()
    #expect(effects.allSatisfy { $0.persist?.snapshot == nil })
    #expect(messages.map(\.message) == [matched(3, term: 1)])
  }

  @Test func `a log that holds the snapshot's last entry is kept, and committed up to it`() {
    var node = LiveNode(id: 2, term: 1, entries: makeLog([1, 1, 1, 1]))
    node.receive(install(3, term: 1, entryTerm: 1), from: 1)
    #expect(node.node.log.lastIndex == 4 && node.node.commitIndex == 3)
    #expect(node.take().effects.allSatisfy { $0.persist?.snapshot == nil })
  }

  @Test func `a snapshot of an old leader is refused`() {
    var node = LiveNode(id: 2, term: 5, entries: makeLog([1]))
    node.receive(install(9, term: 4, entryTerm: 4), from: 1)
    #expect(node.node.log.lastIndex == 1)
    #expect(node.take().messages.map(\.message.term) == [5])
  }

  @Test func `entries that the snapshot covers are skipped, the rest is taken`() {
    let mark = SnapshotMark(index: 5, term: 2, membership: .test(voters: 3))
    var node = LiveNode(id: 2, mark: mark, term: 2, appliedIndex: 5)
    node.receive(append(term: 2, after: (3, 1), terms: [1, 2, 2, 2], commit: 7), from: 1)
    #expect(node.node.log.lastIndex == 7 && node.node.commitIndex == 7)
    #expect(node.take().messages.last?.message == matched(7, term: 2))
    // A message that ends before the mark proves the mark and no more.
    node.receive(append(term: 2, after: (1, 1), terms: [1]), from: 1)
    #expect(node.take().messages.map(\.message.matchedIndex) == [5])
  }
}
