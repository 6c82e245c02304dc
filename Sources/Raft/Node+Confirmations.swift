// What every member knows of the others' logs, so that one that comes back with less is found out.
//
// Raft counts on members that forget nothing that they confirmed. An older copy of a node's files
// breaks that, and the node itself cannot know. So a leader tells all members how far each of them has
// confirmed its log; they remember it durably, and compare it with what a node says of itself when it
// comes back. Nothing of this decides what is committed.

/// Whether a node takes part in consensus.
enum Standing: Equatable, Sendable {
  /// It came back from its files, and waits for peers that know of nothing that is missing there.
  case unvouched(by: Set<NodeID>, ticks: Int)
  case member
  /// It has less than it once confirmed, or something that cannot be: it takes no part any more.
  case excluded
}

extension Node {
  /// How far this node has come, durable or not.
  public var reach: Reach { Reach(term: hardState.term, index: log.lastIndex) }

  /// A peer has compared what it knows of this node's log with what is there: nothing is missing.
  mutating func vouched(by peer: NodeID) {
    guard case .unvouched(var peers, let ticks) = standing else { return }
    peers.insert(peer)
    standing = .unvouched(by: peers, ticks: ticks)
    judgeStanding()
  }

  /// Time passes for a node that takes no part yet.
  mutating func tickUnvouched() {
    guard case .unvouched(let peers, let ticks) = standing else { return }
    standing = .unvouched(by: peers, ticks: ticks + 1)
    judgeStanding()
  }

  /// As many peers as a quorum needs beside this node must vouch for it. Where members have left
  /// meanwhile, there may be no longer so many: after a while one is enough.
  private mutating func judgeStanding() {
    guard case .unvouched(let peers, let ticks) = standing else { return }
    let isPatient = ticks < Self.voucherPatience * configuration.electionTicks
    if rules.mayTakePart(
      vouchedBy: peers.count, needed: isPatient ? membership.quorum - 1 : 1)
    {
      standing = .member
      resetElectionTimer()
    }
  }

  /// In election timeouts.
  private static let voucherPatience = 20

  /// This node has less than it once confirmed: it must neither vote nor count.
  mutating func exclude() {
    becomeFollower(term: hardState.term, leader: nil)
    standing = .excluded
  }

  /// What a leader knows itself joins what it was told.
  mutating func noteConfirmations() {
    guard let leadership else { return }
    var known = leadership.progress.mapValues(\.matchIndex)
    known[id] = durableIndex
    remember(
      known.filter { $0.value > 0 }.mapValues { Reach(term: hardState.term, index: $0) })
  }

  /// Remembers what is news of these.
  private mutating func remember(_ known: [NodeID: Reach]) {
    let news = known.filter { node, reach in
      membership[node] != nil && confirmed[node].map { $0 < reach } ?? true
    }
    guard !news.isEmpty else { return }
    confirmed.merge(news) { $1 }
    confirmed = confirmed.filter { membership[$0.key] != nil }
    leadership?.confirmationsVersion += 1
    persist(confirmed: news)
  }

  /// As often as heartbeats.
  mutating func sendConfirmations(to peer: NodeID) {
    guard let version = leadership?.confirmationsVersion,
      leadership?.progress[peer]?.toldConfirmations != version, !confirmed.isEmpty
    else { return }
    leadership?.progress[peer]?.toldConfirmations = version
    send(
      .confirmations(Confirmations(term: hardState.term, confirmed: confirmed)), to: peer)
  }

  mutating func handle(_ message: Confirmations, from sender: NodeID) {
    guard message.term == hardState.term, sender == leader else { return }
    remember(message.confirmed)
  }
}
