// A set of small numbers that grows from the low end.

/// Which operations an order has placed so far, numbered as they were begun.
///
/// An order places operations roughly as they were begun, so all low numbers are in the set and
/// no high ones, and only a window between them says anything.
struct BitSet {
  /// The part of a set in which numbers are missing and others are not: all of it in few words.
  struct Window: Hashable {
    fileprivate let start: Int
    fileprivate let words: ArraySlice<UInt64>
  }

  private var words: [UInt64]
  /// All words before are full.
  private var start = 0
  /// All words from here on are empty.
  private var end = 0

  init(count: Int) { words = Array(repeating: 0, count: count / 64 + 1) }

  /// Equal for equal sets, and only for those.
  var window: Window {
    start < end
      ? Window(start: start, words: words[start..<end]) : Window(start: start, words: [])
  }

  mutating func insert(_ number: Int) {
    let word = number >> 6
    words[word] |= 1 << UInt64(number & 63)
    end = max(end, word + 1)
    while start < words.count, words[start] == .max { start += 1 }
  }

  mutating func remove(_ number: Int) {
    let word = number >> 6
    words[word] &= ~(1 << UInt64(number & 63))
    start = min(start, word)
    while end > 0, words[end - 1] == 0 { end -= 1 }
  }
}
