// What nodes say to each other: the messages of the Raft paper, one struct each.

/// A message with its sender and its addressee.
public struct Envelope: Equatable, Sendable {
  public let from: NodeID
  public let to: NodeID
  public let message: Message

  public init(from: NodeID, to: NodeID, message: Message) {
    self.from = from
    self.to = to
    self.message = message
  }
}

/// The messages of Raft, Figures 2 and 13, with pre-vote (Thesis §9.6), read index (Thesis
/// §6.4) and leadership transfer (Thesis §3.10).
public enum Message: Equatable, Sendable {
  case requestPreVote(RequestVote)
  case requestPreVoteReply(RequestVoteReply)
  case requestVote(RequestVote)
  case requestVoteReply(RequestVoteReply)
  case appendEntries(AppendEntries)
  case appendEntriesReply(AppendEntriesReply)
  case readIndex(ReadIndex)
  case readIndexReply(ReadIndexReply)
  case installSnapshot(InstallSnapshot)
  case timeoutNow(TimeoutNow)
}

/// A candidate asks for a vote; in a pre-vote, whether it would get one (Raft §5.2, §5.4.1).
public struct RequestVote: Equatable, Sendable {
  /// The candidate's term; in a pre-vote, the term it would start.
  public let term: Term
  public let lastLogIndex: Index
  public let lastLogTerm: Term
  /// The leader itself asked for this election, so the voter need not protect it (Thesis
  /// §4.2.3).
  public let isTransfer: Bool

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
  public let voteGranted: Bool

  public init(term: Term, voteGranted: Bool) {
    self.term = term
    self.voteGranted = voteGranted
  }
}

/// The leader replicates entries; without entries this is the heartbeat (Raft §5.3).
public struct AppendEntries: Equatable, Sendable {
  public let term: Term
  public let prevLogIndex: Index
  public let prevLogTerm: Term
  public let entries: [Entry]
  public let leaderCommit: Index
  /// The leader's newest read round; the reply echoes it (Thesis §6.4).
  public let round: UInt64

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

  public let term: Term
  public let outcome: Outcome
  public let round: UInt64

  public init(term: Term, outcome: Outcome, round: UInt64) {
    self.term = term
    self.outcome = outcome
    self.round = round
  }
}

/// A follower asks its leader for an index that is safe to read at (Thesis §6.4).
public struct ReadIndex: Equatable, Sendable {
  public let term: Term
  /// Names the read at the follower.
  public let id: UInt64

  public init(term: Term, id: UInt64) {
    self.term = term
    self.id = id
  }
}

/// The answer to ``ReadIndex``.
public struct ReadIndexReply: Equatable, Sendable {
  public let term: Term
  public let id: UInt64
  /// The read may be served by a state that has applied this index.
  public let index: Index

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
  public let term: Term
  /// What the state stands for.
  public let mark: SnapshotMark

  public init(term: Term, mark: SnapshotMark) {
    self.term = term
    self.mark = mark
  }
}

/// The leader hands over: the addressee shall stand for election at once (Thesis §3.10).
public struct TimeoutNow: Equatable, Sendable {
  public let term: Term

  public init(term: Term) { self.term = term }
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
    }
  }
}
