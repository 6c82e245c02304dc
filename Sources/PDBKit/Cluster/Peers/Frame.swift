// The wire between nodes, versions 1 and 2: what the bytes mean.
//
// A node that has something to say opens a TCP connection to the other's port, begins TLS (PeerTrust.swift)
// and upgrades the connection (`GET /peer`, `Upgrade: pdb-raft/2`). Nodes of version 0.1 know neither TLS
// nor more than `pdb-raft/1`. From then on the connection carries frames, one way:
//
//   length   4 bytes, big-endian: of all that follows, at most Limits.peerFrameBytes
//   type     1 byte
//   fields   in the notation of BinaryWriter; Message+Fields.swift has those of Raft's messages
//
//   1 hello      version cluster from to incarnation purpose nonce [understands confirmed?]
//                                                                      the connecting node
//   2 challenge  nonce incarnation proof [understands]                 the accepting node
//   3 proof      proof                                                 the connecting node
//   4 welcome    -                                                     now the purpose begins
//   5 refused    code                         instead of 2 or 4; then the connection is closed
//   6 welcome    confirmed?                                            as 4; version 2
//   16 requestPreVote       term lastLogIndex lastLogTerm isTransfer
//   17 requestPreVoteReply  term granted
//   18 requestVote          term lastLogIndex lastLogTerm isTransfer
//   19 requestVoteReply     term granted
//   20 appendEntries        term prevLogIndex prevLogTerm leaderCommit round [term kind payload]
//   21 appendEntriesReply   term round outcome: 0 index | 1 prevLogIndex hintIndex hintTerm | 2
//   22 readIndex            term id
//   23 readIndexReply       term id index
//   24 timeoutNow           term
//   25 confirmations        term [node term index]             version 2
//   32 stateHash            index hash                         for comparison between nodes
//   48 snapshotBegin        term mark                          purpose 1: a whole state; version 1
//   49 snapshotPart         isEndOfPiece bytes
//   50 snapshotEnd          -
//   51 snapshotReceived     -                                  the answer when all of it is safe
//   52 snapshotBegin        term mark                          as 48; version 2
//   53 stateRequest         -                                  purpose 2: begin to send the state
//
// What stands in brackets is there from version 2 on: the newest cluster version that the node
// understands (ClusterVersion.swift), and how far it knows the other to have confirmed its log, as term
// and index. Who has less than that was rolled back, and finds it out by this.
//
// Handshake.swift says what a proof is. Purpose 0 is messages: they go from the connecting to
// the accepting node; back only while the accepting node does not know how to reach the other.
// Purpose 1 is one state (StatePiece.swift specifies the pieces). Purpose 2 is one state that the
// connecting node lacks: it asks, and the accepting node sends.
//
// The sender and the addressee of a message are those of the connection, so they are not
// repeated. Entries are numbered from prevLogIndex + 1, so their indices are not sent.

package import PDBCoordinator
package import PDBModel
package import Raft

/// The versions of the wire between nodes.
package enum WireVersion: UInt64, Sendable {
  /// Of version 0.1.
  case first = 1
  case second = 2

  /// As HTTP upgrades name it.
  package var protocolName: String { "pdb-raft/\(rawValue)" }
}

