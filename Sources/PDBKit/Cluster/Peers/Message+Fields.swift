// The fields of Raft's messages on the wire between nodes; Frame.swift says which type a frame with
// them has.

import PDBCoordinator
import PDBModel
import Raft

extension Message {
  func encodeFields(to writer: inout BinaryWriter) {
    switch self {
    case .requestPreVote(let message): message.encode(to: &writer)
    case .requestPreVoteReply(let message): message.encode(to: &writer)
    case .requestVote(let message): message.encode(to: &writer)
    case .requestVoteReply(let message): message.encode(to: &writer)
    case .appendEntries(let message): message.encode(to: &writer)
    case .appendEntriesReply(let message): message.encode(to: &writer)
    case .readIndex(let message): message.encode(to: &writer)
    case .readIndexReply(let message): message.encode(to: &writer)
    case .timeoutNow(let message): message.encode(to: &writer)
    case .confirmations(let message): message.encode(to: &writer)
    case .installSnapshot: preconditionFailure("a snapshot goes with its state, not alone")
    }
  }
}

extension RequestVote {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(term)
    writer.write(lastLogIndex)
    writer.write(lastLogTerm)
    writer.write(isTransfer)
  }

  init(from reader: inout BinaryReader) throws {
    self.init(
      term: try reader.readCounter(), lastLogIndex: try reader.readCounter(),
      lastLogTerm: try reader.readCounter(), isTransfer: try reader.readBool())
  }
}

extension RequestVoteReply {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(term)
    writer.write(voteGranted)
  }

  init(from reader: inout BinaryReader) throws {
    self.init(term: try reader.readCounter(), voteGranted: try reader.readBool())
  }
}

extension AppendEntries {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(term)
    writer.write(prevLogIndex)
    writer.write(prevLogTerm)
    writer.write(leaderCommit)
    writer.write(round)
    writer.write(list: entries) { writer, entry in
      writer.write(entry.term)
      writer.write(entry.payload)
    }
  }

  init(from reader: inout BinaryReader) throws {
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
      return Entry(index: last.index, term: entryTerm, payload: try reader.readPayload())
    }
    self.init(
      term: term, prevLogIndex: prevLogIndex, prevLogTerm: prevLogTerm, entries: entries,
      leaderCommit: leaderCommit, round: round)
  }
}

extension AppendEntriesReply {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(term)
    writer.write(round)
    outcome.encode(to: &writer)
  }

  init(from reader: inout BinaryReader) throws {
    let term = try reader.readCounter()
    let round = try reader.readCounter()
    self.init(term: term, outcome: try Outcome(from: &reader), round: round)
  }
}

extension AppendEntriesReply.Outcome {
  fileprivate func encode(to writer: inout BinaryWriter) {
    switch self {
    case .matched(let index):
      writer.write(byte: 0)
      writer.write(index)
    case .mismatch(let prevLogIndex, let hintIndex, let hintTerm):
      writer.write(byte: 1)
      writer.write(prevLogIndex)
      writer.write(hintIndex)
      writer.write(hintTerm)
    case .staleTerm:
      writer.write(byte: 2)
    }
  }

  fileprivate init(from reader: inout BinaryReader) throws {
    self =
      switch try reader.readByte() {
      case 0: .matched(try reader.readCounter())
      case 1:
        .mismatch(
          prevLogIndex: try reader.readCounter(), hintIndex: try reader.readCounter(),
          hintTerm: try reader.readCounter())
      case 2: .staleTerm
      default: throw BinaryReader.Malformed()
      }
  }
}

extension ReadIndex {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(term)
    writer.write(id)
  }

  init(from reader: inout BinaryReader) throws {
    self.init(term: try reader.readCounter(), id: try reader.readUInt64())
  }
}

extension ReadIndexReply {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(term)
    writer.write(id)
    writer.write(index)
  }

  init(from reader: inout BinaryReader) throws {
    self.init(
      term: try reader.readCounter(), id: try reader.readUInt64(),
      index: try reader.readCounter())
  }
}

extension TimeoutNow {
  fileprivate func encode(to writer: inout BinaryWriter) { writer.write(term) }

  init(from reader: inout BinaryReader) throws { self.init(term: try reader.readCounter()) }
}

extension Confirmations {
  fileprivate func encode(to writer: inout BinaryWriter) {
    writer.write(term)
    writer.write(list: confirmed.sorted { $0.key < $1.key }) { writer, member in
      writer.write(member.key)
      writer.write(member.value)
    }
  }

  init(from reader: inout BinaryReader) throws {
    let term = try reader.readCounter()
    let members = try reader.readList { (try $0.readUInt64(), try $0.readReach()) }
    guard members.allSatisfy({ $0.1.term <= term }) else { throw BinaryReader.Malformed() }
    self.init(
      term: term, confirmed: Dictionary(members) { max($0, $1) })
  }
}
