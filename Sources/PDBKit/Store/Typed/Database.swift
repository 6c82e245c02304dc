// What programs import: keys as text, values as types of their own, tasks, and changes as they happen.

public import PDBModel

/// The data of a place, whichever it is: a folder, a node, a cluster.
///
/// Values are JSON (RFC 8259); anything `Codable` is written and read as that. Every failure is a
/// ``PDBError``, whose ``PDBError/outcome-swift.property`` says truthfully what became of a change.
///
/// ```swift
/// try await PDB.connect(to: ["127.0.0.1:4000"]) { db in
///   try await db.set("user:lan", to: User(name: "Lan"), if: .absent)
///   let lan = try await db.get("user:lan", as: User.self)
/// }
/// ```
public struct Database: Sendable {
  /// The place, for what is not said in types: listings of any length, the history, conditions.
  public let store: any Store

  /// The data of a place that is open.
  public init(_ store: any Store) { self.store = store }

  /// The list of tasks.
  public var tasks: Tasks { Tasks(store: store) }

  // MARK: Reading

  /// Reads a value.
  ///
  /// - Parameters:
  ///   - key: 1 to ``Limits/keyBytes`` bytes of UTF-8; it is looked for as it is, without normalisation.
  ///   - type: what the value is decoded as.
  ///   - moment: ``Moment/now`` has every change that was acknowledged before the call.
  /// - Returns: `nil` if there is no such key.
  /// - Throws: `invalid_value` if what is there is nothing of that type.
  public func get<Value: Decodable>(
    _ key: String, as type: Value.Type = Value.self, at moment: Moment = .now
  ) async throws(PDBError) -> Value? {
    try await entry(key, as: type, at: moment)?.value
  }

  /// Reads a value with the revision that set it, for a change that is to be made only if nobody else
  /// was faster.
  public func entry<Value: Decodable>(
    _ key: String, as type: Value.Type = Value.self, at moment: Moment = .now
  ) async throws(PDBError) -> Entry<Value>? {
    guard let pair = try await store.get(Bytes(key.utf8), at: moment).value else { return nil }
    return try Entry(pair)
  }

  /// Reads all values whose keys begin with a prefix, in the order of their keys, of one revision.
  /// Tasks are left out, unless the prefix is theirs (`task_`).
  public func entries<Value: Decodable & Sendable>(
    prefix: String = "", as type: Value.Type = Value.self, at moment: Moment = .now
  ) async throws(PDBError) -> Entries<Value> {
    let query = PairQuery(prefix: Bytes(prefix.utf8))
    return Entries(try await store.pairs(query, at: moment))
  }

  // MARK: Changing

  /// Sets a key to a value.
  ///
  /// - Parameters:
  ///   - key: as in ``get(_:as:at:)``.
  ///   - value: anything that can be encoded as JSON.
  ///   - condition: what must hold for the change to be made; then or never.
  /// - Returns: the revision that the change made.
  /// - Throws: `conflict` if the condition does not hold; `invalid_value` for a value that cannot be
  ///   encoded.
  @discardableResult
  public func set(
    _ key: String, to value: some Encodable, if condition: Condition = .none
  ) async throws(PDBError) -> UInt64 {
    let pair = NewPair(key: Bytes(key.utf8), value: try JSONValue.encode(value))
    return try await store.apply(.set(pair, condition, .spare)).revision
  }

  /// Removes a key.
  ///
  /// - Returns: whether there was such a key.
  /// - Throws: `conflict` if the condition does not hold.
  @discardableResult
  public func remove(
    _ key: String, if condition: Condition = .none
  ) async throws(PDBError) -> Bool {
    do {
      try await store.apply(.delete([Bytes(key.utf8)], condition))
      return true
    } catch  where error.code == .keyNotFound { return false }
  }

  /// Adds to a number; a key that is not there counts as 0.
  ///
  /// - Returns: the number after that.
  /// - Throws: `not_a_number` if what is there is none, or would leave the range of 64 bits.
  @discardableResult
  public func increment(_ key: String, by amount: Int64 = 1) async throws(PDBError) -> Int64 {
    let answer = try await store.apply(.increment(Bytes(key.utf8), by: amount)).answer
    guard case .pair(let pair) = answer else { throw PDBError.unexpected }
    return try JSONValue.decode(Int64.self, pair.value, under: key)
  }

  /// Adds values to the end of a list; a key that is not there counts as an empty one.
  ///
  /// - Returns: the revision that the change made.
  /// - Throws: `not_a_list` if what is there is none.
  @discardableResult
  public func append(
    _ values: [some Encodable], to key: String
  ) async throws(PDBError) -> UInt64 {
    let values = try values.map { value throws(PDBError) in try JSONValue.encode(value) }
    return try await store.apply(.append(Bytes(key.utf8), values)).revision
  }

  /// Takes a revision back, by a new one; `nil`: the newest of this author's that stands.
  ///
  /// - Returns: the revision that the undo made.
  /// - Throws: `conflict` if a later revision changed the same keys.
  @discardableResult
  public func undo(_ revision: UInt64? = nil) async throws(PDBError) -> UInt64 {
    try await store.apply(.undo(revision)).revision
  }

