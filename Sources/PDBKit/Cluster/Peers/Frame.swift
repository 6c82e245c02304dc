// The wire between nodes, version 1: what the bytes mean.
//
// A node that has something to say opens a TCP connection to the other's port and upgrades it
// (`GET /peer`, `Upgrade: pdb-raft/1`). From then on the connection carries frames, one way:
//
//   length   4 bytes, big-endian: of all that follows, at most Limits.peerFrameBytes
//   type     1 byte
//   fields   in the notation of BinaryWriter
//
//   1 hello      version cluster from to incarnation purpose nonce     the connecting node
//   2 challenge  nonce incarnation proof                               the accepting node
//   3 proof      proof                                                 the connecting node
//   4 welcome    -                                                     now the purpose begins
//   5 refused    code                         instead of 2 or 4; then the connection is closed
//   16 requestPreVote       term lastLogIndex lastLogTerm isTransfer
//   17 requestPreVoteReply  term granted
//   18 requestVote          term lastLogIndex lastLogTerm isTransfer
//   19 requestVoteReply     term granted
//   20 appendEntries        term prevLogIndex prevLogTerm leaderCommit round [term kind payload]
//   21 appendEntriesReply   term round outcome: 0 index | 1 prevLogIndex hintIndex hintTerm | 2
//   22 readIndex            term id
//   23 readIndexReply       term id index
//   24 timeoutNow           term
//   32 stateHash            index hash                         for comparison between nodes
//   48 snapshotBegin        term mark                          purpose 1: a whole state
//   49 snapshotPart         isEndOfPiece bytes
//   50 snapshotEnd          -
//   51 snapshotReceived     -                                  the answer when all of it is safe
//
// Handshake.swift says what a proof is. Purpose 0 is messages: they go from the connecting to
// the accepting node; back only while the accepting node does not know how to reach the other.
// Purpose 1 is one state (StateSnapshot.swift specifies the pieces).
//
// The sender and the addressee of a message are those of the connection, so they are not
// repeated. Entries are numbered from prevLogIndex + 1, so their indices are not sent.

package import PDBCoordinator
package import PDBModel
import PDBStorage
package import Raft

/// One frame of the peer wire.
package enum Frame: Equatable {
  case hello(Hello)
  case challenge(Challenge)
  case proof(Bytes)
  case welcome
  case refused(String)
  case message(Message)
  case stateHash(StateHash)
  case snapshotBegin(SnapshotHead)
  case snapshotPart(isEndOfPiece: Bool, Bytes)
  case snapshotEnd
  case snapshotReceived

  package static let protocolName = "pdb-raft/1"
  static let version: UInt64 = 1

  /// Who connects, and whom it expects to find.
  package struct Hello: Equatable {
    let version: UInt64
    let cluster: String
    let from: NodeID
    let to: NodeID
    /// The data directory of the connecting node.
    let incarnation: UInt64
    let purpose: Purpose
    let nonce: Bytes
  }

  /// What a connection is for.
  enum Purpose: UInt8 {
    case messages = 0
    case snapshot = 1
  }

  /// The accepting node proves itself and asks for proof.
  package struct Challenge: Equatable {
    let nonce: Bytes
    let incarnation: UInt64
    let proof: Bytes
  }

  /// What a state that follows stands for.
  package struct SnapshotHead: Equatable {
    let term: Term
    let mark: StateMark
  }

  private enum Kind: UInt8 {
    case hello = 1
    case challenge = 2
    case proof = 3
    case welcome = 4
    case refused = 5
    case requestPreVote = 16
    case requestPreVoteReply = 17
    case requestVote = 18
    case requestVoteReply = 19
    case appendEntries = 20
    case appendEntriesReply = 21
    case readIndex = 22
    case readIndexReply = 23
    case timeoutNow = 24
    case stateHash = 32
    case snapshotBegin = 48
    case snapshotPart = 49
    case snapshotEnd = 50
    case snapshotReceived = 51
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
      writer.write(hello.incarnation)
      writer.write(byte: hello.purpose.rawValue)
      writer.write(hello.nonce)
    case .challenge(let challenge):
      begin(.challenge)
      writer.write(challenge.nonce)
      writer.write(challenge.incarnation)
      writer.write(challenge.proof)
    case .proof(let proof):
      begin(.proof)
      writer.write(proof)
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
    case .message(.timeoutNow(let message)):
      begin(.timeoutNow)
      writer.write(message.term)
    case .message(.installSnapshot):
      preconditionFailure("a snapshot goes with its state, not alone")
    case .stateHash(let state):
      begin(.stateHash)
      writer.write(state.index)
      writer.write(state.hash)
    case .snapshotBegin(let head):
      begin(.snapshotBegin)
      writer.write(head.term)
      writer.write(head.mark)
    case .snapshotPart(let isEndOfPiece, let bytes):
      begin(.snapshotPart)
      writer.write(isEndOfPiece)
      writer.write(bytes)
    case .snapshotEnd:
      begin(.snapshotEnd)
    case .snapshotReceived:
      begin(.snapshotReceived)
    }
    return writer.bytes
  }
}

extension BinaryWriter {
  fileprivate mutating func write(_ message: RequestVote) {
    write(message.term)
    write(message.lastLogIndex)
    write(message.lastLogTerm)
    write(message.isTransfer)
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
      case .membership(let membership):
        writer.write(byte: 2)
        writer.write(membership)
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
          from: try reader.readUInt64(), to: try reader.readUInt64(),
          incarnation: try reader.readUInt64(), purpose: try Purpose(from: &reader),
          nonce: try reader.readBytes()))
    case .challenge:
      self = .challenge(
        Challenge(
          nonce: try reader.readBytes(), incarnation: try reader.readUInt64(),
          proof: try reader.readBytes()))
    case .proof: self = .proof(try reader.readBytes())
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
    case .timeoutNow:
      self = .message(.timeoutNow(TimeoutNow(term: try reader.readCounter())))
    case .stateHash:
      self = .stateHash(
        StateHash(index: try reader.readCounter(), hash: try reader.readUInt64()))
    case .snapshotBegin:
      self = .snapshotBegin(
        SnapshotHead(term: try reader.readCounter(), mark: try reader.readStateMark()))
    case .snapshotPart:
      self = .snapshotPart(isEndOfPiece: try reader.readBool(), try reader.readBytes())
    case .snapshotEnd: self = .snapshotEnd
    case .snapshotReceived: self = .snapshotReceived
    }
    try reader.finish()
  }
}

extension Frame.Purpose {
  fileprivate init(from reader: inout BinaryReader) throws {
    guard let purpose = Self(rawValue: try reader.readByte()) else {
      throw BinaryReader.Malformed()
    }
    self = purpose
  }
}

extension RequestVote {
  fileprivate init(from reader: inout BinaryReader) throws {
    self.init(
      term: try reader.readCounter(), lastLogIndex: try reader.readCounter(),
      lastLogTerm: try reader.readCounter(), isTransfer: try reader.readBool())
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
        case 2: .membership(try reader.readMembership())
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
