// Applying committed entries: what turns the log into the state.
//
// Everything here is decided by the state and the entry alone, so every node that applies the
// same log has the same state, whatever keeps it.

package import Raft

/// How far a state has come.
package struct StateMark: Equatable, Sendable {
  package var appliedIndex: Index = 0
  package var appliedTerm: Term = 0
  /// Grows by one with every change; the same on every node.
  package var revision: UInt64 = 0
  /// The sum of the checksums of all pairs; equal on all nodes at equal `appliedIndex`.
  package var hash: UInt64 = 0
  /// Requests first sent at or before this time may have been forgotten.
  package var forgotten = Timestamp(milliseconds: .min)
  /// Revisions up to this one are no longer in the history.
  package var compactedRevision: UInt64 = 0
  /// Bytes of changes in the history.
  package var historyBytes: UInt64 = 0
  /// The members as of `appliedIndex`; part of what a snapshot holds (Raft, Figure 13).
  package var membership = Membership([])

  package init() {}
}

/// What is remembered of a request, to answer its repetitions.
package struct RememberedRequest: Sendable {
  package let index: Index
  package let id: String
  package let fingerprint: UInt64
  package let time: Timestamp
  package let answer: Bytes
}

/// Where a state machine keeps what it knows, within one transaction.
package protocol StateStorage: StateView {
  mutating func put(_ key: Bytes, _ stored: StoredValue) throws
  mutating func remove(_ key: Bytes) throws

  mutating func append(_ revision: Revision) throws
  /// Removes one revision from the history and tells how many bytes its changes had.
  mutating func removeRevision(_ number: UInt64) throws -> UInt64

  func request(_ id: String) throws -> RememberedRequest?
  mutating func remember(_ request: RememberedRequest) throws
  /// Removes the requests up to an index and tells the newest time among them.
  mutating func removeRequests(through index: Index) throws -> Timestamp?
}

/// An entry that was applied.
package struct Applied: Sendable {
  package let index: Index
  package let term: Term
  /// `nil` for entries that carry no operation.
  package let answer: Answer?
  /// The state's revision after the entry that the answer is about: for a repeated request the
  /// first of them.
  package let answeredRevision: UInt64
  /// The state's revision and hash after this entry.
  package let revision: UInt64
  package let hash: UInt64

  var isUndo: Bool { if case .undone = answer { true } else { false } }
}

