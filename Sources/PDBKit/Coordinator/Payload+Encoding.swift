// How what an entry carries is written into the log and onto the peer wire.
//
//   kind     0 noop, 1 operation, 2 membership; a number is never given a second meaning
//   content  noop: none; operation: its bytes; membership: as Membership+Encoding.swift says
//
// The log keeps both in columns of their own. On the wire the content follows the kind; an
// operation's is preceded by its length.

package import PDBModel
package import Raft

extension Entry.Payload {
  /// The kinds of entries, as the log and the wire number them.
  package enum Kind: UInt8 {
    case noop = 0
    case operation = 1
    case membership = 2
  }

  package var kind: Kind {
    switch self {
    case .noop: .noop
    case .operation: .operation
    case .membership: .membership
    }
  }

  /// What the entry carries, without its kind and without a length.
  package var content: Bytes {
    switch self {
    case .noop: []
    case .operation(let bytes): bytes
    case .membership(let membership): membership.encoded()
    }
  }

  /// - Throws: `BinaryReader.Malformed` for members that cannot be read.
  package init(_ kind: Kind, decoding content: Bytes) throws {
    switch kind {
    case .noop: self = .noop
    case .operation: self = .operation(content)
    case .membership: self = .membership(try Membership(decoding: content))
    }
  }
}

extension BinaryWriter {
  package mutating func write(_ payload: Entry.Payload) {
    write(byte: payload.kind.rawValue)
    switch payload {
    case .noop: break
    case .operation(let bytes): write(bytes)
    case .membership(let membership): write(membership)
    }
  }
}

extension BinaryReader {
  package mutating func readPayload() throws -> Entry.Payload {
    switch Entry.Payload.Kind(rawValue: try readByte()) {
    case .noop: .noop
    case .operation: .operation(try readBytes())
    case .membership: .membership(try readMembership())
    case nil: throw Malformed()
    }
  }
}
