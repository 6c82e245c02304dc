// The wall between what pdb means and where the data are.

public import PDBModel

/// A place that holds data: it makes changes and answers questions.
///
/// A cluster is one, and so is a client of it. The routes, the command line, the shell, and other
/// programs speak only this. Values cross it: no transaction, no response, no log entry.
///
/// Every failure is a ``PDBError``. Its ``PDBError/outcome-swift.property`` says truthfully what
/// became of a change: `not_applied` is a promise.
public protocol Store: Sendable {
  /// Which data these are.
  func identity() async throws(PDBError) -> ClusterIdentity

  /// Makes a change; returns when it is durable.
  ///
  /// The store stamps it: the time, the ids of new tasks, who the author is.
  ///
  /// - Parameters:
  ///   - change: what is to be done, all or nothing.
  ///   - origin: the author, and the request's id, if it may be sent again.
  /// - Throws: what the data object (`conflict`, `task_not_found` and the like: nothing changed), or
  ///   what kept the change from being made or from being confirmed.
  func apply(_ change: Change, from origin: Origin) async throws(PDBError) -> Receipt

  /// Reads one key. The value is `nil` where there is none.
  func get(_ key: Bytes, at moment: Moment) async throws(PDBError) -> Read<Pair?>

  /// Reads pairs in the order of their keys.
  func pairs(_ query: PairQuery, at moment: Moment) async throws(PDBError) -> Listing<Pair>

  /// Reads one task.
  ///
  /// - Throws: `task_not_found`, or `ambiguous_task` with the candidates.
  func task(
    _ reference: TaskReference, at moment: Moment
  ) async throws(PDBError) -> Read<VersionedTask>

  /// Reads tasks, the newest first.
  func tasks(_ query: TaskQuery, at moment: Moment) async throws(PDBError) -> Listing<VersionedTask>

  /// Reads one revision, with all that it changed.
  ///
  /// - Throws: `revision_not_found` for one that is forgotten or still to come.
  func revision(
    _ number: UInt64, at moment: Moment
  ) async throws(PDBError) -> Read<Revision>

  /// Reads a page of the history, the newest revision first.
  func history(_ query: HistoryQuery, at moment: Moment) async throws(PDBError) -> HistoryPage

  /// Compares two states, key by key, in the order of the keys.
  ///
  /// - Throws: `revision_not_found` for one that is forgotten or still to come.
  func differences(
    _ query: DifferenceQuery, at moment: Moment
  ) async throws(PDBError) -> Differences

  /// Reads the tags, in the order of their names.
  func tags(at moment: Moment) async throws(PDBError) -> Read<[Tag]>

  /// Listens to the changes after a revision, oldest first, without an end. A stream that is begun
  /// again after the last revision it told misses nothing and repeats nothing. It says something
  /// every two seconds, if only its position.
  ///
  /// - Parameters:
  ///   - revision: `nil` for the newest one.
  ///   - filter: which of them are of interest.
  ///   - moment: which state knows the newest one.
  /// - Throws: `revision_not_found` for a revision that is still to come.
  func changes(
    since revision: UInt64?, _ filter: HistoryFilter, at moment: Moment
  ) async throws(PDBError) -> ChangeStream

  /// Reads all pairs of one revision whose keys begin with a prefix, tasks among them, in the
  /// order of their keys.
  func export(prefix: Bytes, at moment: Moment) async throws(PDBError) -> Listing<Pair>

  /// How many parts of an import are put aside; see ``Change/stageImport(_:)``.
  func stagedParts(of importID: String, at moment: Moment) async throws(PDBError) -> Int

  /// Reads the settings that hold; see ``Change/setSetting(_:value:)``.
  func settings(at moment: Moment) async throws(PDBError) -> Read<Settings>

  /// The whole state of one revision, for a restore.
  func backup(at moment: Moment) async throws(PDBError) -> ByteStream
}

/// What was read, and the revision of the state it was read from.
public struct Read<Value: Sendable>: Sendable {
  /// What was read.
  public let value: Value
  /// The revision of the state it was read from.
  public let revision: UInt64

  /// A value read from the state of `revision`.
  public init(_ value: Value, revision: UInt64) {
    self.value = value
    self.revision = revision
  }
}

/// What a change did, and the revision of the state after it.
public struct Receipt: Equatable, Sendable {
  /// What the change did.
  public let answer: Answer
  /// The revision of the state after it.
  public let revision: UInt64

  /// The receipt of a change that is durable.
  public init(_ answer: Answer, revision: UInt64) {
    self.answer = answer
    self.revision = revision
  }
}

/// Where a change comes from.
public struct Origin: Sendable {
  /// Who makes the change, for the history: free text of at most ``Limits/authorBytes`` bytes. `nil`:
  /// as the store was told.
  public var author: String?
  /// Names the request, so that the store recognises it when it is sent again.
  public var request: RequestID?

  /// An origin; without arguments the author is the store's own, and the request has no id.
  public init(author: String? = nil, request: RequestID? = nil) {
    self.author = author
    self.request = request
  }

  /// The identity of a request across its attempts: the same id with the same fingerprint is applied
  /// once, and answered with the first answer.
  public struct RequestID: Sendable {
    /// 1 to ``Limits/requestIDBytes`` visible ASCII characters.
    public let id: String
    /// Of what is asked, so that the same id with another request is refused; `nil`: the store
    /// takes that of the change.
    public let fingerprint: UInt64?
    /// How long ago the request was first sent; `nil` for a first attempt. A cluster with members of
    /// version 0.1 decides by it whether it would still remember the request.
    public let age: Duration?
    /// For a request that is sent again, the newest revision that the caller knew before it was first
    /// sent: whether the store would still remember the request is decided by it.
    public let knownRevision: UInt64?

    package var isRetry: Bool { age != nil || knownRevision != nil }

    /// The identity of a request; the store checks the id.
    public init(
      _ id: String, fingerprint: UInt64? = nil, age: Duration? = nil, knownRevision: UInt64? = nil
    ) {
      self.id = id
      self.fingerprint = fingerprint
      self.age = age
      self.knownRevision = knownRevision
    }
  }
}

extension Store {
  /// Makes a change in the store's own name.
  @discardableResult
  public func apply(_ change: Change) async throws(PDBError) -> Receipt {
    try await apply(change, from: Origin())
  }
}
