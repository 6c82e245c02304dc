// The wire between nodes, version 1: what the bytes mean.
//
// A node that has something to say opens a TCP connection to the other's port and upgrades it
// (`GET /peer`, `Upgrade: pdb-raft/1`). From then on the connection carries frames, one way:
//
//   length   4 bytes, big-endian: of all that follows, at most Limits.peerFrameBytes
//   type     1 byte
//   fields   in the notation of BinaryWriter
//
//   1 hello     version cluster from to           first frame of the connecting node
//   2 welcome   -                                 the answer; now messages may follow
//   3 refused   reason                            the answer, instead; then it is closed
//   16 requestPreVote       term lastLogIndex lastLogTerm
//   17 requestPreVoteReply  term granted
//   18 requestVote          term lastLogIndex lastLogTerm
//   19 requestVoteReply     term granted
//   20 appendEntries        term prevLogIndex prevLogTerm leaderCommit round [term kind payload]
//   21 appendEntriesReply   term round outcome: 0 index | 1 prevLogIndex hintIndex hintTerm | 2
//   22 readIndex            term id
//   23 readIndexReply       term id index
//
// The sender and the addressee of a message are those of the connection, so they are not
// repeated. Entries are numbered from prevLogIndex + 1, so their indices are not sent.

import Raft

/// One frame of the peer wire.
enum Frame: Equatable {
  case hello(Hello)
  case welcome
  case refused(String)
  case message(Message)

  static let protocolName = "pdb-raft/1"
  static let version: UInt64 = 1

  /// Who connects, and whom it expects to find.
  struct Hello: Equatable {
    let version: UInt64
    let cluster: String
    let from: NodeID
    let to: NodeID
  }

  private enum Kind: UInt8 {
    case hello = 1
    case welcome = 2
    case refused = 3
    case requestPreVote = 16
    case requestPreVoteReply = 17
    case requestVote = 18
    case requestVoteReply = 19
    case appendEntries = 20
    case appendEntriesReply = 21
    case readIndex = 22
    case readIndexReply = 23
  }
}

// MARK: Writing

extension Frame {
  /// Type and fields, without the length.
  func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: 128)
    func begin(_ kind: Kind) { writer.write(byte: kind.rawValue) }
    switch self {
    case .hello(let hello):
      begin(.hello)
      writer.write(hello.version)
      writer.write(hello.cluster)
      writer.write(hello.from)
      writer.write(hello.to)
    case .welcome:
      begin(.welcome)
    case .refused(let reason):
      begin(.refused)
      writer.write(reason)
    case .message(.requestPreVote(let message)):
      begin(.requestPreVote)
      writer.write(message)
    case .message(.requestPreVoteReply(let message)):
      begin(.requestPreVoteReply)
      writer.write(message)
    case .message(.requestVote(let message)):
      begin(.requestVote)
      writer.write(message)
    case .message(.requestVoteReply(let message)):
      begin(.requestVoteReply)
      writer.write(message)
    case .message(.appendEntries(let message)):
      begin(.appendEntries)
      writer.write(message)
    case .message(.appendEntriesReply(let message)):
      begin(.appendEntriesReply)
      writer.write(message)
    case .message(.readIndex(let message)):
      begin(.readIndex)
      writer.write(message.term)
      writer.write(message.id)
    case .message(.readIndexReply(let message)):
      begin(.readIndexReply)
      writer.write(message.term)
      writer.write(message.id)
      writer.write(message.index)
    }
    return writer.bytes
  }
}

extension BinaryWriter {
  fileprivate mutating func write(_ message: RequestVote) {
    write(message.term)
    write(message.lastLogIndex)
    write(message.lastLogTerm)
  }

  fileprivate mutating func write(_ message: RequestVoteReply) {
    write(message.term)
    write(message.voteGranted)
  }

  fileprivate mutating func write(_ message: AppendEntries) {
    write(message.term)
    write(message.prevLogIndex)
    write(message.prevLogTerm)
    write(message.leaderCommit)
    write(message.round)
    write(list: message.entries) { writer, entry in
      writer.write(entry.term)
      switch entry.payload {
      case .noop:
        writer.write(byte: 0)
      case .operation(let bytes):
        writer.write(byte: 1)
        writer.write(bytes)
      }
    }
  }