  /// Makes several changes as one: all of them, or none if one is refused.
  ///
  /// - Parameter steps: each sees what the steps before it did.
  /// - Returns: what each step did.
  /// - Throws: `conflict`, `key_not_found` and the like, with the number of the step.
  @discardableResult
  public func transaction(_ steps: [TransactionStep]) async throws(PDBError) -> [Answer] {
    try await store.apply(.transaction(steps)).answer.steps
  }

  /// Takes this author's newest undo back, if nothing of theirs came after it.
  ///
  /// - Returns: the revision that it made.
  @discardableResult
  public func redo() async throws(PDBError) -> UInt64 { try await store.apply(.redo).revision }

  /// Gives keys the values that they had at a revision, by a new change.
  ///
  /// - Parameters:
  ///   - revision: for example `.number(7)`, or `RevisionName(.newest, back: 3)`.
  ///   - prefix: only keys that begin with this.
  /// - Returns: the revision that it made.
  /// - Throws: `revision_not_found` for one that is forgotten or still to come.
  @discardableResult
  public func restore(
    to revision: RevisionName, prefix: String = ""
  ) async throws(PDBError) -> UInt64 {
    try await store.apply(.restore(revision, prefix: Bytes(prefix.utf8))).revision
  }

  /// Names a revision; what all keys hold there is kept, however old it becomes.
  ///
  /// - Parameters:
  ///   - name: a letter, then letters, digits, `.`, `_`, `-` and `/`.
  ///   - revision: the newest if nothing else is said.
  ///   - replace: whether a tag that exists is moved.
  /// - Throws: `conflict` if the tag exists and is not to be moved.
  public func tag(
    _ name: String, _ revision: RevisionName = .newest, replace: Bool = false
  ) async throws(PDBError) {
    try await store.apply(.tag(TagName(name), revision, replace: replace))
  }

  // MARK: Looking back, and listening

  /// Reads a part of the history, the newest revision first.
  public func history(_ query: HistoryQuery = HistoryQuery()) async throws(PDBError) -> HistoryPage
  {
    try await store.history(query, at: .now)
  }

  /// Listens to changes of keys, oldest first, without an end.
  ///
  /// - Parameters:
  ///   - prefix: only of keys that begin with this.
  ///   - revision: only those after this revision, however long ago; `nil` for those from now on.
  public func changes(prefix: String = "", since revision: UInt64? = nil) -> Changes {
    let prefix = Bytes(prefix.utf8)
    return Changes(
      store: store, since: revision, filter: HistoryFilter(prefix: prefix.isEmpty ? nil : prefix))
  }
}

extension Database {
  /// A value, its key, and the revision that set it.
  public struct Entry<Value> {
    /// The key; bytes that are no UTF-8 are shown as U+FFFD.
    public let key: String
    /// The value.
    public let value: Value
    /// The revision that last changed it, for ``Condition/revision(_:)``.
    public let revision: UInt64
  }

  /// Values of one revision in the order of their keys. However many there are, they are read piece by
  /// piece.
  public struct Entries<Value: Decodable & Sendable>: AsyncSequence, Sendable {
    /// The revision of the state that all of them are of.
    public var revision: UInt64 { pairs.revision }
    private let pairs: Listing<Pair>

    fileprivate init(_ pairs: Listing<Pair>) { self.pairs = pairs }

    /// All of them at once.
    public func all() async throws(PDBError) -> [Entry<Value>] {
      try await pairs.all().map { pair throws(PDBError) in try Entry(pair) }
    }

    /// An iterator that begins with the first key.
    public func makeAsyncIterator() -> Iterator { Iterator(pairs: pairs.makeAsyncIterator()) }

    /// Gives one value after the other.
    public struct Iterator: AsyncIteratorProtocol {
      fileprivate var pairs: Listing<Pair>.Iterator
      private var batch: ArraySlice<Pair> = []

      fileprivate init(pairs: Listing<Pair>.Iterator) { self.pairs = pairs }

      /// The next value; `nil` after the last one.
      ///
      /// - Throws: `invalid_value` for one that is nothing of the type, or what kept the list from being
      ///   read to its end.
      public mutating func next() async throws(PDBError) -> Entry<Value>? {
        try await next(isolation: nil)
      }

      /// The same, on the caller's actor.
      public mutating func next(
        isolation actor: isolated (any Actor)?
      ) async throws(PDBError) -> Entry<Value>? {
        while batch.isEmpty {
          guard let next = try await pairs.next(isolation: actor) else { return nil }
          batch = next[...]
        }
        return try Entry(batch.removeFirst())
      }
    }
  }
}

extension Database.Entry: Sendable where Value: Sendable {}

extension Database.Entry where Value: Decodable {
  fileprivate init(_ pair: Pair) throws(PDBError) {
    key = String(decoding: pair.key, as: UTF8.self)
    value = try JSONValue.decode(Value.self, pair.value, under: key)
    revision = pair.revision
  }
}
