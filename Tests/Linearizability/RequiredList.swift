// The operations that an order still has to place, as calls and returns in the order of time.

/// A doubly linked list of calls and returns, from which operations are taken and put back in
/// constant time (Lowe, "Testing for linearizability", section 3: lift and unlift).
///
/// Items are numbers: `2 * i` is the call of operation `i`, `2 * i + 1` its return. The list
/// is a ring through ``head``.
struct RequiredList {
  private var next: [Int]
  private var previous: [Int]
  private let times: [UInt64]
  let head: Int

  /// - Parameter spans: when each operation was begun and answered.
  /// - Complexity: O(*n* log *n*).
  init(_ spans: [(invoked: UInt64, returned: UInt64)]) {
    head = 2 * spans.count
    var times: [UInt64] = []
    times.reserveCapacity(head + 1)
    for span in spans {
      times.append(span.invoked)
      times.append(span.returned)
    }
    // A call at the very time of a return counts as concurrent: clocks are not that fine.
    let order = (0..<head).sorted { left, right in
      if times[left] != times[right] { return times[left] < times[right] }
      if left & 1 != right & 1 { return left & 1 == 0 }
      return left < right
    }
    times.append(.max)
    self.times = times
    next = Array(repeating: head, count: head + 1)
    previous = next
    var last = head
    for item in order {
      next[last] = item
      previous[item] = last
      last = item
    }
    next[last] = head
    previous[head] = last
  }

  func isCall(_ item: Int) -> Bool { item & 1 == 0 && item != head }

  func after(_ item: Int) -> Int { next[item] }

  /// The time of the first return: nothing begun later can come next. `.max` if there is none.
  ///
  /// - Complexity: O(operations under way at once).
  func firstReturn() -> UInt64 {
    var item = next[head]
    while isCall(item) { item = next[item] }
    return times[item]
  }

  mutating func lift(_ operation: Int) {
    for item in [2 * operation, 2 * operation + 1] {
      next[previous[item]] = next[item]
      previous[next[item]] = previous[item]
    }
  }

  /// Undoes the last `lift` that is not undone yet, which must be that of `operation`.
  mutating func unlift(_ operation: Int) {
    for item in [2 * operation + 1, 2 * operation] {
      next[previous[item]] = item
      previous[next[item]] = item
    }
  }
}
