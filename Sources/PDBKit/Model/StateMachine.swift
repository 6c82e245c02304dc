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
  /// The same with the checksum of version 0.1, for as long as nodes of that version are members.
  package var oldHash: UInt64 = 0
  /// What all members understand; see ``ClusterVersion``.
  package var version = ClusterVersion.first
  /// Requests first sent at or before this time may have been forgotten. Decides only as long as members
  /// are of version 0.1.
  package var forgotten = Timestamp(milliseconds: .min)
  /// Requests whose client knew a lower revision when it first sent them may have been forgotten.
  package var forgottenRevision: UInt64 = 0
  /// Revisions up to this one are no longer in the history.
  package var compactedRevision: UInt64 = 0
  /// Bytes of changes in the history.
  package var historyBytes: UInt64 = 0
  /// How far the lease time is.
  package var lease = LeaseMark()

  package init() {}

  /// What nodes compare with each other: equal where the data are.
  package var comparedHash: UInt64 { version < .checksums ? oldHash : hash }
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
  /// The state's revision when it had been answered.
  package let revision: UInt64
  package let answer: Bytes

  package init(
    index: UInt64, id: String, fingerprint: UInt64, time: Timestamp, revision: UInt64,
    answer: Bytes
  ) {
    self.index = index
    self.id = id
    self.fingerprint = fingerprint
    self.time = time
    self.revision = revision
    self.answer = answer
  }
}

/// Where a state machine keeps what it knows, within one transaction.
package protocol StateStorage: StateView {
  /// Adds a revision: from now on its keys have the values that it gave them. What they had before is
  /// kept for the history.
  mutating func append(_ revision: RecordedRevision) throws
  /// Is told which revisions are about to be forgotten: what that needs can be had at once.
  func prepare(toForget revisions: ClosedRange<UInt64>) throws
  /// Forgets the oldest revision that is known, and what its keys had before; tells what it counted
  /// for. The state after it stays as it is.
  mutating func forget(_ revision: Forgetting) throws -> UInt64
  /// Removes what only tags kept that are gone.
  ///
  /// - Parameter kept: as when the newest of the forgotten revisions was forgotten.
  mutating func release(_ kept: Forgetting) throws
  /// Gives a key that has no history a value, or none.
  mutating func putAside(_ key: Bytes, _ stored: StoredValue?) throws

  func request(_ id: String) throws -> RememberedRequest?
  mutating func remember(_ request: RememberedRequest) throws
  /// Removes the requests up to an index and tells the newest time and revision among them.
  mutating func removeRequests(through index: UInt64) throws -> ForgottenRequests?
  /// The first of the requests that are remembered, in the order of the log.
  func oldestRequest() throws -> RememberedRequest?
}

extension StateStorage {
  package func prepare(toForget revisions: ClosedRange<UInt64>) throws {}
}

/// The newest of the requests that were forgotten.
package struct ForgottenRequests: Sendable {
  package let time: Timestamp
  package let revision: UInt64

  package init(time: Timestamp, revision: UInt64) {
    self.time = time
    self.revision = revision
  }
}

/// What applying an operation came to.
package struct Ruling: Sendable {
  package let decision: Decision
  /// The revision after the operation; for a repeated request after the first of them.
  package let revision: UInt64
  /// The revision that the operation made, if it made one.
  package let made: RecordedRevision?
}

