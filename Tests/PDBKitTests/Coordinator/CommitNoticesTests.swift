// Commit notices wait for something to go with; nothing else does.

import Testing

@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBImport
@testable import PDBModel
@testable import Raft

@Suite struct CommitNoticesTests {
  private var notices = CommitNotices()

  private func append(
    to peer: NodeID = 2, commit: Index, entries: Int = 0, round: UInt64 = 0, term: Term = 1
  ) -> Envelope {
    let entries = (0..<entries).map { Entry(index: 10 + Index($0), term: term, payload: .noop) }
    let message = AppendEntries(
      term: term, prevLogIndex: 9, prevLogTerm: 1, entries: entries, leaderCommit: commit,
      round: round)
    return Envelope(from: 1, to: peer, message: .appendEntries(message))
  }

  private var reply: Envelope {
    Envelope(
      from: 1, to: 2, message: .readIndexReply(ReadIndexReply(term: 1, id: 7, index: 3)))
  }

  @Test mutating func `a notice waits, and the next entries take its place`() {
    #expect(notices.pass([append(commit: 1, entries: 1)], isUrgent: false).count == 1)
    #expect(notices.pass([append(commit: 2)], isUrgent: false).isEmpty)
    #expect(notices.pass([append(commit: 3)], isUrgent: false).isEmpty)
    let next = append(commit: 3, entries: 1)
    #expect(notices.pass([next], isUrgent: false) == [next])
    #expect(notices.pass([], isUrgent: true).isEmpty)
  }

  @Test mutating func `nothing waits when it is urgent, and only the newest notice is left`() {
    _ = notices.pass([append(commit: 1, entries: 1)], isUrgent: false)
    _ = notices.pass([append(commit: 2), append(commit: 3)], isUrgent: false)
    #expect(notices.pass([], isUrgent: true) == [append(commit: 3)])
    #expect(notices.pass([append(commit: 4)], isUrgent: true) == [append(commit: 4)])
  }

  @Test mutating func `a question of a new read round, or of a new term, does not wait`() {
    _ = notices.pass([append(commit: 1, entries: 1)], isUrgent: false)
    let round = append(commit: 1, round: 1)
    #expect(notices.pass([round], isUrgent: false) == [round])
    let term = append(commit: 1, round: 1, term: 2)
    #expect(notices.pass([term], isUrgent: false) == [term])
    let first = append(to: 3, commit: 1)
    #expect(notices.pass([first], isUrgent: false) == [first])
  }

  @Test mutating func `whoever is told something else learns of the commit before`() {
    _ = notices.pass([append(commit: 1, entries: 1)], isUrgent: false)
    _ = notices.pass([append(commit: 2)], isUrgent: false)
    #expect(notices.pass([reply], isUrgent: false) == [append(commit: 2), reply])
  }
}
