// Frames in a stream of bytes, before and after the handshake.

import NIOCore
import Testing

@testable import PDBCluster
@testable import PDBModel

@Suite struct FrameDecoderTests {
  private func header(_ length: Int) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeInteger(UInt32(length))
    return buffer
  }

  @Test func `before the handshake only short frames are waited for`() throws {
    var decoder = FrameDecoder()
    var short = header(Limits.handshakeFrameBytes)
    #expect(try decoder.decode(buffer: &short) == nil)
    for length in [Limits.handshakeFrameBytes + 1, Limits.peerFrameBytes] {
      var long = header(length)
      #expect(throws: FrameDecoder.TooLong.self) { try decoder.decode(buffer: &long) }
    }
  }

  @Test(arguments: [Frame.proof([1, 2, 3]), .welcome(nil)])
  func `after the other end's last word frames may be long`(last: Frame) throws {
    var decoder = FrameDecoder()
    var buffer = ByteBuffer(last)
    #expect(try decoder.decode(buffer: &buffer) == last)
    var long = header(Limits.peerFrameBytes)
    #expect(try decoder.decode(buffer: &long) == nil)
    var longer = header(Limits.peerFrameBytes + 1)
    #expect(throws: FrameDecoder.TooLong.self) { try decoder.decode(buffer: &longer) }
  }
}