  fileprivate mutating func write(_ message: AppendEntriesReply) {
    write(message.term)
    write(message.round)
    switch message.outcome {
    case .matched(let index):
      write(byte: 0)
      write(index)
    case .mismatch(let prevLogIndex, let hintIndex, let hintTerm):
      write(byte: 1)
      write(prevLogIndex)
      write(hintIndex)
      write(hintTerm)
    case .staleTerm:
      write(byte: 2)
    }
  }
}

// MARK: Reading

extension Frame {
  /// - Throws: `BinaryReader.Malformed` for anything but exactly one frame.
  init(decoding bytes: Bytes) throws {
    var reader = BinaryReader(bytes)
    guard let kind = Kind(rawValue: try reader.readByte()) else { throw BinaryReader.Malformed() }
    switch kind {
    case .hello:
      self = .hello(
        Hello(
          version: try reader.readUInt64(), cluster: try reader.readString(),
          from: try reader.readUInt64(), to: try reader.readUInt64()))
    case .welcome: self = .welcome
    case .refused: self = .refused(try reader.readString())
    case .requestPreVote: self = .message(.requestPreVote(try RequestVote(from: &reader)))
    case .requestPreVoteReply:
      self = .message(.requestPreVoteReply(try RequestVoteReply(from: &reader)))
    case .requestVote: self = .message(.requestVote(try RequestVote(from: &reader)))
    case .requestVoteReply:
      self = .message(.requestVoteReply(try RequestVoteReply(from: &reader)))
    case .appendEntries: self = .message(.appendEntries(try AppendEntries(from: &reader)))
    case .appendEntriesReply:
      self = .message(.appendEntriesReply(try AppendEntriesReply(from: &reader)))
    case .readIndex:
      self = .message(
        .readIndex(ReadIndex(term: try reader.readCounter(), id: try reader.readUInt64())))
    case .readIndexReply:
      self = .message(
        .readIndexReply(
          ReadIndexReply(
            term: try reader.readCounter(), id: try reader.readUInt64(),
            index: try reader.readCounter())))
    }
    try reader.finish()
  }
}

extension BinaryReader {
  /// A term, an index or a round: far from where counting up would overflow.
  fileprivate mutating func readCounter() throws -> UInt64 {
    let value = try readUInt64()
    guard value < 1 << 62 else { throw Malformed() }
    return value
  }
}

extension RequestVote {
  fileprivate init(from reader: inout BinaryReader) throws {
    self.init(
      term: try reader.readCounter(), lastLogIndex: try reader.readCounter(),
      lastLogTerm: try reader.readCounter())
  }
}

extension RequestVoteReply {
  fileprivate init(from reader: inout BinaryReader) throws {
    self.init(term: try reader.readCounter(), voteGranted: try reader.readBool())
  }
}

extension AppendEntries {
  fileprivate init(from reader: inout BinaryReader) throws {
    let term = try reader.readCounter()
    let prevLogIndex = try reader.readCounter()
    let prevLogTerm = try reader.readCounter()
    let leaderCommit = try reader.readCounter()
    let round = try reader.readCounter()
    // What the node may rely on: indices do not overflow, terms do not decrease along the
    // log and do not exceed the sender's.
    guard prevLogTerm <= term else { throw BinaryReader.Malformed() }
    var last = (index: prevLogIndex, term: prevLogTerm)
    let entries = try reader.readList { reader in
      let entryTerm = try reader.readCounter()
      guard entryTerm >= last.term, entryTerm <= term else { throw BinaryReader.Malformed() }
      last = (last.index + 1, entryTerm)
      let payload: Entry.Payload =
        switch try reader.readByte() {
        case 0: .noop
        case 1: .operation(try reader.readBytes())
        default: throw BinaryReader.Malformed()
        }
      return Entry(index: last.index, term: entryTerm, payload: payload)
    }
    self.init(
      term: term, prevLogIndex: prevLogIndex, prevLogTerm: prevLogTerm, entries: entries,
      leaderCommit: leaderCommit, round: round)
  }
}

extension AppendEntriesReply {
  fileprivate init(from reader: inout BinaryReader) throws {
    let term = try reader.readCounter()
    let round = try reader.readCounter()
    let outcome: Outcome =
      switch try reader.readByte() {
      case 0: .matched(try reader.readCounter())
      case 1:
        .mismatch(
          prevLogIndex: try reader.readCounter(), hintIndex: try reader.readCounter(),
          hintTerm: try reader.readCounter())
      case 2: .staleTerm
      default: throw BinaryReader.Malformed()
      }
    self.init(term: term, outcome: outcome, round: round)
  }
}
