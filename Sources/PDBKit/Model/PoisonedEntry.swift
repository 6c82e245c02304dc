// Entries that are committed and cannot be applied, and the decision to skip one.
//
// A bug, or a member of another build, can bring an entry into the log that no state machine takes. It
// cannot be taken out again: it is agreed. So the state stops before it, the node stays up, and an
// administrator decides. The decision is an operation like any other, `cluster skip INDEX`, agreed in
// the log behind the entry. Every member applies it in the entry's place (`ApplyQueue`): there it makes
// a revision, so that the history says who skipped what and when. Where it stands itself it only
// confirms that this was done.
//
//   NUL skipped/INDEX    {"term":3}    for ever, so that every state knows what it lacks

/// A committed entry that cannot be applied, because of what it holds.
public struct PoisonedEntry: Error, Equatable, Sendable {
  /// Its place in the log.
  public let index: UInt64
  /// The term of the leader that made it.
  public let term: UInt64
  /// Why it cannot be applied, for people.
  public let reason: String

  /// An entry at a place of the log.
  public init(index: UInt64, term: UInt64, reason: String) {
    self.index = index
    self.term = term
    self.reason = reason
  }

  package var position: LogPosition { LogPosition(index: index, term: term) }

  /// What is wrong, in words.
  public var message: String {
    "entry \(index) of term \(term) is committed and cannot be applied: \(reason)"
  }

  /// What an administrator can do.
  public var hint: String {
    "if other members have applied it, start this node with their version of pdb; otherwise "
      + "'pdb cluster skip \(index)' gives up what the entry was to change"
  }

  /// The error of a request that needs what comes behind the entry.
  package func error(outcome: PDBError.Outcome = .notApplied) -> PDBError {
    PDBError(
      .poisonedEntry, message, outcome: outcome, hint: hint,
      details: [.init("index", JSON(index)), .init("term", JSON(term))])
  }
}

extension SystemKeys {
  package static let skipped = prefix + Bytes(utf8: "skipped/")

  package static func skipped(_ index: UInt64) -> Bytes { skipped + Bytes(utf8: "\(index)") }
}

extension Draft {
  /// Skips the entry in whose place this is applied; anywhere else it must have been skipped already.
  ///
  /// - Returns: how many entries were skipped by it.
  /// - Throws: `conflict` where the entry was applied: that state is another one than those of the
  ///   members that skipped it, and their comparison will tell.
  mutating func skip(_ entry: LogPosition) throws -> Int {
    let key = SystemKeys.skipped(entry.index)
    let record = JSON.object([.init("term", JSON(entry.term))]).serialized()
    if place == entry {
      try put(key, record)
    } else if try get(key)?.value != record {
      throw PDBError(
        .conflict, "entry \(entry.index) of term \(entry.term) was applied, not skipped")
    }
    return 1
  }
}
