// Messages that must leave their receiver as it was.

package import Raft

/// Pre-votes change neither term nor vote, and members that were removed have no say.
package enum SilenceChecker {
  /// A node was given a message.
  ///
  /// - Parameters:
  ///   - membership: the receiver's before the message.
  ///   - isLeader: whether the receiver took the sender for its leader.
  package static func heard(
    _ envelope: Envelope, membership: Membership, isLeader: Bool, termBefore: Term,
    termAfter: Term, persisted: [Persist], sent: [Envelope]
  ) throws {
    let isMoved = termAfter != termBefore || persisted.contains { $0.hardState != nil }
    if case .requestPreVote = envelope.message, isMoved {
      throw Violation(
        .preVote, "a pre-vote moved node \(envelope.to) from term \(termBefore) to \(termAfter)")
    }
    guard membership.removed.contains(envelope.from), !isLeader else { return }
    if isMoved || !sent.isEmpty || !persisted.isEmpty {
      throw Violation(
        .removedSilence,
        "node \(envelope.to) listened to node \(envelope.from), which was removed")
    }
  }
}