/// Applies entries one after the other.
package struct StateMachine<Storage: StateStorage> {
  package var storage: Storage
  package private(set) var mark: StateMark

  package init(storage: Storage, mark: StateMark) {
    self.storage = storage
    self.mark = mark
  }

  /// Applies the next entry. One that the state holds already, because it was received whole
  /// meanwhile, is skipped: `nil`.
  ///
  /// - Throws: what the storage throws; and for an entry that cannot be read, because
  ///   skipping it would split the states.
  package mutating func apply(_ entry: Entry) throws -> Applied? {
    guard entry.index > mark.appliedIndex else { return nil }
    precondition(entry.index == mark.appliedIndex + 1, "entries are applied in order")
    mark.appliedIndex = entry.index
    mark.appliedTerm = entry.term
    if entry.index % Self.forgetInterval == 0 {
      try forgetRequests(at: entry.index)
      try forgetHistory()
    }
    var answer: Answer?
    var revision: UInt64?
    switch entry.payload {
    case .noop: break
    case .membership(let membership): mark.membership = membership
    case .operation(let bytes):
      let stamped = try StampedOperation(decoding: bytes)
      if let known = try knownAnswer(to: stamped) {
        (answer, revision) = (known.answer, known.revision)
      } else {
        answer = try self.answer(stamped, in: entry)
      }
    }
    return Applied(
      index: entry.index, term: entry.term, answer: answer,
      answeredRevision: revision ?? mark.revision, revision: mark.revision,
      hash: mark.hash)
  }

  /// A request is answered once: a repetition gets the first answer, and changes nothing.
  private func knownAnswer(to stamped: StampedOperation) throws -> RememberedAnswer? {
    guard let request = stamped.stamp.request,
      let known = try storage.request(request.id)
    else { return nil }
    guard known.fingerprint == request.fingerprint else {
      let refusal = PDBError(
        .requestMismatch, "request id '\(request.id)' was used for another request",
        hint: "use a new Idempotency-Key for every new request")
      return RememberedAnswer(answer: .refused(refusal), revision: mark.revision)
    }
    return try withNovelty(RememberedAnswer(decoding: known.answer))
  }

  /// Tells again whether a key was made; the history knows.
  private func withNovelty(_ known: RememberedAnswer) throws -> RememberedAnswer {
    guard case .pair(var pair) = known.answer, let number = known.revision,
      let change = try storage.revision(number)?.keyChanges().first(where: { $0.key == pair.key })
    else { return known }
    pair.isNew = change.before == nil
    return RememberedAnswer(answer: .pair(pair), revision: number)
  }

  private mutating func answer(_ stamped: StampedOperation, in entry: Entry) throws -> Answer {
    guard let request = stamped.stamp.request else { return try run(stamped, in: entry) }
    if let firstSent = request.firstSent, firstSent <= mark.forgotten {
      return .refused(
        PDBError(
          .requestExpired, "the request is too old to tell whether it was applied",
          outcome: .unknown, hint: "look at the data, then send it again with a new id"))
    }
    let answer = try run(stamped, in: entry)
    try storage.remember(
      RememberedRequest(
        index: entry.index, id: request.id, fingerprint: request.fingerprint,
        time: stamped.stamp.time,
        answer: RememberedAnswer(answer: answer, revision: mark.revision).encoded()))
    return answer
  }

  private mutating func run(_ stamped: StampedOperation, in entry: Entry) throws -> Answer {
    var draft = Draft(on: storage, revision: mark.revision + 1)
    do {
      let answer = try stamped.operation.apply(to: &draft, stamp: stamped.stamp)
      if !draft.changes.isEmpty {
        try write(draft, stamped.stamp, Self.name(stamped.operation, answer), in: entry)
      }
      return answer
    } catch let error as PDBError {
      return .refused(error)
    }
  }

  /// What the history says of an operation.
  private static func name(_ operation: Operation, _ answer: Answer) -> String {
    if case .undone(let undone) = answer { return Operation.undo(undone.revision).name }
    return operation.name
  }

  private mutating func write(
    _ draft: Draft<Storage>, _ stamp: Stamp, _ operation: String, in entry: Entry
  ) throws {
    for change in draft.changes {
      if let before = change.before { mark.hash &-= before.checksum(under: change.key) }
      if let after = change.after {
        let stored = StoredValue(value: after, revision: draft.revision)
        try storage.put(change.key, stored)
        mark.hash &+= stored.checksum(under: change.key)
      } else {
        try storage.remove(change.key)
      }
    }
    // What an import is put together from is not part of the past, and no revision.
    let told = draft.changes.filter { !$0.key.starts(with: ImportKeys.prefix) }
    guard !told.isEmpty else { return }
    mark.revision = draft.revision
    let changes = told.encoded()
    mark.historyBytes += UInt64(changes.count)
    try storage.append(
      Revision(
        number: draft.revision, index: entry.index, term: entry.term, stamp: stamp,
        operation: operation, changes: changes))
  }

  // MARK: Forgetting

  /// What is old is forgotten at fixed places of the log, not by clock or batch, so every
  /// node forgets the same at the same entry.
  private static var forgetInterval: Index { 16 }

  private mutating func forgetRequests(at index: Index) throws {
    guard index > Limits.rememberedRequests else { return }
    let newest = try storage.removeRequests(through: index - Limits.rememberedRequests)
    if let newest { mark.forgotten = max(mark.forgotten, newest) }
  }

  private mutating func forgetHistory() throws {
    while mark.revision - mark.compactedRevision > Limits.historyRevisions
      || mark.historyBytes > Limits.historyBytes, mark.compactedRevision < mark.revision
    {
      mark.compactedRevision += 1
      mark.historyBytes -= try storage.removeRevision(mark.compactedRevision)
    }
  }
}

extension StoredValue {
  /// Of the whole pair: key, value and revision.
  package func checksum(under key: Bytes) -> UInt64 {
    Self.checksum(of: value, revision: revision, under: key)
  }

  static func checksum<T: Collection<UInt8>>(
    of value: T, revision: UInt64, under key: T
  ) -> UInt64 {
    var checksum = Checksum()
    checksum.update(UInt64(key.count))
    checksum.update(key)
    checksum.update(revision)
    checksum.update(value)
    return checksum.value
  }
}
