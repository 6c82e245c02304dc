// The checkers of what clients see and states hold must complain too.

import PDBCoordinator
import PDBModel
import Raft
import Simulation
import Testing

@Suite struct ReplayTests {
  private func increment(_ request: String) -> Entry.Payload {
    let stamp = Stamp(
      time: Timestamp(milliseconds: 0), author: "test",
      request: RequestID(id: request, fingerprint: 1, firstSent: nil))
    return .operation(
      StampedOperation(stamp: stamp, operation: .increment(key: [107], by: 1)).encoded())
  }

  private func broken(_ body: () throws -> Void) -> Rule? {
    do {
      try body()
      return nil
    } catch { return (error as? Violation)?.rule }
  }

  private func machine() -> Machine { Machine(storage: MemoryState(), mark: StateMark()) }

  @Test func `a node whose state differs`() throws {
    var replay = Replay(membership: Membership([]))
    try replay.committed(Entry(index: 1, term: 1, payload: increment("a")), at: 0)
    var (right, wrong) = (machine(), machine())
    let good = try #require(try right.apply(Entry(index: 1, term: 1, payload: increment("a"))))
    let bad = try #require(try wrong.apply(Entry(index: 1, term: 1, payload: .noop)))
    #expect(broken { try replay.check(good, by: 1) } == nil)
    #expect(broken { try replay.check(bad, by: 1) } == .stateMachineSafety)
    #expect(broken { try replay.check(received: right.mark, by: 1) } == nil)
    #expect(broken { try replay.check(received: wrong.mark, by: 1) } == .snapshot)
    #expect(broken { try replay.check(final: wrong, of: 1) } == .convergence)
    #expect(broken { try replay.check(final: right, of: 1) } == nil)
    let answer = try #require(good.decision)
    #expect(broken { try replay.check(answer, at: 1, by: 1) } == nil)
    #expect(broken { try replay.check(.success(.removed(1)), at: 1, by: 1) } == .stateMachineSafety)
  }

  @Test func `an entry that nobody committed`() throws {
    let replay = Replay(membership: Membership([]))
    var state = machine()
    let applied = try #require(try state.apply(Entry(index: 1, term: 1, payload: .noop)))
    #expect(broken { try replay.check(applied, by: 1) } == .stateMachineSafety)
  }

  @Test func `a write that took effect before it was made`() throws {
    var checker = ClientChecker()
    try checker.wrote(at: 5, floor: 0, request: "a")
    #expect(broken { try checker.wrote(at: 4, floor: 5, request: "b") } == .exactlyOnce)
  }

  @Test func `a read that misses an acknowledged write`() throws {
    var checker = ClientChecker()
    #expect(broken { try checker.read(at: 4, floor: 5, by: 1) } == .reads)
    #expect(broken { try checker.read(at: 5, floor: 5, by: 1) } == nil)
  }

  @Test func `a promise that is not kept`() throws {
    var checker = ClientChecker()
    try checker.promisedNotApplied("a", appliedAt: nil)
    #expect(broken { try checker.committed("a", at: 3) } == .promise)
    #expect(broken { try checker.promisedNotApplied("b", appliedAt: 2) } == .promise)
  }
}
