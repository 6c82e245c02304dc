// What callers see of the history.

public import PDBModel

/// One revision: who changed what, when, and how.
public struct Revision: Equatable, Sendable {
  /// Grows by one with every change.
  public let number: UInt64
  /// When the leader took the change, by its clock.
  public let time: Timestamp
  /// The author that the request named; free text.
  public let author: String
  /// What was done, in the words of the command line: `task add`, `kv set`.
  public let operation: String
  /// The revision that this one takes back, if it is an undo.
  public let undoes: UInt64?
  /// The term of the leader that took the change; 0 where there are none.
  public let term: UInt64
  /// The id of the request, if it had one.
  public let request: String?
  /// How many keys it changed.
  public let count: Int
  /// What it did to each key; in a list of many revisions only to the first of them.
  public let changes: [KeyChange]
  /// What it did to the settings of the cluster.
  public let settings: [SettingChange]

  /// A revision with these properties.
  public init(
    number: UInt64, time: Timestamp, author: String, operation: String, undoes: UInt64?,
    term: UInt64, request: String?, count: Int, changes: [KeyChange],
    settings: [SettingChange] = []
  ) {
    self.number = number
    self.time = time
    self.author = author
    self.operation = operation
    self.undoes = undoes
    self.term = term
    self.request = request
    self.count = count
    self.changes = changes
    self.settings = settings
  }

  /// What a revision did to one key.
  public struct KeyChange: Equatable, Sendable {
    /// The key that was set or removed.
    public let key: Bytes
    /// The value before; `nil` if there was none.
    public let before: Bytes?
    /// The value since; `nil` if it was removed.
    public let after: Bytes?

    /// A change of one key.
    public init(key: Bytes, before: Bytes?, after: Bytes?) {
      self.key = key
      self.before = before
      self.after = after
    }
  }
}

/// A part of the history.
public struct HistoryPage: Sendable {
  /// The newest first.
  public let revisions: [Revision]
  /// The newest revision of the state.
  public let revision: UInt64
  /// Revisions up to this one are forgotten.
  public let compacted: UInt64
  /// Where the next page begins, as ``HistoryQuery/before``; `nil` if this was the last.
  public let next: UInt64?

  /// A page of the history.
  public init(revisions: [Revision], revision: UInt64, compacted: UInt64, next: UInt64?) {
    self.revisions = revisions
    self.revision = revision
    self.compacted = compacted
    self.next = next
  }
}

/// What two states differ in.
public struct Differences: Sendable {
  /// The revision of the state before.
  public let from: UInt64
  /// The revision of the state after.
  public let to: UInt64
  /// The keys that differ, with both values, in the order of the keys.
  public let changes: Listing<Revision.KeyChange>

  /// What two states differ in.
  public init(from: UInt64, to: UInt64, changes: Listing<Revision.KeyChange>) {
    self.from = from
    self.to = to
    self.changes = changes
  }
}

/// What a listener is told.
public enum ChangeEvent: Equatable, Sendable {
  /// A revision of interest, with those of its changes that are.
  case change(Revision)
  /// Nothing of interest happened up to this revision.
  case position(UInt64)
  /// What was asked for is forgotten: read everything anew, it is at `revision` or later.
  case reset(revision: UInt64, compacted: UInt64)

  /// The revision after which a stream goes on that ended here.
  public var revision: UInt64 {
    switch self {
    case .change(let revision): revision.number
    case .position(let revision), .reset(let revision, _): revision
    }
  }
}

/// Changes as they happen, several at a time.
public struct ChangeStream: AsyncSequence, Sendable {
  /// The revision after which it begins.
  public let start: UInt64
  private let source: any BatchSource<ChangeEvent>

  /// A stream of what `source` gives.
  public init(after start: UInt64, _ source: any BatchSource<ChangeEvent>) {
    self.start = start
    self.source = source
  }

  /// An iterator over the stream. Use only one: the source may be shared by all of them.
  public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

  /// Gives the events of a stream, batch by batch.
  public struct Iterator: AsyncIteratorProtocol, Sendable {
    fileprivate var source: any BatchSource<ChangeEvent>

    /// Returns when the next events can be had. Until then none of them takes memory.
    package mutating func wait() async { await source.wait() }

    /// The next events, as soon as there are some; `nil` after the end.
    ///
    /// - Throws: what ended the stream.
    public mutating func next() async throws(PDBError) -> [ChangeEvent]? {
      try await source.next()
    }

    /// The same, on the caller's actor.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(PDBError) -> [ChangeEvent]? {
      try await source.next()
    }
  }
}
