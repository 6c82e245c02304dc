// Frames in and out of a stream of bytes.

import NIOCore
import PDBModel

/// Cuts the stream into frames. A frame that is too long or malformed fails the connection.
package struct FrameDecoder: NIOSingleStepByteToMessageDecoder {
  typealias InboundOut = Frame

  struct TooLong: Error {}

  package init() {}

  mutating func decode(buffer: inout ByteBuffer) throws -> Frame? {
    guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else {
      return nil
    }
    guard length <= Limits.peerFrameBytes else { throw TooLong() }
    guard buffer.readableBytes >= 4 + Int(length) else { return nil }
    buffer.moveReaderIndex(forwardBy: 4)
    return try Frame(decoding: buffer.readBytes(length: Int(length)) ?? [])
  }

  mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> Frame? {
    try decode(buffer: &buffer)
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
