// A whole cluster in memory, in one thread, with checks that never sleep.
//
// Checked after every step: one leader per term and one vote per term and node (Raft §5.2),
// leader completeness (§5.4.3), state-machine safety (§5.4.3), the commit index never goes
// back and never exceeds what a majority holds durably, and reads see all that was committed
// when they were asked (Thesis §6.4). `TestNode` adds that nothing leaves before it is durable.

import Raft
import Testing

final class TestCluster {
  struct Link: Hashable {
    let from: NodeID
    let to: NodeID
  }

  let membership: Membership
  let configuration: Configuration
  /// Told in every complaint, e.g. the seed of a random run.
  var label = ""

  /// By id; member ids are `1...n`.
  private var nodes: [TestNode] = []
  /// Messages under way, oldest first.
  var network: [Envelope] = []
  private var cuts: Set<Link> = []
  private var down: Set<NodeID> = []
  private var lastID: UInt64 = 0

  // What the checks remember; none of it is forgotten by a crash.
  private(set) var leaders: [Term: NodeID] = [:]
  private(set) var chosen: [Entry] = []
  private(set) var violations = 0
  private(set) var truncations = 0
  private var votes: [Term: [NodeID: NodeID]] = [:]
  private var glimpses: [NodeID: TestNode.Glimpse] = [:]
  private var maxCommit: Index = 0
  /// For each read, the highest index that was committed when it was asked.
  private var readFloors: [UInt64: Index] = [:]

  /// - Parameters:
  ///   - logs: the terms of the entries that nodes start with.
  ///   - term: a term that all of them have seen at least.
  init(
    _ voters: Int, learners: Int = 0, configuration: Configuration = .test,
    logs: [NodeID: [Term]] = [:], term: Term = 0, seed: UInt64 = 1
  ) {
    membership = .test(voters: voters, learners: learners)
    self.configuration = configuration
    ids = membership.members.map(\.id)
    for id in ids {
      let entries = makeLog(logs[id] ?? [])
      nodes.append(
        TestNode(
          id: id, membership: membership, configuration: configuration,
          hardState: HardState(term: max(term, entries.last?.term ?? 0)), entries: entries,
          seed: seed))
    }
  }

  private(set) subscript(id: NodeID) -> TestNode {
    _read { yield nodes[Int(id) - 1] }
    _modify { yield &nodes[Int(id) - 1] }
  }

  let ids: [NodeID]
  var liveIDs: [NodeID] { ids.filter { !down.contains($0) } }
  /// The node that leads in the highest term, if any.
  var leader: NodeID? {
    liveIDs.filter { self[$0].role == .leader }.max { self[$0].term < self[$1].term }
  }
  var leaderIDs: [NodeID] { liveIDs.filter { self[$0].role == .leader } }
  var maxTerm: Term { ids.map { self[$0].term }.max()! }

  func isDown(_ id: NodeID) -> Bool { down.contains(id) }

  // MARK: Events

  func tick(_ id: NodeID, times: Int = 1) {
    for _ in 0..<times { change(id) { $0.step(.tick) } }
  }

  /// Lets time pass for all nodes, delivering everything after each tick.
  func tickAll(times: Int = 1) {
    for _ in 0..<times {
      for id in liveIDs { tick(id) }
      deliver()
    }
  }

  /// Lets time pass until a condition holds; returns whether it did within `ticks`.
  func tickAll(atMost ticks: Int, until condition: () -> Bool) -> Bool {
    for _ in 0..<ticks {
      if condition() { return true }
      tickAll()
    }
    return condition()
  }

  /// Makes a node lead: all others have lost their leader, and it is the first to notice.
  func elect(_ id: NodeID, sourceLocation: SourceLocation = #_sourceLocation) {
    let before = network.count
    for other in liveIDs where other != id && self[other].role != .leader {
      tick(other, times: configuration.electionTicks)
    }
    network.removeSubrange(before...)
    // Once it may have to learn a later term first.
    for _ in 0..<2 where self[id].role != .leader {
      for _ in 0..<(2 * (configuration.electionTicks + configuration.electionSpreadTicks)) {
        tick(id)
        if self[id].role == .leader { break }
        if network.contains(where: { $0.from == id && $0.message.isRequestPreVote }) { break }
      }
      deliver()
    }
    #expect(self[id].role == .leader, "node \(id) must lead", sourceLocation: sourceLocation)
  }

