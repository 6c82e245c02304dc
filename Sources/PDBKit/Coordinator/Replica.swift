// One node's copy of the state: here the log joins the data.

package import PDBModel
package import Raft

/// How far a state has come.
@dynamicMemberLookup
package struct StateMark: Equatable, Sendable {
  package var appliedIndex: Index = 0
  package var appliedTerm: Term = 0
  /// How far the data are.
  package var data = DataMark()
  /// The members as of `appliedIndex`; part of what a snapshot holds (Raft, Figure 13).
  package var membership = Membership([])

  package init() {}

  package subscript<T>(dynamicMember path: WritableKeyPath<DataMark, T>) -> T {
    get { data[keyPath: path] }
    set { data[keyPath: path] = newValue }
  }

  package subscript<T>(dynamicMember path: KeyPath<DataMark, T>) -> T { data[keyPath: path] }
}

/// An entry that was applied.
package struct Applied: Sendable {
  package let index: Index
  package let term: Term
  /// `nil` for entries that carry no operation.
  package let decision: Decision?
  /// The state's revision after the entry that the answer is about: for a repeated request the
  /// first of them.
  package let answeredRevision: UInt64
  /// The state's revision and hash after this entry.
  package let revision: UInt64
  package let hash: UInt64
  /// The revision that the entry made, if it made one.
  package let made: RecordedRevision?

  /// Whether tasks that were gone may be there again.
  var bringsTasksBack: Bool { made?.bringsTasksBack ?? false }
}

/// Applies entries one after the other.
package struct Replica<Storage: StateStorage> {
  private var machine: StateMachine<Storage>
  private var position: (index: Index, term: Term)
  private var membership: Membership

  /// - Parameter rules: others than those of production only to see what breaks.
  package init(storage: Storage, mark: StateMark, rules: any StateRules = SoundState()) {
    machine = StateMachine(storage: storage, mark: mark.data, rules: rules)
    position = (mark.appliedIndex, mark.appliedTerm)
    membership = mark.membership
  }

  package var storage: Storage {
    get { machine.storage }
    set { machine.storage = newValue }
  }

  package var mark: StateMark {
    var mark = StateMark()
    (mark.appliedIndex, mark.appliedTerm) = position
    mark.data = machine.mark
    mark.membership = membership
    return mark
  }

  /// Applies the next entry. One that the state holds already, because it was received whole
  /// meanwhile, is skipped: `nil`.
  ///
  /// - Throws: what the storage throws; ``PoisonedEntry`` for an entry that cannot be read, understood or
  ///   carried out: passing it over would split the states. After an error the storage must be taken
  ///   back to what it was, and this forgotten.
  package mutating func apply(_ entry: Entry) throws -> Applied? {
    guard entry.index > position.index else { return nil }
    precondition(
      entry.index == position.index + 1,
      "entry \(entry.index) of term \(entry.term) was to be applied after \(position.index)")
    let operation = try understood(entry)
    position = (entry.index, entry.term)
    try machine.forget(at: entry.index, operation?.stamp.time)
    var ruling: Ruling?
    if case .membership(let membership) = entry.payload { self.membership = membership }
    if let operation {
      do {
        ruling = try machine.apply(
          operation, at: LogPosition(index: entry.index, term: entry.term))
      } catch is BinaryReader.Malformed {
        throw PoisonedEntry(
          index: entry.index, term: entry.term, reason: "it leads to what cannot be read")
      }
    }
    let mark = machine.mark
    return Applied(
      index: entry.index, term: entry.term, decision: ruling?.decision,
      answeredRevision: ruling?.revision ?? mark.revision, revision: mark.revision,
      hash: mark.comparedHash, made: ruling?.made)
  }

  /// What an entry carries, if that is an operation.
  private func understood(_ entry: Entry) throws -> StampedOperation? {
    func poisoned(_ reason: String) -> PoisonedEntry {
      PoisonedEntry(index: entry.index, term: entry.term, reason: reason)
    }
    do {
      let operation = try entry.operation
      if let operation { try machine.mustUnderstand(operation.operation) }
      return operation
    } catch let error as ClusterVersion.NotUnderstood {
      throw poisoned(
        "it raises the cluster to version \(error.version.number), which this program does not know"
      )
    } catch {
      throw poisoned("its operation cannot be read")
    }
  }
}

extension Entry {
  /// What it carries, if that is an operation.
  fileprivate var operation: StampedOperation? {
    get throws {
      guard case .operation(let bytes) = payload else { return nil }
      return try StampedOperation(decoding: bytes)
    }
  }

  /// Whether this program understands what it carries.
  package var isReadable: Bool {
    isOperation ? (try? operation)?.isUnderstood ?? false : true
  }

  package var mayTakeLong: Bool {
    if case .operation(let bytes) = payload { StampedOperation.mayTakeLong(bytes) } else { false }
  }
}

extension StampedOperation {
  /// Whether this program can go on behind it.
  fileprivate var isUnderstood: Bool {
    if case .raiseVersion(let version) = operation { version <= .newest } else { true }
  }
}
