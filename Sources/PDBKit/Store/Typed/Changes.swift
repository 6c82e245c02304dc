// Changes of keys, one after the other, as programs listen to them.

public import PDBModel

/// Changes of keys as they happen, without an end. A stream that is begun again after the last
/// ``KeyEvent/revision`` misses nothing and repeats nothing.
public struct Changes: AsyncSequence, Sendable {
  fileprivate let store: any Store
  fileprivate let since: UInt64?
  fileprivate let filter: HistoryFilter

  init(store: any Store, since: UInt64?, filter: HistoryFilter) {
    self.store = store
    self.since = since
    self.filter = filter
  }

  /// An iterator; the store is asked when the first change is wanted.
  public func makeAsyncIterator() -> Iterator { Iterator(self) }

  /// Gives one change after the other.
  public struct Iterator: AsyncIteratorProtocol {
    private let changes: Changes
    private var stream: ChangeStream.Iterator?
    private var waiting: ArraySlice<KeyEvent> = []

    fileprivate init(_ changes: Changes) { self.changes = changes }

    /// The next change, as soon as there is one.
    ///
    /// - Throws: `revision_not_found` if what comes next is forgotten: everything must be read anew.
    public mutating func next() async throws(PDBError) -> KeyEvent? {
      try await next(isolation: nil)
    }

    /// The same, on the caller's actor.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(PDBError) -> KeyEvent? {
      if stream == nil {
        stream = try await changes.store.changes(
          since: changes.since, changes.filter, at: .now
        ).makeAsyncIterator()
      }
      while waiting.isEmpty {
        guard let events = try await stream?.next(isolation: actor) else { return nil }
        for event in events { try take(event) }
      }
      return waiting.removeFirst()
    }

    private mutating func take(_ event: ChangeEvent) throws(PDBError) {
      switch event {
      case .position: break
      case .change(let revision):
        waiting += revision.changes.map { KeyEvent($0, in: revision) }
      case .reset(let revision, let compacted):
        throw PDBError(
          .revisionNotFound,
          "the history begins after revision \(compacted); what was asked for is "
            + "forgotten",
          hint: "read everything anew, and listen from revision \(revision) on")
      }
    }
  }
}

/// What happened to one key.
public struct KeyEvent: Sendable {
  /// The key; bytes that are no UTF-8 are shown as U+FFFD.
  public var key: String { String(decoding: change.key, as: UTF8.self) }
  /// The key and its values, byte for byte.
  public let change: Revision.KeyChange
  /// The revision that did it.
  public let revision: UInt64
  /// When.
  public let time: Timestamp
  /// The author that the change named; free text.
  public let author: String
  /// What was done, in the words of the command line: `kv set`, `undo 4`.
  public let operation: String

  fileprivate init(_ change: Revision.KeyChange, in revision: Revision) {
    self.change = change
    self.revision = revision.number
    time = revision.time
    author = revision.author
    operation = revision.operation
  }

  /// Whether the key was removed.
  public var isRemoval: Bool { change.after == nil }

  /// The value since then; `nil` if the key was removed.
  ///
  /// - Throws: `invalid_value` if it is nothing of that type.
  public func value<Value: Decodable>(
    as type: Value.Type = Value.self
  ) throws(PDBError) -> Value? {
    guard let after = change.after else { return nil }
    return try JSONValue.decode(type, after, under: key)
  }
}
