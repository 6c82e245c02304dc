// Events, messages and batches in a few words, for the trace.

import PDBCoordinator
import PDBModel
import Raft

extension Coordinator.Input {
  /// Tells the kinds of inputs apart in the trace hash.
  var number: Int {
    switch self {
    case .tick: 0
    case .received: 1
    case .request(.propose, _): 2
    case .request(.read, _): 3
    case .persisted: 4
    case .applied: 5
    case .peerUnreachable: 6
    case .stateDurable: 7
    case .snapshotSent: 8
    case .request(.change, _): 9
    case .request(.transfer, _): 10
    case .storageFull: 11
    case .stateHash: 12
    case .alarm: 13
    case .birth: 14
    case .vouched: 15
    case .rolledBack: 16
    case .poisoned: 17
    case .request(.skip, _): 18
    }
  }

  var shown: String {
    switch self {
    case .tick: "tick"
    case .received(let envelope): "<- \(envelope.from) \(envelope.message.shown)"
    case .request(.propose, let ticket): "request \(ticket.number) proposes"
    case .request(.read, let ticket): "request \(ticket.number) reads"
    case .request(.change(let change), _): "change: \(change)"
    case .request(.transfer(let target), _): "transfer to \(target.map { "\($0)" } ?? "any voter")"
    case .persisted(let number): "batch \(number) is durable"
    case .applied(_, let mark): "applied \(mark.appliedIndex)"
    case .peerUnreachable(let peer): "connection to \(peer) lost"
    case .stateDurable(let index): "state durable up to \(index)"
    case .snapshotSent(let peer, let index):
      index.map { "snapshot \($0) sent to \(peer)" } ?? "snapshot to \(peer) failed"
    case .storageFull(let isFull): isFull ? "the disk is full" : "the disk has room again"
    case .stateHash(_, let peer): "node \(peer) tells its state"
    case .alarm(let alarm): "alarm: \(alarm)"
    case .birth: "the cluster's birth"
    case .vouched(let peer): "node \(peer) vouches"
    case .rolledBack: "rolled back"
    case .poisoned(let entry): "poisoned at \(entry.index)"
    case .request(.skip(let entry, _), _): "request to skip \(entry.index)"
    }
  }
}

extension Coordinator.Reply {
  var shown: String {
    switch self {
    case .applied(let applied): "applied at \(applied.index)"
    case .readable: "readable"
    case .changed: "changed"
    case .transferred(let leader):
      "leadership went to \(leader.map { "\($0.id)" } ?? "nobody known")"
    case .failed(let error): "\(error.code.rawValue), \(error.outcome)"
    }
  }
}

extension Message {
  var shown: String {
    switch self {
    case .requestPreVote(let message): "PreVote \(message.shown)"
    case .requestVote(let message): "Vote \(message.shown)"
    case .requestPreVoteReply(let reply):
      "PreVote \(reply.voteGranted ? "granted" : "refused") term \(reply.term)"
    case .requestVoteReply(let reply):
      "Vote \(reply.voteGranted ? "granted" : "refused") term \(reply.term)"
    case .appendEntries(let message):
      "Append term \(message.term) after \(message.prevLogIndex)@\(message.prevLogTerm)"
        + " +\(message.entries.count) commit \(message.leaderCommit) round \(message.round)"
    case .appendEntriesReply(let reply):
      "AppendReply term \(reply.term) \(reply.outcome) round \(reply.round)"
    case .readIndex(let message): "ReadIndex \(message.id) term \(message.term)"
    case .readIndexReply(let reply): "ReadIndexReply \(reply.id) at \(reply.index)"
    case .installSnapshot(let message):
      "InstallSnapshot \(message.mark.index)@\(message.mark.term) term \(message.term)"
    case .timeoutNow(let message): "TimeoutNow term \(message.term)"
    case .confirmations(let message):
      "Confirmations term \(message.term) \(message.confirmed.shown)"
    }
  }
}

extension [NodeID: Reach] {
  fileprivate var shown: String {
    sorted { $0.key < $1.key }.map { "\($0):\($1.index)@\($1.term)" }.joined(separator: " ")
  }
}

extension RequestVote {
  fileprivate var shown: String {
    "term \(term) last \(lastLogIndex)@\(lastLogTerm)\(isTransfer ? " (transfer)" : "")"
  }
}

extension Persist {
  var shown: String {
    var parts = ["batch \(number)"]
    if let snapshot { parts.append("snapshot \(snapshot.index)@\(snapshot.term)") }
    if let hardState {
      parts.append("term \(hardState.term) vote \(hardState.vote.map { "\($0)" } ?? "-")")
    }
    if let first = entries.first, let last = entries.last {
      parts.append("entries \(first.index)@\(first.term)...\(last.index)@\(last.term)")
    }
    if let compaction { parts.append("compacted to \(compaction.index)") }
    if !confirmed.isEmpty { parts.append("confirmed \(confirmed.shown)") }
    for envelope in messages { parts.append("then -> \(envelope.to) \(envelope.message.shown)") }
    return parts.joined(separator: ", ")
  }
}
