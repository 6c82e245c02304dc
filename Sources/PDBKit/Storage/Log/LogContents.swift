// What the records of a log come to.

package import PDBCoordinator
package import PDBModel
package import Raft

/// Everything that a log remembers but the entries.
struct LogHead {
  let identity: Identity
  var mark: SnapshotMark
  var hardState = HardState()
  /// Of the last entry, or of the mark if there is none.
  private(set) var lastIndex: Index
  /// Which data directory each peer was first met with.
  var incarnations: [NodeID: UInt64] = [:]
  /// How far each member has confirmed its log.
  var confirmed: [NodeID: Reach] = [:]

  init(_ identity: Identity, _ mark: SnapshotMark) {
    self.identity = identity
    self.mark = mark
    lastIndex = mark.index
  }

  mutating func note(_ record: LogRecord) {
    switch record {
    case .snapshot(let mark): (self.mark, lastIndex) = (mark, mark.index)
    case .beginning(let mark): (self.mark, lastIndex) = (mark, max(lastIndex, mark.index))
    case .hardState(let state): hardState = state
    case .entry(let entry): lastIndex = entry.index
    case .peer(let node, let incarnation): incarnations[node] = incarnation
    case .confirmed(let node, let reach): confirmed[node] = reach
    case .identity, .end: break
    }
  }

  /// What a segment says first.
  var records: [LogRecord] {
    [.identity(identity), .beginning(mark), .end(lastIndex), .hardState(hardState)]
      + incarnations.sorted { $0.key < $1.key }.map { .peer($0.key, incarnation: $0.value) }
      + confirmed.sorted { $0.key < $1.key }.map { .confirmed($0.key, $0.value) }
  }
}

/// Everything that a node needs to come back to life.
package struct LogContents {
  let head: LogHead
  package private(set) var entries: [Entry] = []

  package var identity: Identity { head.identity }
  package var mark: SnapshotMark { head.mark }
  package var hardState: HardState { head.hardState }
  package var confirmed: [NodeID: Reach] { head.confirmed }
  package var lastIndex: Index { entries.last?.index ?? mark.index }
  /// The term of an entry; `nil` if the log does not hold it.
  package func term(at index: Index) -> Term? {
    if index == mark.index { return mark.term }
    guard index > mark.index, index <= lastIndex else { return nil }
    return entries[Int(index - mark.index - 1)].term
  }

  private var lastTerm: Term { entries.last?.term ?? mark.term }

  /// The members as the newest entry about them has it (Raft §6).
  package var membership: Membership {
    entries.reversed().lazy.compactMap { entry in
      if case .membership(let membership) = entry.payload { membership } else { nil }
    }.first ?? mark.membership
  }

  /// Where the node is reached: as its members know it, or as it was when its files were made.
  package var address: NodeAddress {
    let known = membership[identity.node].flatMap { try? NodeAddress(parsing: $0.address) }
    return known ?? identity.address
  }

  /// Whether the node has no others to agree with.
  package var isAlone: Bool { membership.members.map(\.id) == [identity.node] }

  /// What a log says does not fit together.
  struct Contradiction: Error {
    let reason: String
  }

  /// A log without entries.
  package init(_ identity: Identity, _ mark: SnapshotMark) { head = LogHead(identity, mark) }

  /// A log as another format has it.
  init(head: LogHead, entries: [Entry]) {
    self.head = head
    self.entries = entries
  }

  /// Follows all records from the first of a segment on.
  ///
  /// - Throws: ``Contradiction`` if they do not fit together.
  init(_ records: [LogRecord]) throws {
    guard records.count > 2, case .identity(let identity) = records[0],
      case .beginning(let mark) = records[1]
    else { throw Contradiction(reason: "it does not say whose it is") }
    var head = LogHead(identity, mark)
    for record in records { head.note(record) }
    self.head = head
    // Older segments go when the log begins after their last entry.
    if case .end(let index) = records[2], index > head.mark.index {
      throw Contradiction(reason: "its first file is missing")
    }
    for record in records { try add(record) }
    try checkTerms()
    guard lastTerm <= hardState.term else {
      throw Contradiction(reason: "the hard state is older than the entries")
    }
  }

  /// Only entries after the last mark count: of those before, older segments may be gone.
  private mutating func add(_ record: LogRecord) throws {
    switch record {
    case .identity(let other) where other != identity:
      throw Contradiction(reason: "it is of two nodes")
    case .snapshot: entries = []
    case .entry(let entry): try add(entry)
    case .identity, .beginning, .hardState, .peer, .end, .confirmed: break
    }
  }

  private mutating func add(_ entry: Entry) throws {
    guard entry.index > mark.index else { return entries = [] }
    guard entry.index <= lastIndex + 1 else {
      throw Contradiction(reason: "entry \(lastIndex + 1) is missing")
    }
    entries.removeLast(Int(lastIndex + 1 - entry.index))
    entries.append(entry)
  }

  /// Terms never fall. Only what is left in the end can tell: an entry that another one replaced may be
  /// older than the mark.
  private func checkTerms() throws {
    var term = mark.term
    for entry in entries {
      guard entry.term >= term else {
        throw Contradiction(reason: "the term of entry \(entry.index) is too low")
      }
      term = entry.term
    }
  }
}
