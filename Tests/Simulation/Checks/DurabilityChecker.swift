// Nothing leaves a node before it is durable there.

package import Raft

/// "Servers persist before responding" (Raft §5.2, Figure 2).
package enum DurabilityChecker {
  /// A message leaves its sender.
  ///
  /// - Parameters:
  ///   - durable: the sender's disk.
  ///   - leaderLog: the log of the leader of the message's term, while it leads.
  package static func sent(
    _ envelope: Envelope, durable: StoredLog, leaderLog: StoredLog?
  ) throws {
    let hardState = durable.hardState
    let isDurable: Bool
    switch envelope.message {
    case .requestPreVote, .requestPreVoteReply:
      isDurable = true
    case .requestVote(let request):
      isDurable = holds(hardState, request.term, vote: envelope.from)
    case .requestVoteReply(let reply) where reply.voteGranted:
      isDurable = holds(hardState, reply.term, vote: envelope.to)
    case .appendEntriesReply(let reply):
      guard case .matched(let index) = reply.outcome, hardState.term == reply.term else {
        isDurable = hardState.term >= reply.term
        break
      }
      isDurable = index <= durable.lastIndex
      if let expected = leaderLog?.term(at: index), !durable.holds(index, term: expected) {
        throw Violation(
          .durability,
          "node \(envelope.from) claims to match its leader up to \(index), and does not")
      }
    default:
      isDurable = hardState.term >= envelope.message.term
    }
    if !isDurable {
      throw Violation(
        .durability, "left node \(envelope.from) before it was durable: \(envelope.message)")
    }
  }

  private static func holds(_ hardState: HardState, _ term: Term, vote: NodeID) -> Bool {
    hardState.term > term || hardState.term == term && hardState.vote == vote
  }

  /// Entries are handed to the state machine only when they are durable on the same node.
  package static func handedOut(_ entries: [Entry], durable: StoredLog, by id: NodeID) throws {
    for entry in entries where durable.entry(at: entry.index) != entry {
      throw Violation(
        .durability, "node \(id) hands out entry \(entry.index), which is not on its disk")
    }
  }
}
