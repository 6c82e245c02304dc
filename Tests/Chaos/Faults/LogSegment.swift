// Which bytes of a node's log mean something: written anew from the description of its files, so that
// the program is not judged by its own code.
//
//   segment   header of 32 bytes, then frames
//   frame     number (8)  length of the body (8)  checksum (8)  body, filled up to a multiple of 8
//   end       number of the last frame that is durable (8)  salt (8)  checksum (8)
//
// Numbers are little-endian.

import Foundation

enum LogSegment {
  private static let headerBytes = 32
  private static let frameHeaderBytes = 24

  /// The last frame that a node knows to be durable; `nil` before it knows any.
  static func durableFrame(_ endFile: String) -> UInt64? {
    guard let data = FileManager.default.contents(atPath: endFile), data.count == 24 else {
      return nil
    }
    return number(data, at: 0)
  }

  /// The header, and of the frames through `last` what their checksums cover.
  static func meaningfulBytes(of data: Data, through last: UInt64) -> [Range<Int>] {
    guard data.count >= headerBytes else { return [] }
    var ranges = [0..<headerBytes]
    var offset = headerBytes
    var previous: UInt64?
    while offset + frameHeaderBytes <= data.count {
      let (number, length) = (number(data, at: offset), number(data, at: offset + 8))
      let body = offset + frameHeaderBytes
      guard previous.map({ number == $0 + 1 }) ?? true, number <= last,
        length > 0, length <= UInt64(data.count - body)
      else { break }
      ranges.append(offset..<body + Int(length))
      offset = body + (Int(length) + 7) / 8 * 8
      previous = number
    }
    return ranges
  }

  private static func number(_ data: Data, at offset: Int) -> UInt64 {
    data[data.startIndex + offset..<data.startIndex + offset + 8].reversed().reduce(0) {
      $0 << 8 | UInt64($1)
    }
  }
}