/// One frame of the peer wire.
package enum Frame: Equatable {
  case hello(Hello)
  case challenge(Challenge)
  case proof(Bytes)
  case welcome(Welcome?)
  case refused(String)
  case message(Message)
  case stateHash(StateHash)
  case snapshotBegin(SnapshotHead)
  case snapshotPart(isEndOfPiece: Bool, Bytes)
  case snapshotEnd
  case snapshotReceived
  case stateRequest

  /// Which node connects, and which one it expects to find.
  package struct Hello: Equatable {
    /// Of the wire; a number that is not known is refused, and so need not be a ``WireVersion``.
    let version: UInt64
    let cluster: String
    let from: NodeID
    let to: NodeID
    /// The data directory of the connecting node.
    let incarnation: UInt64
    let purpose: Purpose
    let nonce: Bytes
    var understands = ClusterVersion.first
    /// How far the other is known to have confirmed its log; not told on a wire of version 1.
    var confirmed: Reach?
  }

  /// The other node is let in; `nil` on a wire of version 1.
  package struct Welcome: Equatable {
    /// How far it is known to have confirmed its log.
    let confirmed: Reach?

    init(_ confirmed: Reach?) { self.confirmed = confirmed }
  }

  /// What a connection is for.
  enum Purpose: UInt8 {
    case messages = 0
    case snapshot = 1
    case fetch = 2
  }

  /// The accepting node proves itself and asks for proof.
  package struct Challenge: Equatable {
    let nonce: Bytes
    let incarnation: UInt64
    let proof: Bytes
    /// `nil` on a wire of version 1.
    var understands: ClusterVersion?
  }

  /// What a state that follows stands for.
  package struct SnapshotHead: Equatable {
    let term: Term
    let mark: StateMark
    /// Whether the state comes in the pieces of version 0.1.
    var isOld = false
  }

  fileprivate enum Kind: UInt8 {
    case hello = 1
    case challenge = 2
    case proof = 3
    case oldWelcome = 4
    case refused = 5
    case welcome = 6
    case requestPreVote = 16
    case requestPreVoteReply = 17
    case requestVote = 18
    case requestVoteReply = 19
    case appendEntries = 20
    case appendEntriesReply = 21
    case readIndex = 22
    case readIndexReply = 23
    case timeoutNow = 24
    case confirmations = 25
    case stateHash = 32
    case oldSnapshotBegin = 48
    case snapshotPart = 49
    case snapshotEnd = 50
    case snapshotReceived = 51
    case snapshotBegin = 52
    case stateRequest = 53
  }
}

// MARK: Bytes

extension Frame {
  /// Type and fields, without the length.
  func encoded() -> Bytes {
    var writer = BinaryWriter(capacity: sizeEstimate)
    writer.write(byte: kind.rawValue)
    encodeFields(to: &writer)
    return writer.take()
  }

  /// So that what is long is not copied while it grows.
  private var sizeEstimate: Int {
    switch self {
    case .message(.appendEntries(let message)):
      message.entries.reduce(128) { $0 + $1.byteCount + 16 }
    case .snapshotPart(_, let bytes): bytes.count + 64
    default: 128
    }
  }

  private var kind: Kind {
    switch self {
    case .hello: .hello
    case .challenge: .challenge
    case .proof: .proof
    case .welcome(let welcome): welcome == nil ? .oldWelcome : .welcome
    case .refused: .refused
    case .message(let message): Kind(of: message)
    case .stateHash: .stateHash
    case .snapshotBegin(let head): head.isOld ? .oldSnapshotBegin : .snapshotBegin
    case .snapshotPart: .snapshotPart
    case .snapshotEnd: .snapshotEnd
    case .snapshotReceived: .snapshotReceived
    case .stateRequest: .stateRequest
    }
  }

  private func encodeFields(to writer: inout BinaryWriter) {
    switch self {
    case .hello(let hello): hello.encode(to: &writer)
    case .challenge(let challenge): challenge.encode(to: &writer)
    case .proof(let proof): writer.write(proof)
    case .refused(let reason): writer.write(reason)
    case .message(let message): message.encodeFields(to: &writer)
    case .stateHash(let state): state.encode(to: &writer)
    case .snapshotBegin(let head): head.encode(to: &writer)
    case .snapshotPart(let isEndOfPiece, let bytes):
      writer.write(isEndOfPiece)
      writer.write(bytes)
    case .welcome(let welcome):
      if let welcome { writer.write(optional: welcome.confirmed) { $0.write($1) } }
    case .snapshotEnd, .snapshotReceived, .stateRequest: break
    }
  }

  /// - Throws: `BinaryReader.Malformed` for anything but exactly one frame.
  init(decoding bytes: Bytes) throws {
    var reader = BinaryReader(bytes)
    guard let kind = Kind(rawValue: try reader.readByte()) else { throw BinaryReader.Malformed() }
    self = try Self.readFields(of: kind, &reader)
    try reader.finish()
  }

