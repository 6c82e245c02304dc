// The decisions that keep Raft's promises, each by itself: the rule book of the node.
//
// Everywhere else in this module is how a node goes about its work; here is what it must not get
// wrong. The defaults are the paper's, and production knows no others. The simulator breaks them, one
// at a time, to prove that it would notice (Tests/Simulation/PlantedBug.swift).

/// What a node asks before it does something that safety or progress depends on.
///
/// A rule decides from its arguments alone.
public protocol Rules: Sendable {
  // MARK: Durability

  /// Whether a message may leave now: term and vote must be durable first (Raft §5.2: "servers
  /// persist before responding").
  func maySend(whenDurable isDurable: Bool) -> Bool

  /// What is written of a changed term and vote: all of it (Raft, Figure 2: "persistent state").
  func stored(_ state: HardState) -> HardState

  /// How far the log is durable after the entries from `first` on were replaced: confirmations that
  /// are still to come are about those that are gone.
  func durableIndex(_ durableIndex: Index, afterReplacing first: Index) -> Index

  /// The last entry that may be applied: committed, and durable here; otherwise a crash could leave
  /// a state that is ahead of its log.
  func lastApplicable(commitIndex: Index, durableIndex: Index) -> Index

  /// What a leader counts as its own copy: what is durable, as with any other voter.
  func ownMatchIndex(durableIndex: Index, lastIndex: Index) -> Index

  // MARK: Elections

  /// Whether a voter may vote for a candidate: once in a term (Raft §5.2).
  func mayVote(for candidate: NodeID, having vote: NodeID?) -> Bool

  /// Whether a candidate's log may lead: it must be at least as up to date as the voter's (Raft
  /// §5.4.1).
  func mayLead(isUpToDate: Bool) -> Bool

  /// The node that a granted vote counts for; `nil`: none. A voter counts once, however often its
  /// message arrives.
  func votes(counting voter: NodeID, among voters: [NodeID], having votes: [NodeID: Bool])
    -> NodeID?

  /// Whether a candidate may count itself: like any vote, once it is durable.
  func countsOwnVote(whenDurable isDurable: Bool) -> Bool

  /// The term of a node that granted a pre-vote: its own, unchanged (Thesis §9.6).
  func term(_ term: Term, afterPreVoteFor asked: Term) -> Term

  /// Whether a leader goes on: only while it hears a quorum (Thesis §6.2).
  func staysLeader(hearingQuorum isQuorum: Bool) -> Bool

  // MARK: Replication

  /// Whether a message of a leader is out of date (Raft, Figure 2, AppendEntries 1).
  func isStale(_ term: Term, at current: Term) -> Bool

  /// From where an AppendEntries without a conflict cuts the log: not at all, for an old message
  /// must not shorten it (Raft, Figure 2, AppendEntries 3).
  func cut(after validated: Index, lastIndex: Index, commitIndex: Index) -> Index?

  /// How far a follower may believe the leader's commit index: through what the message validated
  /// (Raft, Figure 2, AppendEntries 5).
  func lastCommittable(validated: Index, lastIndex: Index) -> Index

  /// What a follower acknowledges of an AppendEntries: what the message proved to match, and not
  /// before that is durable.
  func acknowledgement(
    validated: Index, durableIndex: Index, isHeartbeat: Bool
  ) -> Acknowledgement

  /// Whether a leader may commit by counting: only entries of its own term; older ones commit with
  /// them (Raft §5.4.2, Figure 8).
  func mayCommit(_ term: Term?, at current: Term) -> Bool

  /// Whether a proposal may join those that wait for a quorum.
  func hasRoom(for bytes: Int, beside waiting: Int, limit: Int) -> Bool

  // MARK: Reads

  /// Whether a leader knows what is committed: once an entry of its own term is (Raft §8).
  func mayRead(commitTerm: Term?, at current: Term) -> Bool

  /// Whether a round of reads is confirmed: a quorum has answered this one, or a later one (Thesis
  /// §6.4).
  func isConfirmed(_ confirmed: UInt64, round: UInt64) -> Bool

  /// The newest round that a peer has confirmed: the one that its reply carries.
  func confirmedRound(_ known: UInt64, replying round: UInt64, newest: UInt64) -> UInt64

  /// Whether reads that wait are looked at again when a change of members made the quorum smaller:
  /// the peers that could have confirmed them may be gone.
  var confirmsReadsAfterChange: Bool { get }

  // MARK: Snapshots

  /// How far the log may be compacted: not beyond what the durable state stands for (Raft §7).
  func lastCompactable(excess: Index, durableState: Index) -> Index

  /// Whether a durable state is asked for: only if the log can be compacted then.
  func wantsDurableState(compactable: Index, mark: Index) -> Bool

  /// Whether a log that is too long is compacted up to the durable state that is known, before another
  /// one is asked for.
  var remembersDurableState: Bool { get }

  /// Whether a received state is older than what is here: it never overwrites a newer one.
  func isOld(_ snapshot: Index, commitIndex: Index) -> Bool

