// What the log is made of: terms, indices and entries.

/// The name of a node, unique within a cluster and never reused.
public typealias NodeID = UInt64

/// A period with at most one leader; grows by one with every election (Raft §5.1).
public typealias Term = UInt64

/// The position of an entry in the log, counted from 1 (Raft §5.3). Zero is "before the log".
public typealias Index = UInt64

/// One entry of the replicated log (Raft §5.3).
///
/// Two entries with the same index and term are the same entry, on every node and for ever:
/// this is the log matching property that everything else leans on.
public struct Entry: Equatable, Sendable {
  /// What an entry carries.
  public enum Payload: Equatable, Sendable {
    /// Nothing. A leader commits one of these first in its term (Raft §8).
    case noop
    /// An operation of the state machine, opaque to consensus.
    case operation([UInt8])
    /// The members of the cluster from this entry on, committed or not (Raft §6).
    case membership(Membership)
  }

  /// The position of the entry in the log, counted from 1.
  public let index: Index
  /// The term of the leader that created the entry.
  public let term: Term
  /// What the entry carries.
  public let payload: Payload

  /// An entry for a place in the log.
  public init(index: Index, term: Term, payload: Payload) {
    self.index = index
    self.term = term
    self.payload = payload
  }

  /// The size in bytes that limits count: the payload and a fixed allowance for the rest.
  public var byteCount: Int { payload.byteCount }
}

extension Entry.Payload {
  var byteCount: Int {
    switch self {
    case .noop: 16
    case .operation(let bytes): 16 + bytes.count
    case .membership(let membership): 16 + 64 * membership.members.count
    }
  }
}
