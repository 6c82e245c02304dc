// One connection of a peer to the node under test.

import Logging
import NIOCore
import NIOEmbedded
import PDBCluster
package import PDBModel

/// The peer's end of it; the node's end is the real one, on a channel in memory.
final class PeerConnection {
  let greeting: Greeting
  private let channel: NIOAsyncTestingChannel
  private let admission = AdmissionWatch()
  private var received: Bytes = []

  init(
    _ greeting: Greeting, to receiver: any PeerReceiver, on loop: NIOAsyncTestingEventLoop,
    logger: Logger
  ) async throws {
    self.greeting = greeting
    let wire: WireVersion = greeting.wire == 1 ? .first : .second
    let admission = admission
    channel = try await NIOAsyncTestingChannel(loop: loop) { channel in
      try channel.pipeline.syncOperations.addHandlers([
        ByteToMessageHandler(FrameDecoder()), admission,
        PeerAcceptor(wire, receiver: receiver, logger: logger),
      ])
    }
    try await channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
  }

  var isOpen: Bool { channel.isActive }

  /// Sends bytes as they are, and waits until a proof among them was judged.
  func send(_ bytes: Bytes) async throws {
    guard isOpen, !bytes.isEmpty else { return }
    // The channel tells errors here that the handlers have dealt with.
    _ = try? await channel.writeInbound(ByteBuffer(bytes: bytes))
    await channel.testingEventLoop.run()
    try await admission.isJudged?.get()
  }

  /// No more will come.
  func endSending() async throws {
    guard isOpen else { return }
    try await channel.testingEventLoop.executeInContext { [channel] in
      channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
  }

  func close() async { try? await channel.close().get() }

  /// Frames that the node has sent since the last call, without their lengths.
  func takeFrames() async throws -> [Bytes] {
    while let buffer = try await channel.readOutbound(as: ByteBuffer.self) {
      received += buffer.readableBytesView
    }
    var frames: [Bytes] = []
    while let frame = received.takeFrame() { frames.append(frame) }
    return frames
  }
}

extension Bytes {
  /// A frame with its length before it.
  package var framed: Bytes { UInt32(count).bigEndianBytes + self }

  /// The first frame, without its length, if all of it is there.
  package mutating func takeFrame() -> Bytes? {
    guard count >= 4 else { return nil }
    let length = self[..<4].reduce(0) { $0 << 8 | Int($1) }
    guard count >= 4 + length else { return nil }
    defer { removeFirst(4 + length) }
    return Bytes(self[4..<4 + length])
  }
}

extension UInt32 {
  fileprivate var bigEndianBytes: Bytes {
    (0..<4).map { UInt8(truncatingIfNeeded: self >> (24 - 8 * $0)) }
  }
}
