// What nodes say to each other: the messages of the Raft paper, one struct each.

/// A message with its sender and its addressee.
public struct Envelope: Equatable, Sendable {
  /// The sender.
  public let from: NodeID
  /// The addressee.
  public let to: NodeID
  /// What the sender says.
  public let message: Message

  /// A message from one node to another.
  public init(from: NodeID, to: NodeID, message: Message) {
    self.from = from
    self.to = to
    self.message = message
  }
}

/// The messages of Raft, Figures 2 and 13, with pre-vote (Thesis §9.6), read index (Thesis
/// §6.4) and leadership transfer (Thesis §3.10).
public enum Message: Equatable, Sendable {
  /// Asks whether an election would be won (Thesis §9.6).
  case requestPreVote(RequestVote)
  /// The answer to ``requestPreVote(_:)``.
  case requestPreVoteReply(RequestVoteReply)
  /// Asks for a vote (Raft §5.2).
  case requestVote(RequestVote)
  /// The answer to ``requestVote(_:)``.
  case requestVoteReply(RequestVoteReply)
  /// Replicates entries, or is a heartbeat (Raft §5.3).
  case appendEntries(AppendEntries)
  /// The answer to ``appendEntries(_:)`` and to ``installSnapshot(_:)``.
  case appendEntriesReply(AppendEntriesReply)
  /// Asks the leader for a read index (Thesis §6.4).
  case readIndex(ReadIndex)
  /// The answer to ``readIndex(_:)``.
  case readIndexReply(ReadIndexReply)
  /// Replaces log and state of a follower (Raft §7, Figure 13).
  case installSnapshot(InstallSnapshot)
  /// Hands leadership over (Thesis §3.10).
  case timeoutNow(TimeoutNow)
  /// Tells how far each member has confirmed its log.
  case confirmations(Confirmations)
}

/// A candidate asks for a vote; in a pre-vote, whether it would get one (Raft §5.2, §5.4.1).
public struct RequestVote: Equatable, Sendable {
  /// The candidate's term; in a pre-vote, the term it would start.
  public let term: Term
  /// The index of the last entry in the candidate's log (Raft §5.4.1).
  public let lastLogIndex: Index
  /// The term of that entry.
  public let lastLogTerm: Term
  /// The leader itself asked for this election, so the voter need not protect it (Thesis
  /// §4.2.3).
  public let isTransfer: Bool

  /// A request for a vote, or for a pre-vote.
  public init(term: Term, lastLogIndex: Index, lastLogTerm: Term, isTransfer: Bool = false) {
    self.term = term
    self.lastLogIndex = lastLogIndex
    self.lastLogTerm = lastLogTerm
    self.isTransfer = isTransfer
  }
}

/// The answer to ``RequestVote``.
public struct RequestVoteReply: Equatable, Sendable {
  /// When granted, the term that was asked for; when refused, the voter's own.
  public let term: Term
  /// Whether the candidate has the vote.
  public let voteGranted: Bool

  /// The answer of a voter.
  public init(term: Term, voteGranted: Bool) {
    self.term = term
    self.voteGranted = voteGranted
  }
}

/// The leader replicates entries; without entries this is the heartbeat (Raft §5.3).
public struct AppendEntries: Equatable, Sendable {
  /// The leader's term.
  public let term: Term
  /// The index of the entry that comes directly before ``entries``.
  public let prevLogIndex: Index
  /// The term of that entry.
  public let prevLogTerm: Term
  /// The entries to store, in the order of their indices; empty in a heartbeat.
  public let entries: [Entry]
  /// The leader's commit index.
  public let leaderCommit: Index
  /// The leader's newest read round; the reply echoes it (Thesis §6.4).
  public let round: UInt64

  /// The message of Raft, Figure 2, with a read round.
  public init(
    term: Term, prevLogIndex: Index, prevLogTerm: Term, entries: [Entry],
    leaderCommit: Index, round: UInt64
  ) {
    self.term = term
    self.prevLogIndex = prevLogIndex
    self.prevLogTerm = prevLogTerm
    self.entries = entries
    self.leaderCommit = leaderCommit
    self.round = round
  }
}