  /// Whether the log holds what the received state stands for: the entry with its index *and* term
  /// (Raft, Figure 13, step 6).
  func holds(_ snapshot: Term, having term: Term?) -> Bool

  /// The members after a received state: those that it names (Raft, Figure 13, step 8).
  func members(of snapshot: Membership, having known: Membership) -> Membership

  /// Whether a state that could not be sent is tried again.
  var retriesSnapshots: Bool { get }

  // MARK: Membership

  /// The members that count for quorums: voters, not learners (Thesis §4.2.1).
  func electorate(_ membership: Membership) -> Membership

  /// Whether a node may ask this one for votes, or send it entries: unless it was removed. One that
  /// is not known may have been added by entries that this node lacks (Thesis §4.1).
  func mayAsk(isRemoved: Bool) -> Bool

  /// Whether the answer of a node counts: if it is a member.
  func mayReply(isMember: Bool) -> Bool

  /// Whether another change may begin: the last one must be committed, and so must an entry of the
  /// leader's own term (Thesis §4.1; Ongaro's erratum on raft-dev, "bug in single-server membership
  /// changes", 2015).
  func mayChange(isLastCommitted: Bool, isOwnTermCommitted: Bool) -> Bool

  /// Whether a learner may become a voter (Thesis §4.2.1).
  func mayPromote(whenCaughtUp hasCaughtUp: Bool) -> Bool

  /// Whether a leader that is no voter any more, by a committed change, steps down (Thesis §4.2.2).
  var removedLeaderStepsDown: Bool { get }

  /// Whether a voter whose removal is not committed yet may stand: perhaps no other log is long
  /// enough (Thesis §4.2.2).
  var removedMayStand: Bool { get }

  /// The members that are certain: those before a change that may not be committed.
  ///
  /// - Parameters:
  ///   - newest: the members as of the last entry.
  ///   - isCommitted: whether those are known to be committed.
  ///   - previous: the members before the last change. A leader appends a change only when the one
  ///     before it is committed, so these are, whatever the commit index says after a restart.
  ///   - known: the members as of the commit index.
  func settled(
    newest: Membership, isCommitted: Bool, previous: Membership, known: Membership
  ) -> Membership

  /// Whether a change of members goes with the entry that made it (Raft §6: a server falls back to
  /// the previous configuration).
  var truncationUndoesChange: Bool { get }

  /// Whether a transfer of leadership goes on: it is given up when its time is over or its target
  /// is gone (Thesis §3.10).
  func goesOnTransferring(ticks: Int, limit: Int, isTargetVoter: Bool) -> Bool

  // MARK: Peers that forget or lie

  /// Whether a message's term can be: it is not far beyond the node's own, or the node is new.
  func mayJump(from term: Term, to newTerm: Term, isNew: Bool) -> Bool

  /// Whether a node that came back from its files may vote and count: enough peers have seen them.
  func mayTakePart(vouchedBy count: Int, needed: Int) -> Bool

  /// Whether a member has lost something that it confirmed.
  ///
  /// - Parameters:
  ///   - reach: how far it has come.
  ///   - confirmed: what it is known to have confirmed; `nil` if nothing is.
  func isRolledBack(_ reach: Reach, confirmed: Reach?) -> Bool

  /// What is written of the members' confirmations: all of it. Who learns of them later than the last
  /// leader could not tell.
  func stored(_ confirmed: [NodeID: Reach]) -> [NodeID: Reach]
}

/// What a follower answers to entries.
public enum Acknowledgement: Equatable, Sendable {
  /// It holds everything up to this index, durably.
  case now(Index)
  /// It will, once the batch of this step is durable.
  case whenDurable(Index)
}

/// The rules as the paper and the dissertation have them.
public struct PaperRules: Rules {
  /// The rules; they have no state.
  public init() {}
}

extension Rules {
  // MARK: Durability

  /// Only once term and vote are durable.
  public func maySend(whenDurable isDurable: Bool) -> Bool { isDurable }

  /// All of it.
  public func stored(_ state: HardState) -> HardState { state }

  /// At most the entry before the replaced ones.
  public func durableIndex(_ durableIndex: Index, afterReplacing first: Index) -> Index {
    min(durableIndex, first - 1)
  }

  /// The lower of the two.
  public func lastApplicable(commitIndex: Index, durableIndex: Index) -> Index {
    min(commitIndex, durableIndex)
  }

  /// What is durable.
  public func ownMatchIndex(durableIndex: Index, lastIndex: Index) -> Index { durableIndex }

  // MARK: Elections

  /// If the voter has not voted, or has voted for this candidate.
  public func mayVote(for candidate: NodeID, having vote: NodeID?) -> Bool {
    vote == nil || vote == candidate
  }

  /// If it is up to date.
  public func mayLead(isUpToDate: Bool) -> Bool { isUpToDate }

  /// The voter itself, unless it was counted before.
  public func votes(
    counting voter: NodeID, among voters: [NodeID], having votes: [NodeID: Bool]
  ) -> NodeID? {
    votes[voter] == nil ? voter : nil
  }