/// Applies operations one after the other.
package struct StateMachine<Storage: StateStorage> {
  package var storage: Storage
  package private(set) var mark: DataMark
  private let rules: any StateRules

  /// - Parameter rules: others than those of production only to see what breaks.
  package init(storage: Storage, mark: DataMark, rules: any StateRules = SoundState()) {
    self.storage = storage
    self.mark = mark
    self.rules = rules
  }

  /// Whether this program knows what an operation means: asked before anything is changed.
  ///
  /// - Throws: ``ClusterVersion/NotUnderstood`` if the operation raises the cluster's version beyond.
  package func mustUnderstand(_ operation: Operation) throws {
    if case .raiseVersion(let version) = operation, version > rules.newestVersion {
      throw ClusterVersion.NotUnderstood(version: version)
    }
  }

  /// Applies an operation.
  ///
  /// - Throws: what the storage throws; what ``mustUnderstand(_:)`` throws.
  package mutating func apply(
    _ stamped: StampedOperation, at position: LogPosition
  ) throws -> Ruling {
    try mustUnderstand(stamped.operation)
    if let known = try knownAnswer(to: stamped) {
      return Ruling(
        decision: known.decision, revision: known.revision ?? mark.revision, made: nil)
    }
    if case .raiseVersion(let version) = stamped.operation { try raise(to: version) }
    let (decision, made) = try decision(on: stamped, at: position)
    return Ruling(decision: decision, revision: mark.revision, made: made)
  }

  private mutating func raise(to version: ClusterVersion) throws {
    if mark.version < .checksums, version >= .checksums {
      // What nodes of version 0.1 have forgotten was older than what they remember.
      let anyForgotten = mark.forgotten != DataMark().forgotten
      let oldest = try storage.oldestRequest()?.revision ?? mark.revision
      mark.forgottenRevision = anyForgotten ? oldest + 1 : 0
    }
    mark.version = max(mark.version, version)
  }

  /// What is old is forgotten at fixed places of the log, not by clock or batch, so every
  /// node forgets the same at the same entry. To be called before the entry is applied.
  ///
  /// - Parameter time: when the entry's operation was proposed, as its stamp says; `nil` if it has none.
  package mutating func forget(at index: UInt64, _ time: Timestamp?) throws {
    guard index % Self.forgetInterval == 0 else { return }
    try forgetRequests(at: index)
    if mark.version < .checksums {
      try forgetOldHistory()
    } else {
      try forgetHistory(at: time)
    }
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
      let record = try storage.revision(number),
      let change = try storage.changes(of: record).first(where: { $0.key == pair.key })
    else { return known }
    pair.isNew = change.before == nil
    return RememberedAnswer(.success(.pair(pair)), revision: number)
  }

  /// Whether a request that is not remembered may have been applied nevertheless, and forgotten since.
  private func mayHaveForgotten(_ request: RequestID) -> Bool {
    if let known = request.knownRevision {
      return rules.isTooOld(known, forgotten: mark.forgottenRevision)
    }
    return request.firstSent.map { $0 <= mark.forgotten } ?? false
  }

  private mutating func decision(
    on stamped: StampedOperation, at position: LogPosition
  ) throws -> (Decision, RecordedRevision?) {
    guard let request = stamped.stamp.request else { return try run(stamped, at: position) }
    if mayHaveForgotten(request) {
      let refusal = PDBError(
        .requestExpired, "the request is too old to tell whether it was applied",
        outcome: .unknown, hint: "look at the data, then send it again with a new id")
      return (.failure(refusal), nil)
    }
    let (decision, made) = try run(stamped, at: position)
    try storage.remember(
      RememberedRequest(
        index: position.index, id: request.id, fingerprint: request.fingerprint,
        time: stamped.stamp.time, revision: mark.revision,
        answer: RememberedAnswer(decision, revision: mark.revision).encoded()))
    return (decision, made)
  }

  private mutating func run(
    _ stamped: StampedOperation, at position: LogPosition
  ) throws -> (Decision, RecordedRevision?) {
    let mayUse = rules.mayUse(stamped.operation.version, at: mark.version)
    if mayUse, let now = stamped.operation.leaseTime, now > mark.lease.time {
      (mark.lease.time, mark.lease.stamp) = (now, stamped.stamp.time)
    }
    var draft = Draft(on: storage, after: mark, at: position, rules: rules)
    let decision: Decision
    do {
      guard mayUse else { throw PDBError.membersTooOld }
      decision = .success(try stamped.operation.apply(to: &draft, stamp: stamped.stamp))
    } catch let error as PDBError {
      decision = .failure(error)
    }
    var isRefused: Bool { if case .failure = decision { true } else { false } }
    guard rules.mayWrite(isRefused: isRefused) else { return (decision, nil) }
    let name = Self.name(stamped.operation, decision)
    return (decision, try write(draft, stamped.stamp, name, at: position))
  }

  /// What the history says of an operation.
  private static func name(_ operation: Operation, _ decision: Decision) -> String {
    if case .success(.undone(let undone)) = decision {
      return Operation.undo(undone.revision).name
    }
    return operation.name
  }

  private mutating func write(
    _ draft: Draft<Storage>, _ stamp: Stamp, _ operation: String, at position: LogPosition
  ) throws -> RecordedRevision? {
    for change in draft.changes {
      let after = change.after.map { StoredValue(value: $0, revision: draft.revision) }
      mark.replace(change.before, with: after, under: change.key)
      if SystemKeys.hasNoHistory(change.key) { try storage.putAside(change.key, after) }
    }
    if draft.changes.contains(where: { $0.key.starts(with: LeaseKeys.due) }) {
      mark.lease.next = try storage.firstDeadline()
    }
    // What an import is put together from is not part of the past, and no revision.
    // Nor is a key that came and went within one transaction.
    let changes = draft.changes.filter { change in
      !SystemKeys.hasNoHistory(change.key) && (change.before != nil || change.after != nil)
    }
    guard !changes.isEmpty else { return nil }
    mark.revision = draft.revision
    let record = RevisionRecord(
      number: draft.revision, at: position, stamp: stamp, operation: operation, of: changes)
    mark.historyBytes += record.byteCount
    let made = RecordedRevision(record, changes)
    try storage.append(made)
    try release(changes)
    return made
  }

  /// What a tag held goes when the tag does, unless it is part of the history.
  private mutating func release(_ changes: [KeyChange]) throws {
    let number = mark.compactedRevision
    let isReleased = changes.contains { change in
      guard let before = change.before, let tag = Tag(change.key, before.value) else {
        return false
      }
      return tag.revision < number
    }
    guard isReleased else { return }
    try storage.release(
      Forgetting(
        number, keepingFrom: rules.firstKept(afterForgetting: number), held: try heldRevisions()))
  }

  private func heldRevisions() throws -> [UInt64] {
    rules.held(try storage.tags().map(\.revision))
  }

  // MARK: Forgetting

  private static var forgetInterval: UInt64 { 16 }

  private mutating func forgetRequests(at index: UInt64) throws {
    let remembered = rules.rememberedEntries
    guard index > remembered else { return }
    let newest = try storage.removeRequests(through: index - remembered)
    guard let newest else { return }
    mark.forgotten = max(mark.forgotten, newest.time)
    mark.forgottenRevision = max(mark.forgottenRevision, newest.revision + 1)
  }

  /// Forgets the oldest revisions that exceed the settings: not all at once where there are many, but the
  /// following entries go on with it.
  private mutating func forgetHistory(at time: Timestamp?) throws {
    let limits = HistoryLimits(try storage.settings())
    let oldest = rules.forgettingTime(of: time).flatMap { limits.oldest(at: $0) }
    guard mark.compactedRevision < mark.revision, try exceeds(limits, oldest) else { return }
    let held = try heldRevisions()
    try storage.prepare(toForget: mark.compactedRevision + 1...lastSurplus(limits))
    for _ in 0..<Self.forgottenAtOnce where mark.compactedRevision < mark.revision {
      guard try exceeds(limits, oldest) else { return }
      try forgetOldestRevision(holding: held)
    }
  }

  /// Up to which revision the history is about to be forgotten, as far as counting tells.
  private func lastSurplus(_ limits: HistoryLimits) -> UInt64 {
    let kept = mark.revision - mark.compactedRevision
    let surplus = max(kept > limits.revisions ? kept - limits.revisions : 0, Self.forgetInterval)
    return mark.compactedRevision + min(surplus, UInt64(Self.forgottenAtOnce), kept)
  }

  /// Whether the oldest revision that is known must go.
  private func exceeds(_ limits: HistoryLimits, _ oldest: Timestamp?) throws -> Bool {
    let kept = mark.revision - mark.compactedRevision
    if rules.mustForget(kept: kept, limit: limits.revisions) { return true }
    if rules.mustForget(kept: mark.historyBytes, limit: limits.bytes) { return true }
    guard let oldest, let record = try storage.revision(mark.compactedRevision + 1) else {
      return false
    }
    return record.stamp.time < oldest
  }

  /// The revisions that are forgotten at one entry at most.
  private static var forgottenAtOnce: Int { 256 }

  private mutating func forgetOldestRevision(holding held: [UInt64]) throws {
    mark.compactedRevision += 1
    let number = mark.compactedRevision
    mark.historyBytes -= try storage.forget(
      Forgetting(number, keepingFrom: rules.firstKept(afterForgetting: number), held: held))
  }

  /// As nodes of version 0.1 do.
  private mutating func forgetOldHistory() throws {
    while mark.revision - mark.compactedRevision > Limits.historyRevisions
      || mark.historyBytes > Limits.historyBytes, mark.compactedRevision < mark.revision
    { try forgetOldestRevision(holding: []) }
  }
}

extension DataMark {
  fileprivate mutating func replace(
    _ before: StoredValue?, with after: StoredValue?, under key: Bytes
  ) {
    if let before { hash &-= before.checksum(under: key) }
    if let after { hash &+= after.checksum(under: key) }
    guard version < .checksums else { return }
    if let before { oldHash &-= before.oldChecksum(under: key) }
    if let after { oldHash &+= after.oldChecksum(under: key) }
  }
}

extension StoredValue {
  /// Of the whole pair: key, value and revision.
  package func checksum(under key: Bytes) -> UInt64 {
    var checksum = Checksum(seed: revision)
    checksum.update(key)
    checksum.update(value)
    return checksum.value
  }

  /// The same as version 0.1 computes it.
  package func oldChecksum(under key: Bytes) -> UInt64 {
    var checksum = FNVChecksum()
    checksum.update(UInt64(key.count))
    checksum.update(key)
    checksum.update(revision)
    checksum.update(value)
    return checksum.value
  }
}
