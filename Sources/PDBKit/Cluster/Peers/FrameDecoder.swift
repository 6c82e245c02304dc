// Frames in and out of a stream of bytes.

import NIOCore
import PDBModel

/// Cuts the stream into frames. A frame that is too long or malformed fails the connection. Before the
/// other end can have proved itself frames are short: what they announce is kept until it is there.
package struct FrameDecoder: NIOSingleStepByteToMessageDecoder {
  typealias InboundOut = Frame

  struct TooLong: Error {}

  /// Whether the last frame of the handshake that this side waits for has come.
  private var isPastHandshake = false

  package init() {}

  private var longest: Int {
    isPastHandshake ? Limits.peerFrameBytes : Limits.handshakeFrameBytes
  }

  mutating func decode(buffer: inout ByteBuffer) throws -> Frame? {
    guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else {
      return nil
    }
    guard length <= longest else { throw TooLong() }
    guard buffer.readableBytes >= 4 + Int(length) else { return nil }
    buffer.moveReaderIndex(forwardBy: 4)
    let frame = try Frame(decoding: buffer.readBytes(length: Int(length)) ?? [])
    if frame.endsHandshake { isPastHandshake = true }
    return frame
  }

  mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> Frame? {
    try decode(buffer: &buffer)
  }
}

extension Frame {
  /// Whether the other end has nothing to prove after it: what it said is right, or it is closed.
  fileprivate var endsHandshake: Bool {
    switch self {
    case .proof, .welcome: true
    default: false
    }
  }
}

extension ByteBuffer {
  package mutating func write(_ frame: Frame) {
    let bytes = frame.encoded()
    writeInteger(UInt32(bytes.count))
    writeBytes(bytes)
  }

  init(_ frame: Frame) {
    self.init()
    write(frame)
  }
}
