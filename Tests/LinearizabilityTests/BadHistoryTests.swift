// Histories that no atomic register can have: each is a bug that a database has had.

import Linearizability
import Testing

@Suite struct BadHistoryTests {
  private func expectViolation(
    _ records: [RegisterRecord], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(RegisterHistory.verdict(records).isViolation, sourceLocation: sourceLocation)
  }

  @Test func `a stale read`() {
    expectViolation([
      answered(1, 2, .write("a"), .text("a", 1)),
      answered(3, 4, .write("b"), .text("b", 2)),
      answered(5, 6, .read, .text("a", 1)),
    ])
  }

  @Test func `a lost update`() {
    expectViolation([
      answered(1, 2, .write("a"), .text("a", 1)),
      answered(3, 4, .read, .nothing),
    ])
  }

  @Test func `an increment that was applied twice`() {
    expectViolation([
      answered(1, 2, .increment(1), .number(1)),
      answered(3, 4, .increment(1), .number(3)),
    ])
  }

  @Test func `two increments with the same answer`() {
    expectViolation([
      answered(1, 4, .increment(1), .number(1)),
      answered(2, 3, .increment(1), .number(1)),
    ])
  }

  @Test func `a read of a value that was never written`() {
    expectViolation([
      answered(1, 2, .write("a"), .text("a", 1)),
      answered(3, 4, .read, .text("z", 1)),
    ])
  }

  @Test func `a read of a value that is written later`() {
    expectViolation([
      answered(1, 2, .read, .text("a", 1)),
      answered(3, 4, .write("a"), .text("a", 1)),
    ])
  }

  @Test func `a read of an unknown write before it began`() {
    expectViolation([
      answered(1, 2, .read, .text("a", 1)),
      unknown(3, .write("a")),
    ])
  }

  @Test func `an unknown write that is seen and then unseen`() {
    expectViolation([
      answered(1, 2, .write("a"), .text("a", 1)),
      unknown(3, .write("b")),
      answered(4, 5, .read, .text("b", 2)),
      answered(6, 7, .read, .text("a", 1)),
    ])
  }

  @Test func `an unknown write that takes effect twice`() {
    expectViolation([
      unknown(1, .write("a")),
      answered(2, 3, .read, .text("a")),
      answered(4, 5, .write("b"), .text("b")),
      answered(6, 7, .read, .text("a")),
    ])
  }

  @Test func `two writes under the same revision`() {
    expectViolation([
      answered(1, 2, .write("a"), .text("a", 7)),
      answered(3, 6, .write("b", .revision(7)), .text("b", 8)),
      answered(4, 5, .write("c", .revision(7)), .text("c", 9)),
    ])
  }

  @Test func `two writers who both found the register empty`() {
    expectViolation([
      answered(1, 4, .write("a", .absent), .text("a", 1)),
      answered(2, 3, .write("b", .absent), .text("b", 2)),
    ])
  }

  @Test func `a conflict that nothing explains`() {
    expectViolation([answered(1, 2, .write("a", .absent), .conflict)])
  }

  @Test func `reads one after the other that see two writes in the reverse order`() {
    expectViolation([
      answered(1, 20, .write("a"), .text("a")),
      answered(2, 21, .write("b"), .text("b")),
      answered(3, 4, .read, .text("a")),
      answered(5, 6, .read, .text("b")),
      answered(7, 8, .read, .text("a")),
    ])
  }

  @Test func `a revision that goes back`() {
    expectViolation([
      answered(1, 2, .write("a"), .text("a", 5)),
      answered(3, 4, .write("b"), .text("b", 4)),
    ])
  }

  @Test func `a value with the revision of another`() {
    expectViolation([
      answered(1, 2, .write("a"), .text("a", 5)),
      answered(3, 4, .read, .text("a", 6)),
    ])
  }

  @Test func `an append that is lost`() {
    expectViolation([
      answered(1, 2, .append("a"), .list("a")),
      answered(3, 4, .append("b"), .list("b")),
    ])
  }

  @Test func `an unknown append that shows twice`() {
    expectViolation([
      unknown(1, .append("a")),
      answered(2, 3, .read, .list("a", "a")),
    ])
  }

  @Test func `a delete that finds what was deleted before`() {
    expectViolation([
      answered(1, 2, .write("a"), .text("a", 1)),
      answered(3, 4, .delete(.none), .nothing),
      answered(5, 6, .delete(.none), .nothing),
    ])
  }

  @Test func `more conflicts than unknown writes can explain`() {
    expectViolation([
      unknown(1, .write("a")),
      answered(2, 3, .write("b", .absent), .conflict),
      answered(4, 5, .delete(.none), .nothing),
      answered(6, 7, .write("c", .absent), .conflict),
    ])
  }

  @Test func `an explanation tells how far an order gets and what cannot follow`() throws {
    let verdict = RegisterHistory.verdict([
      answered(1, 2, .write("a"), .text("a", 1)),
      answered(3, 4, .write("b"), .text("b", 2)),
      answered(5, 6, .read, .text("a", 1)),
    ])
    guard case .violation(let explanation) = verdict else {
      Issue.record("a stale read was not noticed")
      return
    }
    #expect(
      explanation == """
        key 'x': 2 of 3 answered operations can be put in order:
          write 'a' -> 'a' @1
          write 'b' -> 'b' @2
        then the state is 'b' @2, and none of these can follow:
          read -> 'a' @1  [5, 6]
        """)
  }
}
