// Who waits at a node, and for what: the bookkeeping of the real driver.

import Raft

/// Clients waiting at one node. Arrays in the order of arrival: nothing here may depend on the
/// order of a dictionary.
struct Desk {
  struct Proposer {
    let index: Index
    let term: Term
    let ticket: Ticket
  }

  struct Reader {
    let id: UInt64
    let ticket: Ticket
    let startedAt: Time
    var askedAt: Time
  }

  /// Requests that came in and were not looked at yet.
  var inbox: [Ticket] = []
  /// Proposals before they have an index.
  private var proposals: [(id: UInt64, ticket: Ticket)] = []
  private var lastProposalID: UInt64 = 0
  /// Proposals in the log.
  private(set) var proposers: [Proposer] = []
  /// Reads without an index yet.
  private(set) var readers: [Reader] = []
  /// Reads that wait for their index to be applied.
  private(set) var waiters: [(index: Index, ticket: Ticket)] = []

  // MARK: Proposals

  mutating func propose(_ ticket: Ticket) -> UInt64 {
    lastProposalID += 1
    proposals.append((lastProposalID, ticket))
    return lastProposalID
  }

  mutating func refused(_ id: UInt64) -> Ticket? {
    guard let position = proposals.firstIndex(where: { $0.id == id }) else { return nil }
    return proposals.remove(at: position).ticket
  }

  mutating func accepted(_ accepted: Accepted) {
    guard let ticket = refused(accepted.id) else { return }
    proposers.append(Proposer(index: accepted.index, term: accepted.term, ticket: ticket))
  }

  /// Whoever waits for the entry at `index`.
  mutating func takeProposer(at index: Index) -> Proposer? {
    guard let position = proposers.firstIndex(where: { $0.index == index }) else { return nil }
    return proposers.remove(at: position)
  }

  /// The node no longer leads: nobody knows what becomes of its proposals.
  mutating func abandonProposers() -> [Ticket] {
    defer { proposers = [] }
    return proposers.map(\.ticket)
  }

  // MARK: Reads

  mutating func read(_ id: UInt64, _ ticket: Ticket, now: Time) {
    readers.append(Reader(id: id, ticket: ticket, startedAt: now, askedAt: now))
  }

  /// A read has its index; it waits until that is applied. An answer that comes twice finds
  /// nobody.
  mutating func isSafe(_ read: SafeRead) -> Bool {
    guard let position = readers.firstIndex(where: { $0.id == read.id }) else { return false }
    waiters.append((read.index, readers.remove(at: position).ticket))
    return true
  }

  /// Reads that can be served by a state as of `applied`.
  mutating func takeWaiters(through applied: Index) -> [Ticket] {
    guard waiters.contains(where: { $0.index <= applied }) else { return [] }
    defer { waiters.removeAll { $0.index <= applied } }
    return waiters.filter { $0.index <= applied }.map(\.ticket)
  }

  /// Reads to ask for again, and those that have waited too long.
  mutating func overdue(
    now: Time, retryAfter: Time, giveUpAfter: Time
  ) -> (again: [UInt64], failed: [Ticket]) {
    guard readers.contains(where: { now >= $0.askedAt + retryAfter }) else { return ([], []) }
    var again: [UInt64] = []
    var failed: [Ticket] = []
    for position in readers.indices where now >= readers[position].askedAt + retryAfter {
      if now >= readers[position].startedAt + giveUpAfter {
        failed.append(readers[position].ticket)
      } else {
        readers[position].askedAt = now
        again.append(readers[position].id)
      }
    }
    readers.removeAll { now >= $0.startedAt + giveUpAfter && now >= $0.askedAt + retryAfter }
    return (again, failed)
  }

  /// Everybody who waits here, for when the connection breaks.
  var tickets: [Ticket] {
    inbox + proposals.map(\.ticket) + proposers.map(\.ticket) + readers.map(\.ticket)
      + waiters.map(\.ticket)
  }
}
