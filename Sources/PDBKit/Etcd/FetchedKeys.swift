// What is known of the keys below the prefix, as of one moment: operations and questions run on it, and
// where it ends they stop and say what is missing.

import PDBModel

/// What must be fetched before an answer can be had.
struct Unfetched: Error {
  /// Keys in order, from the first on.
  struct Wanted: Hashable {
    let range: KeyRange
    /// How many are enough; `nil`: as many as fit well into one answer.
    var limit: Int?

    init(_ range: KeyRange, limit: Int? = nil) {
      self.range = range
      self.limit = limit
    }

    init(_ key: Bytes) { self.init(KeyRange(key), limit: 1) }
  }

  var wanted: [Wanted]
}

/// Keys and values, and of which ranges all are known.
final class FetchedKeys {
  /// In order.
  private var pairs: [(key: Bytes, value: Bytes)] = []
  /// Ranges of which everything is known: in order, apart from each other.
  private var known: [KeyRange] = []
  /// About how much it holds.
  private(set) var bytes = 0
  /// What was asked for in vain since the last time; see ``guess(_:)``.
  private var guessed: Set<Bytes> = []

  func copy() -> FetchedKeys {
    let copy = FetchedKeys()
    (copy.pairs, copy.known, copy.bytes) = (pairs, known, bytes)
    return copy
  }

  // MARK: Looking

  /// What a key holds.
  ///
  /// - Throws: ``Unfetched`` if that is not known.
  func value(_ key: Bytes) throws -> Bytes? {
    guard isKnown(key) else { throw Unfetched(wanted: [.init(key)]) }
    let place = position(of: key)
    return place < pairs.count && pairs[place].key == key ? pairs[place].value : nil
  }

  /// The same, but for a key that is not known it says that there is nothing, so that whoever asks goes
  /// on and asks for more. What comes of that counts only if ``takeGuesses()`` then is empty.
  func guess(_ key: Bytes) throws -> Bytes? {
    guard !isKnown(key) else { return try value(key) }
    guessed.insert(key)
    guard guessed.count < Self.mostGuesses else { throw Unfetched(wanted: []) }
    return nil
  }

  private static let mostGuesses = 2000

  /// The keys that were guessed since the last time.
  func takeGuesses() -> [Bytes] {
    defer { guessed = [] }
    return Array(guessed)
  }

  func isKnown(_ key: Bytes) -> Bool { end(ofKnownFrom: key) != nil }

  /// Whether all of a range is known.
  func isKnown(_ range: KeyRange) -> Bool {
    guard let end = end(ofKnownFrom: range.lower) else { return false }
    return !end.lexicographicallyPrecedes(range.upper)
  }

  /// Visits the keys of a range in order, until `body` returns false.
  ///
  /// - Throws: ``Unfetched`` where it is not known how it goes on.
  func scan(_ range: KeyRange, _ body: (Bytes, Bytes) throws -> Bool) throws {
    var cursor = range.lower
    while cursor.lexicographicallyPrecedes(range.upper) {
      guard let end = end(ofKnownFrom: cursor) else {
        throw Unfetched(wanted: [.init(KeyRange(cursor, range.upper))])
      }
      var place = position(of: cursor)
      while place < pairs.count, pairs[place].key.lexicographicallyPrecedes(range.upper),
        pairs[place].key.lexicographicallyPrecedes(end)
      {
        guard try body(pairs[place].key, pairs[place].value) else { return }
        place += 1
      }
      cursor = end
    }
  }

  /// The first key of a range that is known, if it is known that none comes before it; the first `nil`
  /// says that this is not known, the second that there is none.
  func first(of range: KeyRange) -> (key: Bytes, value: Bytes)?? {
    guard let end = end(ofKnownFrom: range.lower) else { return nil }
    let place = position(of: range.lower)
    if place < pairs.count, pairs[place].key.lexicographicallyPrecedes(range.upper),
      pairs[place].key.lexicographicallyPrecedes(end)
    {
      return .some(pairs[place])
    }
    return end.lexicographicallyPrecedes(range.upper) ? nil : .some(nil)
  }

  // MARK: Learning

  /// Learns all keys of a range.
  func learn(_ range: KeyRange, _ found: [(key: Bytes, value: Bytes)]) {
    guard !range.isEmpty else { return }
    let (first, last) = (position(of: range.lower), position(of: range.upper))
    bytes -= pairs[first..<last].reduce(0) { $0 + Self.size($1) }
    bytes += found.reduce(0) { $0 + Self.size($1) }
    pairs.replaceSubrange(first..<last, with: found)
    cover(range)
  }

  /// Learns what one key holds.
  func learn(_ key: Bytes, _ value: Bytes?) {
    learn(KeyRange(key), value.map { [(key, $0)] } ?? [])
  }

  private static func size(_ pair: (key: Bytes, value: Bytes)) -> Int {
    pair.key.count + pair.value.count + 64
  }

  private func cover(_ range: KeyRange) {
    // All that it touches become one.
    var first = known.partitioningIndex { !$0.upper.lexicographicallyPrecedes(range.lower) }
    var (lower, upper) = (range.lower, range.upper)
    let start = first
    while first < known.count, !upper.lexicographicallyPrecedes(known[first].lower) {
      if known[first].lower.lexicographicallyPrecedes(lower) { lower = known[first].lower }
      if upper.lexicographicallyPrecedes(known[first].upper) { upper = known[first].upper }
      first += 1
    }
    known.replaceSubrange(start..<first, with: [KeyRange(lower, upper)])
  }

  private func position(of key: Bytes) -> Int {
    pairs.partitioningIndex { !$0.key.lexicographicallyPrecedes(key) }
  }

  private func end(ofKnownFrom key: Bytes) -> Bytes? {
    let place = known.partitioningIndex { key.lexicographicallyPrecedes($0.upper) }
    guard place < known.count, !key.lexicographicallyPrecedes(known[place].lower) else {
      return nil
    }
    return known[place].upper
  }
}

extension Array {
  /// The first position from which on a condition holds; before it, it holds nowhere.
  func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
