// Linearizable reads: first an index from the leader (Thesis §6.4), then a state that has applied it.

import PDBModel
import Raft

extension Coordinator {
  /// The reads that wait.
  struct Reads: Sendable {
    /// Reads that were asked for together.
    struct Batch: Sendable {
      let id: UInt64
      let startedAt: UInt64
      var askedAt: UInt64
      var tickets: [Ticket]
    }

    /// Reads that arrived and are not asked for yet.
    var arrived: [Ticket] = []
    /// Reads without an index yet, in the order of their ids.
    var asked: [Batch] = []
    /// Reads that wait for their index to be applied, in the order of the indices.
    var confirmed: [(index: Index, batch: Batch)] = []
    private var lastID: UInt64

    init(lastID: UInt64) { self.lastID = lastID }

    /// Makes one batch of what arrived; `nil` if nothing did.
    mutating func ask(at now: UInt64, joinsRunning: Bool) -> UInt64? {
      guard !arrived.isEmpty else { return nil }
      if joinsRunning, !asked.isEmpty {
        asked[asked.count - 1].tickets += arrived
        arrived = []
        return nil
      }
      lastID += 1
      asked.append(Batch(id: lastID, startedAt: now, askedAt: now, tickets: arrived))
      arrived = []
      return lastID
    }

    /// Takes the batch that has its index out of those without. An answer that comes twice finds
    /// none.
    mutating func takeAsked(_ id: UInt64) -> Batch? {
      guard let position = asked.firstIndex(where: { $0.id == id }) else { return nil }
      return asked.remove(at: position)
    }

    mutating func wait(for index: Index, _ batch: Batch) {
      let position = confirmed.firstIndex { $0.index > index } ?? confirmed.endIndex
      confirmed.insert((index, batch), at: position)
    }

    mutating func takeConfirmed(through applied: Index) -> [Ticket] {
      guard let first = confirmed.first, first.index <= applied else { return [] }
      let end = confirmed.firstIndex { $0.index > applied } ?? confirmed.endIndex
      defer { confirmed.removeFirst(end) }
      return confirmed[..<end].flatMap(\.batch.tickets)
    }

    mutating func takeConfirmed(from index: Index) -> [Ticket] {
      let start = confirmed.firstIndex { $0.index >= index } ?? confirmed.endIndex
      defer { confirmed.removeSubrange(start...) }
      return confirmed[start...].flatMap(\.batch.tickets)
    }

    mutating func takeAll() -> [Ticket] {
      defer { (arrived, asked, confirmed) = ([], [], []) }
      return arrived + asked.flatMap(\.tickets) + confirmed.flatMap(\.batch.tickets)
    }
  }

  mutating func askForWaitingReads() {
    if let id = reads.ask(at: now, joinsRunning: rules.readsJoinRunningRound) {
      step(.read(id: id))
    }
  }

  /// A batch has its index.
  mutating func serve(_ read: SafeRead) {
    guard let batch = reads.takeAsked(read.id) else { return }
    if rules.mayServe(read.index, appliedIndex: status.mark.appliedIndex) {
      for ticket in batch.tickets { reply(.readable, to: ticket) }
    } else if let poisoned = status.poisoned, read.index >= poisoned.index {
      for ticket in batch.tickets { reply(.failed(poisoned.error()), to: ticket) }
    } else {
      reads.wait(for: read.index, batch)
    }
  }

  mutating func serveReads(through applied: Index) {
    for ticket in reads.takeConfirmed(through: applied) { reply(.readable, to: ticket) }
  }

  /// Asks once more for what was not answered, and gives up what was not answered for long.
  mutating func retryReads() {
    for batch in reads.asked where now >= batch.askedAt + patience.readRetryTicks {
      let limit =
        node.reachableLeader == nil ? patience.leaderlessTicks : patience.requestTicks
      guard let position = reads.asked.firstIndex(where: { $0.id == batch.id }) else { continue }
      if now >= batch.startedAt + limit {
        reads.asked.remove(at: position)
        for ticket in batch.tickets { reply(.failed(.unreadable), to: ticket) }
      } else {
        reads.asked[position].askedAt = now
        step(.read(id: batch.id))
      }
    }
  }

  /// Gives up reads whose index this node does not reach.
  mutating func expireReads() {
    let deadline = now
    for (_, batch) in reads.confirmed where deadline >= batch.startedAt + patience.requestTicks {
      for ticket in batch.tickets { reply(.failed(.lagging), to: ticket) }
    }
    let limit = patience.requestTicks
    reads.confirmed.removeAll { deadline >= $0.batch.startedAt + limit }
  }
}

extension PDBError {
  fileprivate static let unreadable = PDBError(
    .noLeader, "no leader: the latest state cannot be read now",
    hint: "'--stale' (HTTP: '?consistency=stale') reads this node's own state")

  fileprivate static let lagging = PDBError(
    .busy, "this node lags too far behind to serve the latest state",
    hint: "ask another node, or try again in a moment")
}
