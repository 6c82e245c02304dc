// What the fuzzer of the peer wire found, one test each.

import NIOCore
import PDBCluster
import PDBModel
import PDBStore
import Raft
import Testing

@testable import Fuzzing

@Suite(.timeLimit(.minutes(10))) struct PeerFindingTests {
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

  /// The first entry of a log.
  private func entry(
    _ term: Term, _ payload: Entry.Payload = .noop, leaderCommit: Index = 1
  ) -> AppendEntries {
    AppendEntries(
      term: term, prevLogIndex: 0, prevLogTerm: 0,
      entries: [Entry(index: 1, term: term, payload: payload)],
      leaderCommit: leaderCommit, round: 0)
  }

  @Test func `a request to a node that a broken promise has ended gets an answer`() async throws {
    let bench = try await bench()
    try await send(entry(1), to: bench)
    try await send(entry(2), to: bench)
    bench.request(.removeCompletedTasks)
    try await bench.end()
  }

  @Test func `an entry that appends what is no JSON changes nothing`() async throws {
    let bench = try await bench()
    let operation = StampedOperation(
      stamp: Stamp(time: Timestamp(milliseconds: 0), author: "", request: nil),
      operation: .append(key: Bytes(utf8: "a"), values: [Bytes(utf8: "{")]))
    try await send(entry(1, .operation(operation.encoded())), to: bench)
    #expect(bench.view.commitIndex == 1)
    try await bench.end()
  }

  @Test func `an entry that makes the cluster too new for this program is not taken`() async throws
  {
    let bench = try await bench()
    let operation = StampedOperation(
      stamp: Stamp(time: Timestamp(milliseconds: 0), author: "", request: nil),
      operation: .raiseVersion(ClusterVersion(number: ClusterVersion.newest.number + 1)))
    try await send(entry(1, .operation(operation.encoded()), leaderCommit: 0), to: bench)
    #expect(bench.view.lastIndex == 0)
    // One that the others have committed is taken, and the state stops before it.
    try await send(entry(1, .operation(operation.encoded())), to: bench)
    #expect(bench.view.lastIndex == 1)
    try await bench.end()
  }
}