/// The answer to ``AppendEntries``.
public struct AppendEntriesReply: Equatable, Sendable {
  /// What the follower found.
  public enum Outcome: Equatable, Sendable {
    /// The follower durably holds the leader's log up to this index.
    case matched(Index)
    /// The follower's log has no entry of `prevLogTerm` at `prevLogIndex`. The hint is the
    /// last of its entries that could still match: nothing above it can (Raft §5.3, the
    /// optimisation at the end).
    case mismatch(prevLogIndex: Index, hintIndex: Index, hintTerm: Term)
    /// The sender is not the leader of the follower's term.
    case staleTerm
  }

  /// The follower's term.
  public let term: Term
  /// Whether the follower's log matches the leader's.
  public let outcome: Outcome
  /// The read round of the message that is answered.
  public let round: UInt64

  /// The answer of a follower.
  public init(term: Term, outcome: Outcome, round: UInt64) {
    self.term = term
    self.outcome = outcome
    self.round = round
  }
}

/// A follower asks its leader for an index that is safe to read at (Thesis §6.4).
public struct ReadIndex: Equatable, Sendable {
  /// The follower's term.
  public let term: Term
  /// Names the read at the follower.
  public let id: UInt64

  /// A question for a read index.
  public init(term: Term, id: UInt64) {
    self.term = term
    self.id = id
  }
}

/// The answer to ``ReadIndex``.
public struct ReadIndexReply: Equatable, Sendable {
  /// The leader's term.
  public let term: Term
  /// The id of the ``ReadIndex`` that is answered.
  public let id: UInt64
  /// The read may be served by a state that has applied this index.
  public let index: Index

  /// The answer of a leader.
  public init(term: Term, id: UInt64, index: Index) {
    self.term = term
    self.id = id
    self.index = index
  }
}

/// The leader replaces a follower's log and state (Raft §7, Figure 13).
///
/// The state itself travels beside the messages, in chunks. A node is given this message only
/// when the whole state is at hand, durable and verified. Answered like ``AppendEntries``.
public struct InstallSnapshot: Equatable, Sendable {
  /// The leader's term.
  public let term: Term
  /// What the state stands for.
  public let mark: SnapshotMark

  /// The message of a leader whose state stands for `mark`.
  public init(term: Term, mark: SnapshotMark) {
    self.term = term
    self.mark = mark
  }
}

/// The leader hands over: the addressee shall stand for election at once (Thesis §3.10).
public struct TimeoutNow: Equatable, Sendable {
  /// The term of the leader that hands over.
  public let term: Term

  /// The message of a leader of `term`.
  public init(term: Term) { self.term = term }
}

/// How far the members have confirmed their logs, as the leader knows it. Not answered: what is lost is
/// told again with the next news.
public struct Confirmations: Equatable, Sendable {
  /// The leader's term.
  public let term: Term
  /// What each member is known to have confirmed.
  public let confirmed: [NodeID: Reach]

  /// What the leader of `term` knows.
  public init(term: Term, confirmed: [NodeID: Reach]) {
    self.term = term
    self.confirmed = confirmed
  }
}

extension Message {
  /// The term the message was sent in. For a pre-vote it is the term that *would* begin, so
  /// it must never be taken for a term that exists.
  public var term: Term {
    switch self {
    case .requestPreVote(let message), .requestVote(let message): message.term
    case .requestPreVoteReply(let message), .requestVoteReply(let message): message.term
    case .appendEntries(let message): message.term
    case .appendEntriesReply(let message): message.term
    case .readIndex(let message): message.term
    case .readIndexReply(let message): message.term
    case .installSnapshot(let message): message.term
    case .timeoutNow(let message): message.term
    case .confirmations(let message): message.term
    }
  }
}
