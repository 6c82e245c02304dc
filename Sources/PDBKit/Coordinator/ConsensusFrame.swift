// What a node reports to those who watch its cluster agree: itself at one moment, and what it has sent since
// the one before. Real nodes and simulated ones report the same.

package import PDBModel
package import Raft

/// A node at one moment, and its messages since the last one.
package struct ConsensusFrame: Sendable {
  package let time: Timestamp
  package let address: String
  package let observation: Observation
  package let messages: [SentMessages]

  package init(
    time: Timestamp, address: String, observation: Observation, messages: [SentMessages]
  ) {
    self.time = time
    self.address = address
    self.observation = observation
    self.messages = messages
  }

  /// How many of the last entries are shown.
  package static let entries = 12
}

/// What a node has sent to one peer of one kind, and how often: a picture needs no more.
package struct SentMessages: Sendable {
  package let receiver: NodeID
  package let kind: MessageKind
  package var count = 0
  /// Entries that were in them.
  package var entries = 0
  /// The term and, where it has one, the index of the last of them.
  package var term: Term = 0
  package var index: Index = 0
}

/// A message as a picture tells it from others.
package enum MessageKind: String, Sendable {
  case requestPreVote = "request_pre_vote"
  case preVote = "pre_vote"
  case preVoteRefused = "pre_vote_refused"
  case requestVote = "request_vote"
  case vote
  case voteRefused = "vote_refused"
  case heartbeat
  case append
  case matched
  case mismatch
  case staleTerm = "stale_term"
  case readIndex = "read_index"
  case readIndexReply = "read_index_reply"
  case snapshot
  case timeoutNow = "timeout_now"
  case confirmations

  fileprivate init(_ message: Message) {
    switch message {
    case .requestPreVote: self = .requestPreVote
    case .requestPreVoteReply(let reply): self = reply.voteGranted ? .preVote : .preVoteRefused
    case .requestVote: self = .requestVote
    case .requestVoteReply(let reply): self = reply.voteGranted ? .vote : .voteRefused
    case .appendEntries(let message): self = message.entries.isEmpty ? .heartbeat : .append
    case .appendEntriesReply(let reply):
      switch reply.outcome {
      case .matched: self = .matched
      case .mismatch: self = .mismatch
      case .staleTerm: self = .staleTerm
      }
    case .readIndex: self = .readIndex
    case .readIndexReply: self = .readIndexReply
    case .installSnapshot: self = .snapshot
    case .timeoutNow: self = .timeoutNow
    case .confirmations: self = .confirmations
    }
  }
}

/// Counts messages.
package struct MessageTally: Sendable {
  private struct Key: Hashable {
    let receiver: NodeID
    let kind: MessageKind
  }

  private var counts: [Key: SentMessages] = [:]

  package init() {}

  package mutating func note(_ envelope: Envelope) {
    let kind = MessageKind(envelope.message)
    let key = Key(receiver: envelope.to, kind: kind)
    counts[key, default: SentMessages(receiver: envelope.to, kind: kind)].add(envelope.message)
  }

  /// What was counted since the last time, in order.
  package mutating func take() -> [SentMessages] {
    defer { counts.removeAll(keepingCapacity: true) }
    return counts.values.sorted {
      ($0.receiver, $0.kind.rawValue) < ($1.receiver, $1.kind.rawValue)
    }
  }
}

extension SentMessages {
  fileprivate mutating func add(_ message: Message) {
    count += 1
    term = message.term
    switch message {
    case .appendEntries(let message):
      entries += message.entries.count
      index = message.entries.last?.index ?? message.prevLogIndex
    case .appendEntriesReply(let reply):
      if case .matched(let index) = reply.outcome { self.index = index }
    case .requestVote(let request), .requestPreVote(let request): index = request.lastLogIndex
    case .installSnapshot(let message): index = message.mark.index
    default: break
    }
  }

  fileprivate var json: JSON {
    var members: [JSON.Member] = [
      .init("to", .string(receiver.text)), .init("kind", .string(kind.rawValue)),
      .init("count", JSON(count)), .init("term", JSON(term)),
    ]
    if index > 0 { members.append(.init("index", JSON(index))) }
    if entries > 0 { members.append(.init("entries", JSON(entries))) }
    return .object(members)
  }
}

extension ConsensusFrame {
  /// Times in milliseconds.
  package var json: JSON {
    let (node, status) = (observation, observation.status)
    let votes = node.votes.sorted { $0.key < $1.key }.map {
      JSON.Member($0.key.text, .bool($0.value))
    }
    return [
      "time": JSON(time.milliseconds), "node": .string(status.id.text),
      "address": .string(address), "role": .string(status.role.rawValue),
      "term": JSON(status.term), "vote": node.vote.map { .string($0.text) } ?? .null,
      "votes": .object(votes), "leader": status.leader.map { .string($0.text) } ?? .null,
      "silence": JSON(node.ticksSinceContact * Tick.milliseconds),
      "timeout": JSON(node.electionDeadline * Tick.milliseconds),
      "committed": JSON(status.commitIndex), "applied": JSON(status.appliedIndex),
      "durable": JSON(node.durableIndex), "last": JSON(status.lastIndex),
      "terms": .array(node.lastTerms.map { JSON($0) }),
      "messages": .array(messages.map(\.json)),
    ]
  }
}
