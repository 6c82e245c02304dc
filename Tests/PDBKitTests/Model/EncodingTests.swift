// What is written to disk and to the wire comes back the same, and garbage is refused.

import Raft
import Testing

@testable import PDBCluster
@testable import PDBCoordinator
@testable import PDBModel
@testable import PDBServer
@testable import PDBStorage

@Suite struct EncodingTests {
  @Test(arguments: [0, 1, 127, 128, 300, 1 << 32, UInt64.max - 1, .max])
  func `unsigned numbers come back`(value: UInt64) throws {
    var writer = BinaryWriter()
    writer.write(value)
    var reader = BinaryReader(writer.bytes)
    #expect(try reader.readUInt64() == value)
    try reader.finish()
  }

  @Test(arguments: [0, 1, -1, 63, -64, Int64.max, .min])
  func `signed numbers come back`(value: Int64) throws {
    var writer = BinaryWriter()
    writer.write(value)
    var reader = BinaryReader(writer.bytes)
    #expect(try reader.readInt64() == value)
  }

  @Test func `a number of more than 64 bits is refused`() {
    var reader = BinaryReader(Bytes(repeating: 0xFF, count: 9) + [0x02])
    #expect(throws: BinaryReader.Malformed.self) { try reader.readUInt64() }
  }

  @Test func `a length that lies is refused without reserving memory`() {
    var writer = BinaryWriter()
    writer.write(UInt64.max)
    var bytes = BinaryReader(writer.bytes)
    #expect(throws: BinaryReader.Malformed.self) { try bytes.readBytes() }
    var list = BinaryReader(writer.bytes)
    #expect(throws: BinaryReader.Malformed.self) { try list.readList { try $0.readByte() } }
  }

  static let operations: [PDBModel.Operation] = [
    .addTasks([NewTask(id: "a", title: "Học"), NewTask(id: "b", title: "")]),
    .editTask(TaskReference("1"), TaskEdit(title: "x", completed: nil), .none),
    .editTask(TaskReference("abcd"), TaskEdit(title: nil, completed: false), .revision(7)),
    .removeTask(TaskReference("1"), .none), .removeCompletedTasks,
    .set(key: [0xFF, 1], value: [], .absent), .delete(keys: [[1], [2, 3]], .revision(9)),
    .increment(key: [1], by: .min), .append(key: [1], values: [[1], []]),
    .setMany([NewPair(key: [1], value: [0xFF]), NewPair(key: [2], value: [])]),
    .raiseVersion(.checksums),
    .skipEntry(LogPosition(index: 1 << 40, term: 3)),
  ]

  @Test(arguments: operations)
  func `an operation comes back`(operation: PDBModel.Operation) throws {
    let stamped = StampedOperation(
      stamp: Stamp(
        time: Timestamp(milliseconds: -5), author: "me",
        principal: "p",
        request: RequestID(
          id: "r", fingerprint: .max, firstSent: nil, knownRevision: 8)),
      operation: operation)
    #expect(try StampedOperation(decoding: stamped.encoded()) == stamped)
  }

