// What the fuzzer of the peer wire found, one test each.

import NIOCore
import PDBCluster
import PDBModel
import PDBStore
import Raft
import Testing

@testable import Fuzzing

@Suite(.timeLimit(.minutes(1))) struct PeerFindingTests {
  /// A node of three, and a member that has connected to it.
  private func bench() async throws -> PeerBench {
    let bench = PeerBench(try await BenchNode(members: 3))
    try await bench.open(0, Greeting(from: bench.view.peers[0], to: bench.view))
    try await bench.shakeHands(0)
    return bench
  }

  private func send(_ message: AppendEntries, to bench: PeerBench) async throws {
    var buffer = ByteBuffer()
    buffer.write(.message(.appendEntries(message)))
    try await bench.connection(0)?.send(Bytes(buffer.readableBytesView))
    try await bench.settle()
  }

  private func entry(_ index: Index, _ term: Term, commit: Index) -> AppendEntries {
    AppendEntries(
      term: term, prevLogIndex: index - 1, prevLogTerm: 0,
      entries: [Entry(index: index, term: term, payload: .noop)], leaderCommit: commit, round: 0)
  }

  @Test func `a request to a node that a broken promise has ended gets an answer`() async throws {
    let bench = try await bench()
    try await send(entry(1, 1, commit: 1), to: bench)
    try await send(entry(1, 2, commit: 1), to: bench)
    bench.request(.removeCompletedTasks)
    try await bench.end()
  }
}