  /// Only once it is durable.
  public func countsOwnVote(whenDurable isDurable: Bool) -> Bool { isDurable }

  /// The node's own term.
  public func term(_ term: Term, afterPreVoteFor asked: Term) -> Term { term }

  /// Only while it hears a quorum.
  public func staysLeader(hearingQuorum isQuorum: Bool) -> Bool { isQuorum }

  // MARK: Replication

  /// If it is of an earlier term.
  public func isStale(_ term: Term, at current: Term) -> Bool { term < current }

  /// Never.
  public func cut(after validated: Index, lastIndex: Index, commitIndex: Index) -> Index? { nil }

  /// Through the last validated entry.
  public func lastCommittable(validated: Index, lastIndex: Index) -> Index { validated }

  /// The validated entries: now if they are durable, else when they are.
  public func acknowledgement(
    validated: Index, durableIndex: Index, isHeartbeat: Bool
  ) -> Acknowledgement {
    // A heartbeat is answered at once, and claims only what is durable.
    isHeartbeat || validated <= durableIndex
      ? .now(min(validated, durableIndex)) : .whenDurable(validated)
  }

  /// Only an entry of the current term.
  public func mayCommit(_ term: Term?, at current: Term) -> Bool { term == current }

  /// If all together stay within the limit.
  public func hasRoom(for bytes: Int, beside waiting: Int, limit: Int) -> Bool {
    // The first operation is always taken, however large: a limit on what waits, not on size.
    waiting == 0 || waiting + bytes <= limit
  }

  // MARK: Reads

  /// Only once an entry of the current term is committed.
  public func mayRead(commitTerm: Term?, at current: Term) -> Bool { commitTerm == current }

  /// If this round or a later one is confirmed.
  public func isConfirmed(_ confirmed: UInt64, round: UInt64) -> Bool { confirmed >= round }

  /// The later one of those that are known and answered.
  public func confirmedRound(
    _ known: UInt64, replying round: UInt64, newest: UInt64
  ) -> UInt64 {
    max(known, round)
  }

  /// `true`.
  public var confirmsReadsAfterChange: Bool { true }

  // MARK: Snapshots

  /// The lower of the two.
  public func lastCompactable(excess: Index, durableState: Index) -> Index {
    min(excess, durableState)
  }

  /// If the log could be compacted beyond its mark.
  public func wantsDurableState(compactable: Index, mark: Index) -> Bool { compactable > mark }

  /// `true`.
  public var remembersDurableState: Bool { true }

  /// If all of it is committed here.
  public func isOld(_ snapshot: Index, commitIndex: Index) -> Bool { snapshot <= commitIndex }

  /// If the terms are equal.
  public func holds(_ snapshot: Term, having term: Term?) -> Bool { term == snapshot }

  /// The members that the received state names.
  public func members(of snapshot: Membership, having known: Membership) -> Membership { snapshot }

  /// `true`.
  public var retriesSnapshots: Bool { true }

  // MARK: Membership

  /// The members as they are.
  public func electorate(_ membership: Membership) -> Membership { membership }

  /// If it was not removed.
  public func mayAsk(isRemoved: Bool) -> Bool { !isRemoved }

  /// If it is a member.
  public func mayReply(isMember: Bool) -> Bool { isMember }

  /// If both are committed.
  public func mayChange(isLastCommitted: Bool, isOwnTermCommitted: Bool) -> Bool {
    isLastCommitted && isOwnTermCommitted
  }

  /// If it has caught up.
  public func mayPromote(whenCaughtUp hasCaughtUp: Bool) -> Bool { hasCaughtUp }

  /// `true`.
  public var removedLeaderStepsDown: Bool { true }

  /// `true`.
  public var removedMayStand: Bool { true }

  /// The newest members if they are committed, else those before them.
  public func settled(
    newest: Membership, isCommitted: Bool, previous: Membership, known: Membership
  ) -> Membership {
    isCommitted ? newest : previous
  }

  /// `true`.
  public var truncationUndoesChange: Bool { true }

  /// While there is time left and the target is a voter.
  public func goesOnTransferring(ticks: Int, limit: Int, isTargetVoter: Bool) -> Bool {
    ticks < limit && isTargetVoter
  }

  // MARK: Peers that forget or lie

  /// At most 2^20 terms ahead: a million elections that came to nothing.
  public func mayJump(from term: Term, to newTerm: Term, isNew: Bool) -> Bool {
    isNew || newTerm <= term || newTerm - term <= 1 << 20
  }

  /// Once there are as many as are needed.
  public func mayTakePart(vouchedBy count: Int, needed: Int) -> Bool { count >= needed }

  /// If that is less than it confirmed.
  public func isRolledBack(_ reach: Reach, confirmed: Reach?) -> Bool {
    confirmed.map { reach < $0 } ?? false
  }

  /// All of it.
  public func stored(_ confirmed: [NodeID: Reach]) -> [NodeID: Reach] { confirmed }
}