  @Test func `a log entry keeps its form: these bytes are in users' files`() {
    let stamped = StampedOperation(
      stamp: Stamp(time: Timestamp(milliseconds: 1000), author: "an", request: nil),
      operation: .set(key: [0x6B], value: [0x31], .none))
    #expect(
      stamped.encoded(for: .first) == [1, 208, 15, 2, 97, 110, 0, 5, 1, 0x6B, 1, 0x31, 0])
    #expect(
      stamped.encoded(for: .checksums) == [2, 208, 15, 2, 97, 110, 0, 0, 5, 1, 0x6B, 1, 0x31, 0])
  }

  private static let membership = Membership(
    [
      Member(id: 1, address: "127.0.0.1:1", rank: 1),
      Member(id: .max, address: "[::1]:2", rank: .max, role: .learner),
    ], removed: [5, 9])

  private static let mark: StateMark = {
    var mark = StateMark()
    mark.appliedIndex = 9
    mark.appliedTerm = 3
    mark.revision = 7
    mark.hash = .max
    mark.oldHash = 1 << 63
    mark.version = .checksums
    mark.forgotten = Timestamp(milliseconds: -1)
    mark.forgottenRevision = 4
    mark.compactedRevision = 2
    mark.historyBytes = 100
    mark.membership = membership
    return mark
  }()

  /// What version 0.1 says of a state.
  private static let oldMark: StateMark = {
    var mark = Self.mark
    mark.hash = 0
    mark.version = .first
    mark.forgottenRevision = 0
    return mark
  }()

  static let frames: [Frame] = [
    .hello(
      .init(
        version: 1, cluster: "c", from: 1, to: .max, incarnation: 7, purpose: .snapshot,
        nonce: [1, 2])),
    .hello(
      .init(
        version: 2, cluster: "c", from: 1, to: .max, incarnation: 7, purpose: .messages,
        nonce: [1, 2], understands: ClusterVersion(number: 300),
        confirmed: Reach(term: 4, index: 9))),
    .welcome(nil), .welcome(.init(nil)), .welcome(.init(Reach(term: 4, index: 9))),
    .refused("no"),
    .message(
      .confirmations(
        Confirmations(
          term: 4, confirmed: [1: Reach(term: 4, index: 9), .max: Reach(term: 1, index: 1)]))),
    .proof([6]),
    .stateHash(StateHash(index: 3, hash: .max)), .snapshotEnd, .snapshotReceived,
    .snapshotBegin(.init(term: 2, mark: mark)),
    .snapshotBegin(.init(term: 2, mark: oldMark, isOld: true)),
    .snapshotPart(isEndOfPiece: true, [1, 2, 3]),
    .message(.timeoutNow(TimeoutNow(term: 6))),
    .message(.requestPreVote(RequestVote(term: 1, lastLogIndex: 2, lastLogTerm: 1))),
    .message(.requestPreVoteReply(RequestVoteReply(term: 1, voteGranted: true))),
    .message(.requestVote(RequestVote(term: 9, lastLogIndex: 2, lastLogTerm: 1))),
    .message(.requestVoteReply(RequestVoteReply(term: 1, voteGranted: false))),
    .message(
      .appendEntries(
        AppendEntries(
          term: 4, prevLogIndex: 7, prevLogTerm: 3,
          entries: [
            Entry(index: 8, term: 3, payload: .noop),
            Entry(index: 9, term: 4, payload: .operation([1, 2, 3])),
            Entry(index: 10, term: 4, payload: .membership(membership)),
          ], leaderCommit: 6, round: 5))),
    .message(.appendEntriesReply(AppendEntriesReply(term: 1, outcome: .matched(3), round: 2))),
    .message(
      .appendEntriesReply(
        AppendEntriesReply(
          term: 1, outcome: .mismatch(prevLogIndex: 9, hintIndex: 4, hintTerm: 1), round: 2))),
    .message(.appendEntriesReply(AppendEntriesReply(term: 1, outcome: .staleTerm, round: 0))),
    .message(.readIndex(ReadIndex(term: 1, id: 2))),
    .message(.readIndexReply(ReadIndexReply(term: 1, id: 2, index: 3))),
  ]

  @Test(arguments: frames)
  func `a frame comes back`(frame: Frame) throws {
    #expect(try Frame(decoding: frame.encoded()) == frame)
  }

  @Test(arguments: frames)
  func `a frame that is cut short or too long is refused`(frame: Frame) {
    let bytes = frame.encoded()
    for length in 0..<bytes.count {
      #expect(throws: BinaryReader.Malformed.self) {
        try Frame(decoding: Bytes(bytes.prefix(length)))
      }
    }
    #expect(throws: BinaryReader.Malformed.self) { try Frame(decoding: bytes + [0]) }
  }

  @Test func `a challenge says what its node understands only where the wire has it`() throws {
    let old = Frame.Challenge(nonce: [3], incarnation: 8, proof: [4, 5])
    var new = old
    new.understands = ClusterVersion(number: 300)
    let bytes = Frame.challenge(new).encoded()
    #expect(try Frame(decoding: bytes) == .challenge(new))
    #expect(try Frame(decoding: Frame.challenge(old).encoded()) == .challenge(old))
    #expect(bytes.starts(with: Frame.challenge(old).encoded()))
    for length in 0..<bytes.count where length != Frame.challenge(old).encoded().count {
      #expect(throws: BinaryReader.Malformed.self) {
        try Frame(decoding: Bytes(bytes.prefix(length)))
      }
    }
    #expect(throws: BinaryReader.Malformed.self) { try Frame(decoding: bytes + [0]) }
  }

  @Test func `what nodes of version 0.1 send and expect keeps its form`() {
    let hello = Frame.hello(
      .init(
        version: 1, cluster: "c", from: 1, to: 2, incarnation: 7, purpose: .snapshot, nonce: [9]))
    #expect(hello.encoded() == [1, 1, 1, 0x63, 1, 2, 7, 1, 1, 9])
    #expect(
      Frame.challenge(.init(nonce: [3], incarnation: 8, proof: [4, 5])).encoded()
        == [2, 1, 3, 8, 2, 4, 5])
    var mark = StateMark()
    (mark.appliedIndex, mark.appliedTerm, mark.revision, mark.oldHash) = (9, 3, 7, 5)
    (mark.compactedRevision, mark.historyBytes) = (2, 100)
    mark.forgotten = Timestamp(milliseconds: 1)
    mark.membership = Membership([Member(id: 1, address: "a", rank: 4)])
    #expect(
      Frame.snapshotBegin(.init(term: 2, mark: mark, isOld: true)).encoded()
        == [48, 2, 9, 3, 7, 5, 2, 2, 100] + mark.membership.encoded())
  }

  @Test func `damaged frames and operations are refused or read, never trapped on`() {
    var random = SplitMix64(seed: 3)
    let samples =
      Self.frames.map { $0.encoded() }
      + Self.operations.map { operation in
        StampedOperation(
          stamp: Stamp(time: Timestamp(milliseconds: 0), author: "", request: nil),
          operation: operation
        ).encoded()
      }
    for _ in 0..<20_000 {
      var bytes = samples.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(
          in: 0...255, using: &random)
      }
      _ = try? Frame(decoding: bytes)
      _ = try? StampedOperation(decoding: bytes)
      _ = try? Decision(decoding: bytes)
    }
  }

  @Test(arguments: [1 << 62, UInt64.max])
  func `a term that counting could overflow is refused`(term: UInt64) {
    let reply = RequestVoteReply(term: term, voteGranted: false)
    #expect(throws: BinaryReader.Malformed.self) {
      try Frame(decoding: Frame.message(.requestPreVoteReply(reply)).encoded())
    }
  }

  @Test func `an entry from a term after its leader's is refused`() {
    let frame = Frame.message(
      .appendEntries(
        AppendEntries(
          term: 4, prevLogIndex: 0, prevLogTerm: 0,
          entries: [Entry(index: 1, term: 5, payload: .noop)], leaderCommit: 0, round: 0)))
    #expect(throws: BinaryReader.Malformed.self) { try Frame(decoding: frame.encoded()) }
  }
}
