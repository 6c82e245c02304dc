// What reaches the state, and in which order, when entries cannot be applied.

import Raft
import Testing

@testable import PDBCoordinator
@testable import PDBModel

@Suite struct ApplyQueueTests {
  private func entry(_ index: Index, _ bytes: Bytes = [1], term: Term = 1) -> Entry {
    Entry(index: index, term: term, payload: .operation(bytes))
  }

  private func decision(at index: Index, skipping skipped: Index, term: Term = 1) -> Entry {
    let stamp = Stamp(time: Timestamp(milliseconds: 0), author: "an", request: nil)
    let operation = Operation.skipEntry(LogPosition(index: skipped, term: term))
    return entry(index, StampedOperation(stamp: stamp, operation: operation).encoded())
  }

  private func poisoned(_ index: Index) -> PoisonedEntry {
    PoisonedEntry(index: index, term: 1, reason: "test")
  }

  @Test func `without decisions everything is taken as it is`() {
    var queue = ApplyQueue()
    queue.add([entry(1), entry(2)])
    #expect(queue.take() == [entry(1), entry(2)])
    #expect(queue.take() == [])
  }

  @Test func `behind a poisoned entry everything waits for a decision`() {
    var queue = ApplyQueue()
    queue.add([entry(1), entry(2), entry(3)])
    _ = queue.take()
    queue.putBack([entry(2), entry(3)], poisoned(2))
    queue.add([entry(4)])
    #expect(queue.take() == [])
    let decision = decision(at: 5, skipping: 2)
    queue.add([decision])
    let taken = queue.take()
    #expect(taken.map(\.index) == [2, 3, 4, 5])
    #expect(taken[0].payload == decision.payload && taken[0].term == 1)
    #expect(taken[1...] == [entry(3), entry(4), decision])
  }

  @Test func `a decision that is known is heeded even if the entry could be applied`() {
    var queue = ApplyQueue()
    let decision = decision(at: 2, skipping: 1)
    queue.add([entry(1), decision])
    #expect(queue.take().map(\.payload) == [decision.payload, decision.payload])
  }

  @Test(arguments: [(2, 1), (1, 2)] as [(Index, Term)])
  func `a decision about another index or term skips nothing`(index: Index, term: Term) {
    var queue = ApplyQueue()
    queue.putBack([entry(1)], poisoned(1))
    queue.add([decision(at: 5, skipping: index, term: term)])
    #expect(queue.take() == [])
  }

  @Test func `of two decisions the first counts, wherever a member begins`() {
    let first = decision(at: 3, skipping: 2)
    let second = Entry(
      index: 4, term: 1,
      payload: .operation(
        StampedOperation(
          stamp: Stamp(time: Timestamp(milliseconds: 9), author: "binh", request: nil),
          operation: .skipEntry(LogPosition(index: 2, term: 1))
        ).encoded()))
    for count in 2...4 {
      let log = [entry(1), entry(2), first, second]
      var queue = ApplyQueue()
      queue.putBack(log[1..<count], poisoned(2))
      queue.add(Array(log[count...]))
      #expect(queue.take().first?.payload == first.payload)
    }
  }

  @Test func `a state that was received whole ends the wait`() {
    var queue = ApplyQueue()
    queue.putBack([entry(2), entry(3)], poisoned(2))
    queue.drop(through: 2)
    #expect(queue.take() == [entry(3)])
  }
}
