// Clients: what they want, and what they remember.

import Linearizability
import PDBModel
import Raft

/// What a client asks for.
enum Work {
  case read(key: Int)
  case write(PDBModel.Operation, key: Int?, RegisterAction?)

  /// Registers have an author of their own: an undo is of the author's newest change, and a register's
  /// history knows of none.
  var author: String {
    if case .write(_, nil, _) = self { "tasks" } else { "registers" }
  }
}

/// A key that clients work with; its kind tells which operations make sense.
enum KeyKind: Int {
  case text, counter, list
}

/// An operation of a client, through all its attempts.
struct ClientOperation {
  let number: Int
  let request: String
  let work: Work
  /// When it began, counted in happenings: a clock that all clients share.
  let invoked: UInt64
  let begunAt: Time
  /// The last index whose effect any client knew of when the operation began.
  let floor: Index
  /// The newest revision that the client knew then.
  let knownRevision: UInt64
  var attempts = 0
  /// Whether every attempt so far was said not to be applied.
  var isNeverApplied = true
  /// Whether the outcome of some attempt is unknown.
  var wasUnknown = false
}

/// One client: one operation at a time, tried on one node after the other until it is answered.
struct Client {
  let position: Int
  /// Whether it only reads while faults go on: some client must look when others wait.
  let isReader: Bool
  var current: ClientOperation?
  /// Whether an attempt is under way.
  var isWaiting = false
  var operationCount = 0
  /// The node to ask first.
  var favourite: NodeID?
  /// The newest revision that it has seen.
  var knownRevision: UInt64 = 0
  /// Revisions seen, by key: what a conditional write expects.
  var revisions: [UInt64?]
  /// Operations still to be done once everything is healed; `nil` while faults go on.
  var remaining: Int?

  init(position: Int, isReader: Bool, keys: Int) {
    self.position = position
    self.isReader = isReader
    revisions = [UInt64?](repeating: nil, count: keys)
  }

  var isDone: Bool { current == nil && remaining == 0 }
}
