// A node whose disk and state machine do everything at once: for tests of what comes after.

@testable import Raft

/// Confirms every batch and every entry as soon as the node hands it out.
struct LiveNode {
  private(set) var node: Node
  /// Whether committed entries are applied.
  var isApplying = true
  private(set) var messages: [Envelope] = []
  private(set) var effects: [Effects] = []

  init(
    id: NodeID = 1, membership: Membership = .test(voters: 3), mark: SnapshotMark? = nil,
    configuration: Configuration = .test, term: Term = 0, entries: [Entry] = [],
    appliedIndex: Index = 0
  ) {
    node = Node(
      id: id, snapshot: mark ?? .beginning(membership), configuration: configuration,
      hardState: HardState(term: term), entries: entries, appliedIndex: appliedIndex, seed: id)
  }

  mutating func step(_ event: Event) {
    let effects = node.step(event)
    self.effects.append(effects)
    messages += effects.messages
    if let batch = effects.persist {
      messages += batch.messages
      step(.persisted(number: batch.number))
    }
    if isApplying, let last = effects.committed.last { step(.applied(last.index)) }
  }

  mutating func receive(_ message: Message, from sender: NodeID) {
    step(.received(Envelope(from: sender, to: node.id, message: message)))
  }

  mutating func tick(times: Int) {
    for _ in 0..<times { step(.tick) }
  }

  /// The messages and effects since the last call.
  mutating func take() -> (messages: [Envelope], effects: [Effects]) {
    defer { (messages, effects) = ([], []) }
    return (messages, effects)
  }

  /// Wins an election with the votes of these.
  mutating func lead(votes: [NodeID] = [2, 3]) {
    while node.role != .preCandidate && node.role != .leader { step(.tick) }
    let next = node.hardState.term + 1
    for voter in votes where node.role == .preCandidate {
      receive(preVote(term: next), from: voter)
    }
    for voter in votes where node.role == .candidate { receive(vote(term: next), from: voter) }
    precondition(node.role == .leader)
    acknowledge(from: votes)
    _ = take()
  }

  /// These peers hold the whole log.
  mutating func acknowledge(from peers: [NodeID]) {
    for peer in peers where node.role == .leader {
      receive(matched(node.log.lastIndex, term: node.hardState.term), from: peer)
    }
  }

  mutating func propose(_ count: Int, acknowledgedBy peers: [NodeID] = [2, 3]) {
    for _ in 0..<count {
      step(.propose([Proposal(id: 0, operation: [1, 2, 3])]))
      acknowledge(from: peers)
    }
  }

  /// Asks for a change and tells why it was refused, if it was.
  mutating func change(_ change: MembershipChange) -> Refused.Reason? {
    _ = take()
    step(.changeMembership(id: 1, change))
    return effects.flatMap(\.refused).first?.reason
  }
}
