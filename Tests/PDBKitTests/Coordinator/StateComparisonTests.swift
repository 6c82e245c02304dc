// States are compared between nodes, and a node that differs is told.

import Raft
import Testing

@testable import PDBCoordinator

@Suite struct StateComparisonTests {
  private func applied(_ indices: ClosedRange<Index>) -> [Applied] {
    indices.map {
      Applied(
        index: $0, term: 1, decision: nil, answeredRevision: 0, revision: $0, hash: $0 * 10,
        made: nil)
    }
  }

  @Test func `equal states differ in nothing`() {
    var comparison = StateComparison()
    comparison.applied(applied(1...5))
    comparison.heard(StateHash(index: 3, hash: 30), from: 7)
    #expect(comparison.differing.isEmpty)
  }

  @Test func `a different hash at the same entry is a difference, until it is not`() {
    var comparison = StateComparison()
    comparison.applied(applied(1...5))
    comparison.heard(StateHash(index: 3, hash: 31), from: 7)
    #expect(comparison.differing == [7])
    comparison.heard(StateHash(index: 5, hash: 50), from: 7)
    #expect(comparison.differing.isEmpty)
  }

  @Test func `what is ahead is compared when this node gets there`() {
    var comparison = StateComparison()
    comparison.heard(StateHash(index: 4, hash: 1), from: 7)
    comparison.applied(applied(1...3))
    #expect(comparison.differing.isEmpty)
    comparison.applied(applied(4...6))
    #expect(comparison.differing == [7])
  }

  @Test func `what is long past is not judged`() {
    var comparison = StateComparison()
    comparison.applied(applied(100...110))
    comparison.heard(StateHash(index: 4, hash: 1), from: 7)
    #expect(comparison.differing.isEmpty)
    // A state that was received whole begins anew.
    comparison.applied(applied(500...501))
    comparison.heard(StateHash(index: 105, hash: 1), from: 7)
    #expect(comparison.differing.isEmpty)
  }

  @Test func `who is no member any more does not count`() {
    var comparison = StateComparison()
    comparison.applied(applied(1...2))
    comparison.heard(StateHash(index: 1, hash: 0), from: 7)
    comparison.keep([Member(id: 8, address: "a", rank: 1)])
    #expect(comparison.differing.isEmpty)
  }
}
