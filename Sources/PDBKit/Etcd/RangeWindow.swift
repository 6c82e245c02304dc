// How much of a long range is asked for at once.

/// The number of keys of the next question: it grows until answers have as many bytes as they may.
struct RangeWindow {
  private(set) var limit: Int
  private let most: Int
  private let bytes: Int

  /// - Parameters:
  ///   - limit: how many keys the first question asks for.
  ///   - most: more are never asked for.
  ///   - bytes: after an answer with more, fewer are asked for.
  init(of limit: Int, most: Int, bytes: Int) {
    (self.limit, self.most, self.bytes) = (limit, most, bytes)
  }

  /// Learns how large an answer was.
  mutating func note(bytes answered: Int) {
    limit = answered > bytes ? max(1, limit / 4) : min(limit * 2, most)
  }

  mutating func note(_ pairs: [EtcdPair]) { note(bytes: pairs.reduce(0) { $0 + $1.value.count }) }
}