  @discardableResult
  func propose(_ id: NodeID, _ operation: String = "x") -> UInt64 {
    propose(id, bytes: Array(operation.utf8))
  }

  @discardableResult
  func propose(_ id: NodeID, bytes: [UInt8]) -> UInt64 {
    lastID += 1
    change(id) { $0.step(.propose([Proposal(id: lastID, operation: bytes)])) }
    return lastID
  }

  @discardableResult
  func read(_ id: NodeID) -> UInt64 {
    lastID += 1
    readFloors[lastID] = maxCommit
    change(id) { $0.step(.read(id: lastID)) }
    return lastID
  }

  func peerUnreachable(_ peer: NodeID, at id: NodeID) {
    change(id) { $0.step(.peerUnreachable(peer)) }
  }

  func receive(_ message: Message, from sender: NodeID, to id: NodeID) {
    change(id) { $0.receive(message, from: sender) }
  }

  // MARK: Disks and crashes

  func holdDisk(_ id: NodeID) { self[id].disk.isHeld = true }

  /// Back to a disk that writes at once; what waited is written.
  func releaseDisk(_ id: NodeID) {
    self[id].disk.isHeld = false
    flush(id)
  }

  func flush(_ id: NodeID, _ count: Int = .max) { change(id) { $0.flush(count) } }
  func write(_ id: NodeID, _ count: Int = .max) { change(id) { $0.write(count) } }
  func report(_ id: NodeID) { change(id) { $0.report() } }

  func crash(_ id: NodeID) { down.insert(id) }

  /// Brings a node back, or crashes and brings it back, with what was durable.
  func restart(_ id: NodeID, appliedIndex: Index? = nil) {
    down.remove(id)
    self[id].restart(appliedIndex: appliedIndex)
    glimpses[id] = self[id].glimpse
  }

  // MARK: Network

  /// Messages from `sender` to `receiver` are lost, those under way too.
  func cut(from sender: NodeID, to receiver: NodeID) {
    cuts.insert(Link(from: sender, to: receiver))
  }

  func cut(_ a: NodeID, _ b: NodeID) {
    cut(from: a, to: b)
    cut(from: b, to: a)
  }

  func isolate(_ id: NodeID) {
    for other in ids where other != id { cut(id, other) }
  }

  /// Only nodes of the same group hear each other.
  func partition(_ groups: [NodeID]...) {
    for a in ids {
      for b in ids where a != b && !groups.contains(where: { $0.contains(a) && $0.contains(b) }) {
        cut(from: a, to: b)
      }
    }
  }

  func heal() { cuts = [] }

  func drop(where isDropped: (Envelope) -> Bool = { _ in true }) {
    network.removeAll(where: isDropped)
  }

  /// Delivers messages in order, and what they cause, until none is left.
  func deliver(where isDelivered: (Envelope) -> Bool = { _ in true }) {
    var count = 0
    while let position = network.firstIndex(where: isDelivered) {
      deliver(at: position)
      count += 1
      if count > 100_000 { return complain("the nodes never stop talking") }
    }
  }

  func deliver(at position: Int) {
    let envelope = network.remove(at: position)
    guard !cuts.contains(Link(from: envelope.from, to: envelope.to)) else { return }
    change(envelope.to) { $0.step(.received(envelope)) }
  }

  // MARK: Checks

  private func complain(_ what: String) {
    violations += 1
    Issue.record("\(label) \(what)")
  }