  private static func readFields(of kind: Kind, _ reader: inout BinaryReader) throws -> Frame {
    switch kind {
    case .hello: .hello(try Hello(from: &reader))
    case .challenge: .challenge(try Challenge(from: &reader))
    case .proof: .proof(try reader.readBytes())
    case .oldWelcome: .welcome(nil)
    case .welcome: .welcome(Welcome(try reader.readOptional { try $0.readReach() }))
    case .refused: .refused(try reader.readString())
    case .requestPreVote: .message(.requestPreVote(try RequestVote(from: &reader)))
    case .requestPreVoteReply: .message(.requestPreVoteReply(try RequestVoteReply(from: &reader)))
    case .requestVote: .message(.requestVote(try RequestVote(from: &reader)))
    case .requestVoteReply: .message(.requestVoteReply(try RequestVoteReply(from: &reader)))
    case .appendEntries: .message(.appendEntries(try AppendEntries(from: &reader)))
    case .appendEntriesReply: .message(.appendEntriesReply(try AppendEntriesReply(from: &reader)))
    case .readIndex: .message(.readIndex(try ReadIndex(from: &reader)))
    case .readIndexReply: .message(.readIndexReply(try ReadIndexReply(from: &reader)))
    case .timeoutNow: .message(.timeoutNow(try TimeoutNow(from: &reader)))
    case .confirmations: .message(.confirmations(try Confirmations(from: &reader)))
    case .stateHash: .stateHash(try StateHash(from: &reader))
    case .oldSnapshotBegin: .snapshotBegin(try SnapshotHead(from: &reader, isOld: true))
    case .snapshotBegin: .snapshotBegin(try SnapshotHead(from: &reader, isOld: false))
    case .snapshotPart:
      .snapshotPart(isEndOfPiece: try reader.readBool(), try reader.readBytes())
    case .snapshotEnd: .snapshotEnd
    case .snapshotReceived: .snapshotReceived
    case .stateRequest: .stateRequest
    }
  }
}

extension Frame.Kind {
  fileprivate init(of message: Message) {
    self =
      switch message {
      case .requestPreVote: .requestPreVote
      case .requestPreVoteReply: .requestPreVoteReply
      case .requestVote: .requestVote
      case .requestVoteReply: .requestVoteReply
      case .appendEntries: .appendEntries
      case .appendEntriesReply: .appendEntriesReply
      case .readIndex: .readIndex
      case .readIndexReply: .readIndexReply
      case .timeoutNow: .timeoutNow
      case .confirmations: .confirmations
      case .installSnapshot: preconditionFailure("a snapshot goes with its state, not alone")
      }
  }
}

// MARK: Fields

extension Frame.Hello {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(version)
    writer.write(cluster)
    writer.write(from)
    writer.write(to)
    writer.write(incarnation)
    writer.write(byte: purpose.rawValue)
    writer.write(nonce)
    if version > WireVersion.first.rawValue {
      writer.write(understands.number)
      writer.write(optional: confirmed) { $0.write($1) }
    }
  }

  fileprivate init(from reader: inout BinaryReader) throws {
    version = try reader.readUInt64()
    cluster = try reader.readString()
    from = try reader.readUInt64()
    to = try reader.readUInt64()
    incarnation = try reader.readUInt64()
    guard let purpose = Frame.Purpose(rawValue: try reader.readByte()) else {
      throw BinaryReader.Malformed()
    }
    self.purpose = purpose
    nonce = try reader.readBytes()
    if version > WireVersion.first.rawValue {
      understands = ClusterVersion(number: try reader.readUInt64())
      confirmed = try reader.readOptional { try $0.readReach() }
    }
  }
}

extension Frame.Challenge {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(nonce)
    writer.write(incarnation)
    writer.write(proof)
    if let understands { writer.write(understands.number) }
  }

  fileprivate init(from reader: inout BinaryReader) throws {
    nonce = try reader.readBytes()
    incarnation = try reader.readUInt64()
    proof = try reader.readBytes()
    understands = reader.isAtEnd ? nil : ClusterVersion(number: try reader.readUInt64())
  }
}

extension Frame.SnapshotHead {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(term)
    if isOld { writer.writeOld(mark) } else { writer.write(mark) }
  }

  fileprivate init(from reader: inout BinaryReader, isOld: Bool) throws {
    term = try reader.readCounter()
    mark = isOld ? try reader.readOldStateMark() : try reader.readStateMark()
    self.isOld = isOld
  }
}

extension StateHash {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(index)
    writer.write(hash)
  }

  fileprivate init(from reader: inout BinaryReader) throws {
    self.init(index: try reader.readCounter(), hash: try reader.readUInt64())
  }
}
