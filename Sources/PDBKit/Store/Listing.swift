// Lists of any length, of one state, batch by batch.

public import PDBModel

/// Items of one revision, in batches: a long list never stands in memory as a whole.
public struct Listing<Item: Sendable>: AsyncSequence, Sendable {
  /// The revision of the state that all items are of.
  public let revision: UInt64
  private let first: [Item]
  private let rest: (any BatchSource<Item>)?

  /// - Parameters:
  ///   - revision: of the state that the items are of.
  ///   - first: the first items.
  ///   - rest: what gives the others; `nil` if there are none.
  public init(revision: UInt64, first: [Item], rest: (any BatchSource<Item>)? = nil) {
    self.revision = revision
    self.first = first
    self.rest = rest
  }

  /// The same items, said to be of another revision.
  package func of(revision: UInt64) -> Listing {
    Listing(revision: revision, first: first, rest: rest)
  }

  /// All items, if they came at once.
  public var whole: [Item]? { rest == nil ? first : nil }

  /// All items.
  public func all() async throws(PDBError) -> [Item] {
    var items: [Item] = []
    var iterator = makeAsyncIterator()
    while let batch = try await iterator.next(isolation: nil) { items += batch }
    return items
  }

  /// An iterator that begins with the first items.
  public func makeAsyncIterator() -> Iterator { Iterator(first: first, rest: rest) }

  /// Gives the items of a list, batch by batch.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var first: [Item]?
    fileprivate var rest: (any BatchSource<Item>)?

    /// Returns when the next items can be had. Until then none of them takes memory.
    package mutating func wait() async {
      if first == nil { await rest?.wait() }
    }

    /// The next items; `nil` after the last ones.
    ///
    /// - Throws: what kept the list from being read to its end.
    public mutating func next() async throws(PDBError) -> [Item]? {
      try await next(isolation: nil)
    }

    /// The same, on the caller's actor.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(PDBError) -> [Item]? {
      if let batch = first {
        first = nil
        return batch
      }
      guard let batch = try await rest?.next() else {
        rest = nil
        return nil
      }
      return batch
    }
  }
}

/// What gives the batches of a list, one after the other.
public protocol BatchSource<Item>: Sendable {
  /// What the list is made of.
  associatedtype Item: Sendable

  /// Returns when there is something new to tell, without making it.
  mutating func wait() async

  /// The next batch, as soon as there is one; `nil` when there are no more.
  mutating func next() async throws(PDBError) -> [Item]?
}

extension BatchSource {
  /// Most have something to tell at any time.
  public mutating func wait() async {}
}

/// Bytes of one revision, chunk by chunk.
public typealias ByteStream = Listing<UInt8>
