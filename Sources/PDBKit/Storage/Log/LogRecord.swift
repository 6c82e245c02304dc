// What the frames of the log say, in the notation of BinaryWriter, each record behind its kind:
//
//   1 identity    cluster node address incarnation
//   2 snapshot    index term membership        a state was received: the entries before are gone
//   3 beginning   index term membership        the log begins after this entry
//   4 hard state  term vote?
//   5 entry       index term kind content      it takes the place of all entries from its index on
//   6 peer        node incarnation             which data directory a peer was first met with
//   7 end         index                        of the last entry before a segment
//   8 confirmed   node term index              how far a member has confirmed its log
//
// Kinds are numbered for ever. Each segment begins with a frame that says everything but the entries
// before it once more, so that older segments can go.

import PDBCoordinator
import PDBModel
import Raft

/// One thing that the log remembers.
enum LogRecord {
  case identity(Identity)
  case snapshot(SnapshotMark)
  case beginning(SnapshotMark)
  case hardState(HardState)
  case entry(Entry)
  case peer(NodeID, incarnation: UInt64)
  case end(Index)
  case confirmed(NodeID, Reach)

  private enum Kind: UInt8 {
    case identity = 1
    case snapshot = 2
    case beginning = 3
    case hardState = 4
    case entry = 5
    case peer = 6
    case end = 7
    case confirmed = 8
  }

  private var kind: Kind {
    switch self {
    case .identity: .identity
    case .snapshot: .snapshot
    case .beginning: .beginning
    case .hardState: .hardState
    case .entry: .entry
    case .peer: .peer
    case .end: .end
    case .confirmed: .confirmed
    }
  }

  /// How many bytes of content the record ends with.
  var contentCount: Int {
    guard case .entry(let entry) = self, case .operation(let bytes) = entry.payload else {
      return 0
    }
    return bytes.count
  }

  func encode(to writer: inout BinaryWriter) {
    writer.write(byte: kind.rawValue)
    switch self {
    case .identity(let identity): writer.write(identity)
    case .snapshot(let mark), .beginning(let mark): writer.write(mark)
    case .hardState(let state):
      writer.write(state.term)
      writer.write(optional: state.vote) { $0.write($1) }
    case .entry(let entry):
      writer.write(entry.index)
      writer.write(entry.term)
      writer.write(byte: entry.payload.kind.rawValue)
      writer.write(entry.payload.content)
    case .peer(let node, let incarnation):
      writer.write(node)
      writer.write(incarnation)
    case .end(let index): writer.write(index)
    case .confirmed(let node, let reach):
      writer.write(node)
      writer.write(reach)
    }
  }

  init(from reader: inout BinaryReader) throws {
    guard let kind = Kind(rawValue: try reader.readByte()) else { throw BinaryReader.Malformed() }
    self =
      switch kind {
      case .identity: .identity(try reader.readIdentity())
      case .snapshot: .snapshot(try reader.readMark())
      case .beginning: .beginning(try reader.readMark())
      case .hardState:
        .hardState(
          HardState(
            term: try reader.readCounter(), vote: try reader.readOptional { try $0.readUInt64() }))
      case .entry: .entry(try reader.readEntry())
      case .peer: .peer(try reader.readUInt64(), incarnation: try reader.readUInt64())
      case .end: .end(try reader.readCounter())
      case .confirmed: .confirmed(try reader.readUInt64(), try reader.readReach())
      }
  }
}

extension BinaryWriter {
  fileprivate mutating func write(_ identity: Identity) {
    write(identity.cluster)
    write(identity.node)
    write(identity.address.description)
    write(identity.incarnation)
  }

  fileprivate mutating func write(_ mark: SnapshotMark) {
    write(mark.index)
    write(mark.term)
    write(mark.membership)
  }
}

extension BinaryReader {
  fileprivate mutating func readIdentity() throws -> Identity {
    Identity(
      cluster: try readString(), node: try readUInt64(),
      address: try NodeAddress(parsing: try readString()), incarnation: try readUInt64())
  }

  fileprivate mutating func readMark() throws -> SnapshotMark {
    SnapshotMark(
      index: try readCounter(), term: try readCounter(), membership: try readMembership())
  }

  fileprivate mutating func readEntry() throws -> Entry {
    let (index, term) = (try readCounter(), try readCounter())
    guard let kind = Entry.Payload.Kind(rawValue: try readByte()) else { throw Malformed() }
    return Entry(index: index, term: term, payload: try Entry.Payload(kind, decoding: readBytes()))
  }
}
