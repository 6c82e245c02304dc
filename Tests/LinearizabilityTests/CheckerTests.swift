// The checker on an object that is not a register.

import Linearizability
import Testing

/// A queue: what was put in first comes out first.
private struct QueueModel: SequentialModel {
  enum Operation: Hashable {
    case put(Int)
    case take(Int?)
  }

  let initial: [Int] = []

  func step(_ state: [Int], _ operation: Operation) -> [Int]? {
    switch operation {
    case .put(let element): state + [element]
    case .take(let element): state.first == element ? Array(state.dropFirst()) : nil
    }
  }
}

@Suite struct CheckerTests {
  private func verdict(_ intervals: (UInt64, UInt64?, QueueModel.Operation)...) -> Verdict {
    Checker(QueueModel()).check(
      intervals.map { Interval(invoked: $0.0, returned: $0.1, operation: $0.2) })
  }

  @Test func `elements of concurrent puts come out in either order`() {
    #expect(
      verdict((1, 4, .put(1)), (2, 3, .put(2)), (5, 6, .take(2)), (7, 8, .take(1)))
        == .linearizable)
  }

  @Test func `elements of puts one after the other come out in their order`() {
    #expect(
      verdict((1, 2, .put(1)), (3, 4, .put(2)), (5, 6, .take(2)), (7, 8, .take(1))).isViolation)
  }

  @Test func `equal operations of unknown outcome are taken as often as they were made`() {
    #expect(
      verdict((1, nil, .put(1)), (2, nil, .put(1)), (3, 4, .take(1)), (5, 6, .take(1)))
        == .linearizable)
    #expect(
      verdict((1, nil, .put(1)), (3, 4, .take(1)), (5, 6, .take(1)), (7, nil, .put(1)))
        .isViolation)
  }
}
