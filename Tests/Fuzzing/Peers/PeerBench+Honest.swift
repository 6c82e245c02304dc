// What members do that keep their promises, so that a script gets to where lies hurt.

import PDBCoordinator
import PDBModel
import Raft

extension PeerBench {
  // MARK: Following

  /// Gives the answers that honest members would give to what the node has sent them.
  func answerHonestly() async throws {
    for connection in openConnections {
      for frame in try await connection.takeFrames() {
        if let answer = try? Self.honestAnswer(to: frame, view) {
          try await connection.send(answer.framed)
        }
      }
    }
  }

  /// Waits until the node wants to lead, and lets it.
  func elect() async throws {
    await pass(ticks: 42)
    for _ in 0..<3 {
      try await settle()
      try await answerHonestly()
    }
  }

  private static func honestAnswer(to frame: Bytes, _ view: NodeView) throws -> Bytes? {
    var reader = BinaryReader(frame)
    var writer = BinaryWriter()
    let kind = try reader.readByte()
    guard [16, 18, 20, 22].contains(kind) else { return nil }
    writer.write(byte: kind + 1)
    writer.write(try reader.readCounter())
    switch kind {
    case 16, 18: writer.write(true)
    case 20:
      let previous = try reader.readCounter()
      for _ in 0..<2 { _ = try reader.readCounter() }
      let round = try reader.readCounter()
      let entries = try reader.readList { (try $0.readCounter(), try $0.readPayload()) }
      writer.write(round)
      writer.write(byte: 0)
      writer.write(previous + UInt64(entries.count))
    default:
      writer.write(try reader.readUInt64())
      writer.write(view.commitIndex)
    }
    return writer.bytes
  }

  // MARK: Leading

  /// Sends the next entries as a leader would whose log begins like the node's.
  func leadHonestly(_ script: inout ScriptBytes, over number: Int) async throws {
    let connection = try await honestConnection(number, purpose: 0)
    let last = try lastEntry()
    var writer = BinaryWriter()
    let term = max(1, view.term) + UInt64(script.element(of: [0, 0, 0, 1]))
    let count = script.below(4)
    writer.write(byte: 20)
    writer.write(term)
    writer.write(last.index)
    writer.write(last.term)
    writer.write(last.index + UInt64(script.below(count + 1)))
    writer.write(UInt64(1))
    writer.write(UInt64(count))
    for _ in 0..<count {
      writer.write(term)
      writer.write(Entry.Payload.operation(script.mutated(script.operation().encoded())))
    }
    try await connection.send(writer.bytes.framed)
  }

  /// Sends a whole state that is newer than the node's: an empty one, or nearly.
  func sendState(_ script: inout ScriptBytes, over number: Int) async throws {
    let connection = try await honestConnection(number, purpose: 1)
    var mark = StateMark()
    mark.appliedIndex = view.lastIndex + UInt64(script.below(4))
    mark.appliedTerm = max(1, view.term)
    mark.membership = Membership(
      ([view.node] + view.peers).map {
        Member(id: $0, address: "127.0.0.1:1\($0 % 1000)", rank: 1)
      })
    mark.version = .newest
    var writer = BinaryWriter()
    writer.write(byte: 52)
    writer.write(max(1, view.term))
    writer.write(mark)
    var bytes = script.mutated(writer.bytes).framed
    for _ in 0..<script.below(3) { bytes += script.frame(49, to: view).framed }
    try await connection.send(bytes + Bytes([50]).framed)
    for _ in 0..<3 { try await settle() }
  }

  /// A connection of a member that was let in; one that there is stays if it will do.
  private func honestConnection(_ number: Int, purpose: UInt8) async throws -> PeerConnection {
    if let connection = connection(number), connection.isOpen, purpose == 0,
      connection.greeting.purpose == purpose
    {
      return connection
    }
    var greeting = Greeting(from: view.sender(number), to: view)
    greeting.purpose = purpose
    try await open(number, greeting)
    try await shakeHands(number)
    return connection(number)!
  }
}
