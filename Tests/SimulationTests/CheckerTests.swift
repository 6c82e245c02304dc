// The checkers must complain: each is shown the wrong it watches for.

import PDBCoordinator
import PDBModel
import Raft
import Simulation
import Testing

@Suite struct CheckerTests {
  private let three = Membership((1...3).map { Member(id: $0, address: "\($0)", rank: 0) })

  /// The rule that `body` breaks.
  private func broken(_ body: () throws -> Void) -> Rule? {
    do {
      try body()
      return nil
    } catch { return (error as? Violation)?.rule }
  }

  private func entry(_ index: Index, _ term: Term, _ payload: Entry.Payload = .noop) -> Entry {
    Entry(index: index, term: term, payload: payload)
  }

  private func log(_ terms: [Term], hardState: HardState? = nil, members: Membership? = nil)
    throws -> StoredLog
  {
    var log = StoredLog(mark: .beginning(members ?? three))
    try log.write(entries: zip(1..., terms).map { entry($0, $1) }, hardState: hardState)
    return log
  }

  // MARK: Elections

  @Test func `two leaders of a term`() throws {
    var checker = ElectionChecker()
    for leader in [1, 2] as [NodeID] {
      try checker.voted(3, for: 1, in: 5)
      let check = broken {
        try checker.elected(leader, in: 5, by: three, durable: HardState(term: 5, vote: leader))
      }
      #expect(check == (leader == 1 ? nil : .electionSafety))
    }
  }

  @Test func `two votes in a term`() throws {
    var checker = ElectionChecker()
    try checker.voted(3, for: 1, in: 5)
    try checker.voted(3, for: 1, in: 5)
    try checker.voted(3, for: 2, in: 6)
    #expect(broken { try checker.voted(3, for: 2, in: 5) } == .oneVotePerTerm)
  }

