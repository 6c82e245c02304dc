// A script of what peers do to one node: several connections, frames of every kind, time.

package import PDBModel
import PDBStore
import Raft

/// Runs scripts against a node of its own each.
package enum PeerScript {
  /// So that no input takes long.
  private static let mostSteps = 64
  private static let connections = 4

  /// - Throws: ``Violation`` for what must never be.
  package static func run(_ bytes: Bytes) async throws {
    var script = ScriptBytes(bytes)
    let bench = PeerBench(
      try await BenchNode(
        members: script.element(of: [3, 3, 3, 1]), maxLogEntries: script.element(of: [1000, 8]),
        needsVouchers: script.flag()))
    for _ in 0..<mostSteps where !script.isAtEnd { try await step(&script, bench) }
    try await bench.end()
  }

  private static func step(_ script: inout ScriptBytes, _ bench: PeerBench) async throws {
    let before = bench.view
    let kind = script.below(16)
    let number = script.below(connections)
    var frames: UInt64 = 1
    switch kind {
    case 0, 1:
      try await bench.open(number, script.greeting(to: before))
      if !script.isRare() { try await bench.shakeHands(number) }
    case 2: await bench.pass(ticks: script.element(of: [1, 5, 21, 70, 255]))
    case 3: bench.request(script.request())
    case 4: try await bench.answerHonestly()
    case 5: try await bench.connection(number)?.send(script.bytes(upTo: 64))
    case 6 where script.isRare(): try await bench.connection(number)?.endSending()
    case 7 where script.isRare(): await bench.connection(number)?.close()
    case 8, 9: try await bench.leadHonestly(&script, over: number)
    case 10: try await bench.elect()
    case 11: try await bench.sendState(&script, over: number)
    default:
      guard let connection = bench.connection(number) else { return }
      frames = 1 + UInt64(script.below(3))
      try await send(frames, over: connection, &script, bench)
    }
    try await bench.settle()
    try checkTerm(before, bench.view, frames)
  }

  /// Sends frames, all at once or cut in two.
  private static func send(
    _ count: UInt64, over connection: PeerConnection, _ script: inout ScriptBytes,
    _ bench: PeerBench
  ) async throws {
    var bytes: Bytes = []
    for _ in 0..<count {
      var frame = script.frame(to: bench.view).framed
      if script.isRare() { frame[script.below(4)] = script.byte() }
      bytes += frame
    }
    let cut = script.isRare() ? script.below(min(bytes.count, 256)) : 0
    try await connection.send(Bytes(bytes[..<cut]))
    try await connection.send(Bytes(bytes[cut...]))
  }

  /// Terms grow with elections: what one frame can do to them is bounded.
  private static func checkTerm(_ before: NodeView, _ after: NodeView, _ frames: UInt64) throws {
    if before.term == 0 && before.lastIndex == 0 { return }
    let bound = frames << 20 + 256
    guard after.term - before.term <= bound else {
      throw Violation("the term went from \(before.term) to \(after.term)")
    }
  }
}
