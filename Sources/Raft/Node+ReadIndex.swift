// Linearizable reads without writing to the log (Thesis §6.4).

/// The reads a leader has not answered yet.
///
/// A read is safe once the leader has proved, *after* the read arrived, that it still leads.
/// Each proof is a round with a number of its own; replies echo the number, so a late reply
/// to an older round proves nothing. Reads that arrive during a round share the next one.
struct ReadQueue: Sendable {
  struct Request: Sendable {
    /// The node that asked: this one, or a follower.
    let origin: NodeID
    let id: UInt64
  }

  /// The newest round. Rounds of different terms never meet: replies carry the term.
  var round: UInt64 = 0
  /// The index that the reads of the running round may be served at.
  var index: Index = 0
  /// Reads of the running round; empty when no round runs.
  var confirming: [Request] = []
  /// Reads for the next round.
  var waiting: [Request] = []

  mutating func beginRound(at commitIndex: Index) {
    round += 1
    index = commitIndex
    confirming = waiting
    waiting = []
  }
}

extension Node {
  /// A read of this node's own clients, or of a follower's.
  mutating func read(id readID: UInt64, for origin: NodeID) {
    guard let leadership else {
      if let reachableLeader, origin == id {
        send(.readIndex(ReadIndex(term: hardState.term, id: readID)), to: reachableLeader)
      } else if origin == id {
        effects.failedReads.append(readID)
      }
      return
    }
    guard leadership.reads.waiting.count < configuration.maxPendingReads else {
      if origin == id { effects.failedReads.append(readID) }
      return
    }
    self.leadership?.reads.waiting.append(ReadQueue.Request(origin: origin, id: readID))
    startReadRound()
  }

  mutating func handle(_ message: ReadIndex, from follower: NodeID) {
    // No reply when not leading: the follower asks again, by then of the right node.
    if role == .leader, message.term == hardState.term { read(id: message.id, for: follower) }
  }

  mutating func handle(_ message: ReadIndexReply, from sender: NodeID) {
    guard message.term == hardState.term, sender == leader else { return }
    effects.reads.append(SafeRead(id: message.id, index: message.index))
  }

  /// Begins a round for the waiting reads, unless one is running.
  mutating func startReadRound() {
    guard let reads = leadership?.reads, !reads.waiting.isEmpty, reads.confirming.isEmpty
    else { return }
    // Before an entry of its own term is committed a leader does not know what is committed
    // (Raft §8). The commit of the no-op comes back here.
    guard rules.mayRead(commitTerm: log.term(at: commitIndex), at: hardState.term) else {
      return
    }
    let index = commitIndex
    leadership?.reads.beginRound(at: index)
    if !confirmReads() {
      leadership?.ticksSinceHeartbeat = 0
      broadcastAppend(evenIfEmpty: true)
    }
  }

  /// Answers the reads of the running round once a majority has confirmed it.
  ///
  /// - Returns: whether it has.
  @discardableResult
  mutating func confirmReads() -> Bool {
    guard let leadership, !leadership.reads.confirming.isEmpty else { return false }
    let confirmed = electorate.quorumValue { voter in
      voter == id ? leadership.reads.round : leadership.progress[voter]?.confirmedRound ?? 0
    }
    guard rules.isConfirmed(confirmed, round: leadership.reads.round) else { return false }
    for request in leadership.reads.confirming {
      if request.origin == id {
        effects.reads.append(SafeRead(id: request.id, index: leadership.reads.index))
      } else {
        let reply = ReadIndexReply(
          term: hardState.term, id: request.id, index: leadership.reads.index)
        send(.readIndexReply(reply), to: request.origin)
      }
    }
    self.leadership?.reads.confirming = []
    startReadRound()
    return true
  }

  /// The node stops leading: its clients must ask again.
  mutating func failPendingReads() {
    guard let reads = leadership?.reads else { return }
    for request in reads.confirming + reads.waiting where request.origin == id {
      effects.failedReads.append(request.id)
    }
  }
}