  @Test func `a leader without a majority`() throws {
    var checker = ElectionChecker()
    let own = HardState(term: 5, vote: 1)
    #expect(
      broken { try checker.elected(1, in: 5, by: three, durable: own) } == .electionSafety)
    try checker.voted(2, for: 1, in: 6)
    // Its own vote is not durable.
    #expect(
      broken { try checker.elected(1, in: 6, by: three, durable: own) } == .electionSafety)
  }

  @Test func `the vote of a learner`() throws {
    var checker = ElectionChecker()
    let learner = Member(id: 3, address: "3", rank: 0, role: .learner)
    let members = Membership(Array(three.members.prefix(2)) + [learner])
    try checker.voted(3, for: 1, in: 5)
    let own = HardState(term: 5, vote: 1)
    #expect(
      broken { try checker.elected(1, in: 5, by: members, durable: own) } == .electionSafety)
  }

  // MARK: Logs

  @Test func `another payload at the same index and term`() throws {
    var checker = LogChecker()
    try checker.appended([entry(1, 1), entry(2, 1)], after: 0, by: 1)
    try checker.appended([entry(2, 1)], after: 1, by: 2)
    #expect(
      broken { try checker.appended([entry(2, 1, .operation([1]))], after: 1, by: 2) }
        == .logMatching)
  }

  @Test func `another predecessor of the same entry`() throws {
    var checker = LogChecker()
    try checker.appended([entry(1, 1), entry(2, 3)], after: 0, by: 1)
    #expect(
      broken { try checker.appended([entry(2, 3)], after: 2, by: 2) } == .logMatching)
  }

  @Test func `a leader that replaces its entries`() {
    #expect(broken { try LogChecker.leaderReplaced(1, from: 3, lastIndex: 2) } == nil)
    #expect(
      broken { try LogChecker.leaderReplaced(1, from: 2, lastIndex: 2) } == .leaderAppendOnly)
  }

  // MARK: Commit

  private func commit(
    _ checker: inout CommitChecker, through index: Index, _ log: StoredLog, term: Term,
    holders: [NodeID]
  ) throws {
    let (full, empty) = (log, try self.log([]))
    _ = try checker.committed(
      through: index, by: 1, term: term, log: log,
      durable: { holders.contains($0) ? full : empty })
  }

  @Test func `a commit without a majority`() throws {
    var checker = CommitChecker()
    let log = try log([1, 1])
    #expect(
      broken { try commit(&checker, through: 2, log, term: 1, holders: [1]) } == .quorumCommit)
    #expect(broken { try commit(&checker, through: 2, log, term: 1, holders: [1, 2]) } == nil)
  }

  @Test func `a commit by counting in an older term`() throws {
    var checker = CommitChecker()
    let log = try log([1, 1])
    #expect(
      broken { try commit(&checker, through: 2, log, term: 2, holders: [1, 2, 3]) }
        == .quorumCommit)
  }

  @Test func `another entry than was committed before`() throws {
    var checker = CommitChecker()
    try commit(&checker, through: 2, try log([1, 1]), term: 1, holders: [1, 2])
    let other = try log([1, 2])
    #expect(broken { try checker.believed(through: 2, by: 3, log: other) } == .stateMachineSafety)
    #expect(broken { try checker.believed(through: 3, by: 3, log: other) } == .quorumCommit)
  }

  @Test func `a leader that lacks what is committed`() throws {
    var checker = CommitChecker()
    try commit(&checker, through: 2, try log([1, 1]), term: 1, holders: [1, 2])
    let short = try log([1])
    #expect(
      broken { try checker.mustBeComplete(short, of: 3, term: 2) } == .leaderCompleteness)
    // A leader of the same term or an older one need not know it.
    #expect(broken { try checker.mustBeComplete(short, of: 3, term: 1) } == nil)
  }

  // MARK: Durability

  private func sent(_ message: Message, _ durable: StoredLog, leader: StoredLog? = nil) -> Rule? {
    broken {
      try DurabilityChecker.sent(
        Envelope(from: 2, to: 1, message: message), durable: durable, leaderLog: leader)
    }
  }

  @Test func `a vote before it is durable`() throws {
    let vote = Message.requestVoteReply(RequestVoteReply(term: 5, voteGranted: true))
    #expect(sent(vote, try log([], hardState: HardState(term: 5))) == .durability)
    #expect(sent(vote, try log([], hardState: HardState(term: 5, vote: 3))) == .durability)
    #expect(sent(vote, try log([], hardState: HardState(term: 5, vote: 1))) == nil)
    let request = Message.requestVote(RequestVote(term: 5, lastLogIndex: 0, lastLogTerm: 0))
    #expect(sent(request, try log([], hardState: HardState(term: 5, vote: 1))) == .durability)
  }

  @Test func `an acknowledgement before it is durable, or of something else`() throws {
    func matched(_ index: Index) -> Message {
      .appendEntriesReply(AppendEntriesReply(term: 2, outcome: .matched(index), round: 0))
    }
    let durable = try log([1, 1], hardState: HardState(term: 2))
    #expect(sent(matched(3), durable) == .durability)
    #expect(sent(matched(2), durable, leader: try log([1, 2])) == .durability)
    #expect(sent(matched(2), durable, leader: try log([1, 1, 2])) == nil)
    #expect(sent(matched(2), try log([1, 1], hardState: HardState(term: 1))) == .durability)
  }

  @Test func `an entry handed out before it is durable`() throws {
    let durable = try log([1])
    #expect(
      broken { try DurabilityChecker.handedOut([entry(2, 1)], durable: durable, by: 1) }
        == .durability)
  }

  // MARK: What only grows

  @Test func `a term, a vote and a commit index that go back`() throws {
    var checker = MonotonyChecker()
    try checker.stepped(1, term: 3, commitIndex: 7)
    #expect(broken { try checker.stepped(1, term: 2, commitIndex: 7) } == .monotony)
    #expect(broken { try checker.stepped(1, term: 3, commitIndex: 6) } == .monotony)
    checker.restarted(1, hardState: HardState(term: 3))
    #expect(broken { try checker.stepped(1, term: 3, commitIndex: 0) } == nil)
    let (term, vote) = (HardState(term: 3), HardState(term: 3, vote: 2))
    #expect(broken { try MonotonyChecker.wrote(1, before: vote, after: term) } == .monotony)
    #expect(broken { try MonotonyChecker.wrote(1, before: term, after: vote) } == nil)
  }

  // MARK: Silence

  @Test func `a pre-vote that moves a term, and a removed member that is heard`() {
    func heard(_ message: Message, by membership: Membership, termAfter: Term) -> Rule? {
      broken {
        try SilenceChecker.heard(
          Envelope(from: 4, to: 1, message: message), membership: membership, isLeader: false,
          termBefore: 1, termAfter: termAfter, persisted: [], sent: [])
      }
    }
    let request = RequestVote(term: 2, lastLogIndex: 0, lastLogTerm: 0)
    let removed = Membership(three.members, removed: [4])
    #expect(heard(.requestPreVote(request), by: three, termAfter: 2) == .preVote)
    #expect(heard(.requestPreVote(request), by: three, termAfter: 1) == nil)
    #expect(heard(.requestVote(request), by: removed, termAfter: 2) == .removedSilence)
    #expect(heard(.requestVote(request), by: three, termAfter: 2) == nil)
  }

  // MARK: Leaders

  @Test func `a leader that hears nobody and stays`() throws {
    var checker = ContactChecker()
    checker.elected(1, in: 5)
    for _ in 0..<12 { try checker.ticked(1, membership: three, electionTicks: 10) }
    checker.heard(2, by: 1, term: 5)
    for _ in 0..<12 { try checker.ticked(1, membership: three, electionTicks: 10) }
    #expect(
      broken { try checker.ticked(1, membership: three, electionTicks: 10) } == .checkQuorum)
  }

  @Test func `a leader that was removed and stays`() throws {
    let others = Membership(Array(three.members.suffix(2)), removed: [1])
    let log = try log([1], members: others)
    #expect(
      broken { try MembershipChecker.mustNotLead(1, log: log, commitIndex: 0) } == .removedLeader)
    #expect(broken { try MembershipChecker.mustNotLead(2, log: log, commitIndex: 0) } == nil)
  }

  @Test func `a backlog without bound`() throws {
    var log = StoredLog(mark: .beginning(three))
    let entries = (1...9).map { entry($0, 1, .operation([UInt8](repeating: 0, count: 84))) }
    try log.write(entries: entries)
    func accepted(_ maxBytes: Int) -> Rule? {
      broken {
        try BacklogChecker.accepted(
          by: 1, term: 1, log: log, commitIndex: 1, maxBytes: maxBytes)
      }
    }
    #expect(accepted(600) == .backlog)
    #expect(accepted(700) == nil)
  }

  // MARK: Membership

  @Test func `changes that overlap, come too early, or change two voters`() throws {
    let checker = MembershipChecker()
    var commits = CommitChecker()
    try commit(&commits, through: 1, try log([1]), term: 1, holders: [1, 2])
    func appended(_ membership: Membership, _ log: StoredLog, term: Term) -> Rule? {
      broken {
        try checker.appended(
          membership, by: 1, term: term, log: log, chosen: commits, commitIndex: 1,
          electionTicks: 10, durableEnd: { _ in 9 })
      }
    }
    let two = Membership(Array(three.members.prefix(2)), removed: [3])
    let one = Membership(Array(three.members.prefix(1)), removed: [2, 3])
    #expect(appended(two, try log([1]), term: 1) == nil)
    #expect(appended(two, try log([1]), term: 2) == .membership)
    #expect(appended(one, try log([1]), term: 1) == .membership)
    var open = try log([1])
    try open.write(entries: [entry(2, 1, .membership(two))])
    #expect(appended(one, open, term: 1) == .membership)
    #expect(
      broken { try MembershipChecker.mustFollowLog(1, believed: three, log: open) }
        == .membership)
  }

  @Test func `a learner that is promoted too early`() throws {
    var checker = MembershipChecker()
    var commits = CommitChecker()
    let learner = Member(id: 3, address: "3", rank: 0, role: .learner)
    let before = Membership(Array(three.members.prefix(2)) + [learner])
    let log = try log([1, 1, 1], members: before)
    _ = try commits.committed(through: 3, by: 1, term: 1, log: log, durable: { _ in log })
    checker.elected(1)
    for _ in 0..<20 { checker.ticked(1, lastIndex: 3) }
    func promoted(_ end: Index) -> Rule? {
      broken {
        try checker.appended(
          three, by: 1, term: 1, log: log, chosen: commits, commitIndex: 3, electionTicks: 10,
          durableEnd: { _ in end })
      }
    }
    #expect(promoted(2) == .promotion)
    #expect(promoted(3) == nil)
  }
}