  private func change(_ id: NodeID, _ body: (inout TestNode) -> Void) {
    guard !down.contains(id) else { return }
    let before = glimpses[id] ?? self[id].glimpse
    let (sent, after) = self[id].change(body)
    glimpses[id] = after
    for envelope in sent {
      checkVote(envelope)
      if !cuts.contains(Link(from: envelope.from, to: envelope.to)) { network.append(envelope) }
    }
    if before.logCount > after.logCount || before.lastTerm != after.lastTerm {
      checkAppendOnly(id, before, after)
    }
    if after.role == .leader, before.role != .leader { checkLeader(id) }
    if after.commitIndex != before.commitIndex { checkCommit(id, since: before.commitIndex) }
    if after.committedCount > before.committedCount {
      checkCommitted(id, since: before.committedCount)
    }
    if after.readCount != before.readCount { checkReads(id, since: before.readCount) }
  }

  private func checkVote(_ envelope: Envelope) {
    let vote: (term: Term, candidate: NodeID)
    switch envelope.message {
    case .requestVote(let request): vote = (request.term, envelope.from)
    case .requestVoteReply(let reply) where reply.voteGranted: vote = (reply.term, envelope.to)
    default: return
    }
    if let earlier = votes[vote.term]?[envelope.from], earlier != vote.candidate {
      complain("node \(envelope.from) voted twice in term \(vote.term)")
    }
    votes[vote.term, default: [:]][envelope.from] = vote.candidate
  }

  private func checkAppendOnly(
    _ id: NodeID, _ before: TestNode.Glimpse, _ after: TestNode.Glimpse
  ) {
    guard before.logCount > 0 else { return }
    let isKept =
      after.logCount >= before.logCount
      && self[id].log[before.logCount - 1].term == before.lastTerm
    if isKept { return }
    truncations += 1
    if before.role == .leader, after.role == .leader {
      complain("leader \(id) shortened its log (leader append-only)")
    }
  }

  private func checkLeader(_ id: NodeID) {
    let node = self[id]
    if let other = leaders[node.term] {
      complain("\(other) and \(id) both lead term \(node.term) (election safety)")
    }
    leaders[node.term] = id
    if !node.log.starts(with: chosen) {
      complain("leader \(id) lacks committed entries (leader completeness)")
    }
  }

  private func checkCommit(_ id: NodeID, since known: Index) {
    let node = self[id]
    let commit = node.commitIndex
    if commit < known { return complain("commit of \(id) goes back from \(known) to \(commit)") }
    // The leader commits first; its members are the ones that count.
    guard commit > maxCommit else { return }
    maxCommit = commit
    let entry = node.log[Int(commit) - 1]
    let membership = self[id].node.membership
    let holders = membership.voters.map(\.id).filter { voter in
      let entries = self[voter].disk.entries
      return entries.count >= Int(commit) && entries[Int(commit) - 1] == entry
    }
    if holders.count < membership.quorum {
      complain("\(id) commits \(commit), durable only on \(holders)")
    }
  }

  private func checkCommitted(_ id: NodeID, since count: Int) {
    let committed = self[id].committed
    if committed.count > chosen.count { chosen += committed[chosen.count...] }
    for position in count..<committed.count where committed[position] != chosen[position] {
      complain("\(id) hands out another entry at \(position + 1) (state-machine safety)")
    }
  }

  private func checkReads(_ id: NodeID, since count: Int) {
    for read in self[id].reads.dropFirst(count) where read.index < readFloors[read.id]! {
      complain("read \(read.id) at \(read.index) misses \(readFloors[read.id]!) (linearizable)")
    }
  }

  /// Compares everything with everything: log matching (Raft §5.3) and state-machine safety.
  func checkLogs() {
    for id in ids where !chosen.starts(with: self[id].committed) {
      complain("\(id) handed out something else (state-machine safety)")
    }
    for a in ids {
      for b in ids where a < b {
        let (one, other) = (self[a].log, self[b].log)
        let common = zip(one, other).lastIndex { $0.term == $1.term } ?? -1
        if one.prefix(common + 1) != other.prefix(common + 1) {
          complain("\(a) and \(b) differ below \(common + 1) (log matching)")
        }
      }
    }
  }
}

extension Sequence {
  fileprivate func lastIndex(where isMatch: (Element) -> Bool) -> Int? {
    var last: Int?
    for (index, element) in self.enumerated() where isMatch(element) { last = index }
    return last
  }
}
