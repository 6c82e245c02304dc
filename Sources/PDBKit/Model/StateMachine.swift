// Applying operations: what turns them into the state.
//
// Everything here is decided by the state and the operation alone, so every node that applies the
// same operations in the same order has the same state, whatever keeps it.

/// How far the data have come; equal on all nodes after the same operations.
package struct DataMark: Equatable, Sendable {
  /// Grows by one with every change.
  package var revision: UInt64 = 0
  /// The sum of the checksums of all pairs.
  package var hash: UInt64 = 0
  /// Requests first sent at or before this time may have been forgotten.
  package var forgotten = Timestamp(milliseconds: .min)
  /// Revisions up to this one are no longer in the history.
  package var compactedRevision: UInt64 = 0
  /// Bytes of changes in the history.
  package var historyBytes: UInt64 = 0

  package init() {}
}

/// Where an operation stands among all.
package struct LogPosition: Equatable, Sendable {
  package let index: UInt64
  package let term: UInt64

  package init(index: UInt64, term: UInt64) {
    self.index = index
    self.term = term
  }
}

/// What is remembered of a request, to answer its repetitions.
package struct RememberedRequest: Sendable {
  /// Where its operation stands in the log.
  package let index: UInt64
  package let id: String
  package let fingerprint: UInt64
  package let time: Timestamp
  package let answer: Bytes

  package init(index: UInt64, id: String, fingerprint: UInt64, time: Timestamp, answer: Bytes) {
    self.index = index
    self.id = id
    self.fingerprint = fingerprint
    self.time = time
    self.answer = answer
  }
}

/// Where a state machine keeps what it knows, within one transaction.
package protocol StateStorage: StateView {
  mutating func put(_ key: Bytes, _ stored: StoredValue) throws
  mutating func remove(_ key: Bytes) throws

  mutating func append(_ revision: RevisionRecord) throws
  /// Removes one revision from the history and tells how many bytes its changes had.
  mutating func removeRevision(_ number: UInt64) throws -> UInt64

  func request(_ id: String) throws -> RememberedRequest?
  mutating func remember(_ request: RememberedRequest) throws
  /// Removes the requests up to an index and tells the newest time among them.
  mutating func removeRequests(through index: UInt64) throws -> Timestamp?
}

/// What applying an operation came to.
package struct Ruling: Sendable {
  package let decision: Decision
  /// The revision after the operation; for a repeated request after the first of them.
  package let revision: UInt64
  /// The revision that the operation made, if it made one.
  package let record: RevisionRecord?
}

/// Applies operations one after the other.
package struct StateMachine<Storage: StateStorage> {
  package var storage: Storage
  package private(set) var mark: DataMark

  package init(storage: Storage, mark: DataMark) {
    self.storage = storage
    self.mark = mark
  }

  /// Applies an operation.
  ///
  /// - Throws: what the storage throws.
  package mutating func apply(
    _ stamped: StampedOperation, at position: LogPosition
  ) throws -> Ruling {
    if let known = try knownAnswer(to: stamped) {
      return Ruling(
        decision: known.decision, revision: known.revision ?? mark.revision, record: nil)
    }
    let (decision, record) = try decision(on: stamped, at: position)
    return Ruling(decision: decision, revision: mark.revision, record: record)
  }

  /// What is old is forgotten at fixed places of the log, not by clock or batch, so every
  /// node forgets the same at the same entry. To be called before the entry is applied.
  package mutating func forget(at index: UInt64) throws {
    guard index % Self.forgetInterval == 0 else { return }
    try forgetRequests(at: index)
    try forgetHistory()
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
      return RememberedAnswer(.failure(refusal), revision: mark.revision)
    }
    return try withNovelty(RememberedAnswer(decoding: known.answer))
  }

  /// Tells again whether a key was made; the history knows.
  private func withNovelty(_ known: RememberedAnswer) throws -> RememberedAnswer {
    guard case .success(.pair(var pair)) = known.decision, let number = known.revision,
      let change = try storage.revision(number)?.keyChanges().first(where: { $0.key == pair.key })
    else { return known }
    pair.isNew = change.before == nil
    return RememberedAnswer(.success(.pair(pair)), revision: number)
  }

  private mutating func decision(
    on stamped: StampedOperation, at position: LogPosition
  ) throws -> (Decision, RevisionRecord?) {
    guard let request = stamped.stamp.request else { return try run(stamped, at: position) }
    if let firstSent = request.firstSent, firstSent <= mark.forgotten {
      let refusal = PDBError(
        .requestExpired, "the request is too old to tell whether it was applied",
        outcome: .unknown, hint: "look at the data, then send it again with a new id")
      return (.failure(refusal), nil)
    }
    let (decision, record) = try run(stamped, at: position)
    try storage.remember(
      RememberedRequest(
        index: position.index, id: request.id, fingerprint: request.fingerprint,
        time: stamped.stamp.time,
        answer: RememberedAnswer(decision, revision: mark.revision).encoded()))
    return (decision, record)
  }

  private mutating func run(
    _ stamped: StampedOperation, at position: LogPosition
  ) throws -> (Decision, RevisionRecord?) {
    var draft = Draft(on: storage, revision: mark.revision + 1)
    do {
      let answer = try stamped.operation.apply(to: &draft, stamp: stamped.stamp)
      let record = try write(
        draft, stamped.stamp, Self.name(stamped.operation, answer), at: position)
      return (.success(answer), record)
    } catch let error as PDBError {
      return (.failure(error), nil)
    }
  }

  /// What the history says of an operation.
  private static func name(_ operation: Operation, _ answer: Answer) -> String {
    if case .undone(let undone) = answer { return Operation.undo(undone.revision).name }
    return operation.name
  }

  private mutating func write(
    _ draft: Draft<Storage>, _ stamp: Stamp, _ operation: String, at position: LogPosition
  ) throws -> RevisionRecord? {
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
    guard !told.isEmpty else { return nil }
    mark.revision = draft.revision
    let changes = told.encoded()
    mark.historyBytes += UInt64(changes.count)
    let record = RevisionRecord(
      number: draft.revision, index: position.index, term: position.term, stamp: stamp,
      operation: operation, changes: changes)
    try storage.append(record)
    return record
  }

  // MARK: Forgetting

  private static var forgetInterval: UInt64 { 16 }

  private mutating func forgetRequests(at index: UInt64) throws {
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

  package static func checksum<T: Collection<UInt8>>(
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
