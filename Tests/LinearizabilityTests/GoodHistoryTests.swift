// Histories that an atomic register can have.

import Linearizability
import Testing

@Suite struct GoodHistoryTests {
  @Test func `an empty history is linearizable`() {
    #expect(isLinearizable([]))
  }

  @Test func `a register that was never written holds nothing`() {
    #expect(isLinearizable([answered(1, 2, .read, .nothing)]))
  }

  @Test func `concurrent reads may see a write in either order`() {
    #expect(
      isLinearizable([
        answered(1, 10, .write("a"), .text("a", 1)),
        answered(2, 9, .read, .text("a", 1)),
        answered(3, 4, .read, .nothing),
      ]))
  }

  @Test func `an unknown write may take effect late`() {
    #expect(
      isLinearizable([
        unknown(1, .write("a")),
        answered(2, 3, .read, .nothing),
        answered(4, 5, .write("b"), .text("b", 1)),
        answered(6, 7, .read, .text("b", 1)),
        answered(8, 9, .read, .text("a", 2)),
      ]))
  }

  @Test func `an unknown write may never take effect`() {
    #expect(isLinearizable([unknown(1, .write("a")), answered(2, 3, .read, .nothing)]))
  }

  @Test func `an unknown write that nobody saw may explain a conflict`() {
    #expect(
      isLinearizable([
        unknown(1, .write("a")),
        answered(2, 3, .write("b", .absent), .conflict),
        answered(4, 5, .delete(.none), .nothing),
        answered(6, 7, .read, .nothing),
      ]))
  }

  @Test func `an unknown delete may explain that nothing is there`() {
    #expect(
      isLinearizable([
        answered(1, 2, .write("a"), .text("a", 1)),
        unknown(3, .delete(.none)),
        answered(4, 5, .read, .text("a", 1)),
        answered(6, 7, .delete(.none), .notFound),
      ]))
  }

  @Test func `one of two concurrent writers wins when both want the register empty`() {
    #expect(
      isLinearizable([
        answered(1, 5, .write("a", .absent), .text("a", 1)),
        answered(2, 6, .write("b", .absent), .conflict),
      ]))
  }

  @Test func `a write under the right revision succeeds`() {
    #expect(
      isLinearizable([
        answered(1, 2, .write("a"), .text("a", 7)),
        answered(3, 4, .write("b", .revision(7)), .text("b", 8)),
        answered(5, 6, .write("c", .revision(7)), .conflict),
        answered(7, 8, .read, .text("b", 8)),
      ]))
  }

  @Test func `an unknown write gets its revision from whoever saw it`() {
    #expect(
      isLinearizable([
        unknown(1, .write("a")),
        answered(2, 3, .read, .text("a", 4)),
        answered(4, 5, .write("b", .revision(4)), .text("b", 5)),
      ]))
  }

  @Test func `concurrent increments answer with different sums`() {
    #expect(
      isLinearizable([
        answered(1, 9, .increment(1), .number(2)),
        answered(2, 8, .increment(1), .number(3)),
        answered(3, 7, .increment(1), .number(1)),
        answered(10, 11, .read, .number(3)),
      ]))
  }

  @Test func `an unknown increment may show in a later sum`() {
    #expect(
      isLinearizable([
        unknown(1, .increment(1)),
        answered(2, 3, .increment(1), .number(1)),
        answered(4, 5, .increment(1), .number(3)),
      ]))
  }

  @Test func `appends answer with the whole list`() {
    #expect(
      isLinearizable([
        answered(1, 4, .append("a"), .list("b", "a")),
        answered(2, 3, .append("b"), .list("b")),
        unknown(5, .append("c")),
        answered(6, 7, .read, .list("b", "a")),
        answered(8, 9, .read, .list("b", "a", "c")),
      ]))
  }

  @Test func `an operation on a value of another kind changes nothing`() {
    #expect(
      isLinearizable([
        answered(1, 2, .write("a"), .text("a", 1)),
        answered(3, 4, .increment(1), .wrongKind),
        answered(5, 6, .append("b"), .wrongKind),
        answered(7, 8, .read, .text("a", 1)),
      ]))
  }

  @Test func `an operation that begins at the very time of a return counts as concurrent`() {
    #expect(
      isLinearizable([
        answered(1, 2, .write("a"), .text("a", 1)),
        answered(2, 3, .read, .nothing),
      ]))
  }
}
