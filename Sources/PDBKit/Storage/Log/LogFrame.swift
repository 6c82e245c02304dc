// How batches stand in a segment of the log.
//
//   segment   header, then frames; what follows the last frame is of no meaning
//   header    "pdb log\n"  sequence (8)  salt (8)  checksum (8)
//   frame     number (8)  length of the body (8)  checksum (8)  body, filled up to a multiple of 8
//
// Numbers are little-endian. Segments are counted by their sequence, frames by their number, over all
// segments of a log and without gaps. A frame is what one batch came to: it is written at once and
// synced before the next one begins, so one that is behind a broken one proves that the broken one had
// been durable. A file is used for one segment after the other; the salt, drawn for each, is the seed
// of its checksums, so that frames of an earlier use are not taken for new ones.
//
// The body is a list of records as LogRecord.swift has them.

import PDBModel

/// Where the frames of a segment begin, and how they are told from anything else.
struct SegmentHeader: Equatable {
  let sequence: UInt64
  let salt: UInt64

  static let byteCount = 32
  private static let magic = Bytes(utf8: "pdb log\n")

  init(sequence: UInt64, salt: UInt64) {
    self.sequence = sequence
    self.salt = salt
  }

  /// - Returns: `nil` for bytes that are no header, or a damaged one.
  init?(_ bytes: Bytes) {
    guard bytes.count >= Self.byteCount, bytes.starts(with: Self.magic) else { return nil }
    self.init(sequence: bytes.number(at: 8), salt: bytes.number(at: 16))
    guard bytes.number(at: 24) == checksum else { return nil }
  }

  private var checksum: UInt64 {
    var checksum = Checksum()
    checksum.update(sequence)
    checksum.update(salt)
    return checksum.value
  }

  var bytes: Bytes { Self.magic + Bytes(numbers: sequence, salt, checksum) }
}

/// One batch of the log.
struct LogFrame {
  let number: UInt64
  let body: Bytes

  static let headerBytes = 24

  /// The bytes of a frame, with room for its header at the beginning.
  ///
  /// - Parameter bytes: ``headerBytes`` of any content, then the body.
  static func sealed(_ bytes: consuming Bytes, number: UInt64, salt: UInt64) -> Bytes {
    let length = bytes.count - headerBytes
    let checksum = bytes.withUnsafeBytes {
      self.checksum(number, UnsafeRawBufferPointer(rebasing: $0[headerBytes...]), salt)
    }
    bytes.replaceSubrange(..<headerBytes, with: Bytes(numbers: number, UInt64(length), checksum))
    bytes.append(contentsOf: Bytes(repeating: 0, count: paddedLength(length) - length))
    return bytes
  }

  /// The frame at `offset`; `nil` if there is none that is whole.
  init?(_ bytes: Bytes, at offset: Int, salt: UInt64) {
    guard let length = Self.length(bytes, at: offset) else { return nil }
    let start = offset + Self.headerBytes
    let number = bytes.number(at: offset)
    let checksum = bytes.withUnsafeBytes {
      Self.checksum(number, UnsafeRawBufferPointer(rebasing: $0[start..<start + length]), salt)
    }
    guard checksum == bytes.number(at: offset + 16) else { return nil }
    self.number = number
    body = Bytes(bytes[start..<start + length])
  }

  /// The number that bytes begin with, if they are a frame's.
  static func number(atHeadOf bytes: Bytes) -> UInt64? {
    bytes.count >= headerBytes ? bytes.number(at: 0) : nil
  }

  /// Bytes of the whole frame.
  var byteCount: Int { Self.headerBytes + Self.paddedLength(body.count) }

  /// Whether a frame with a number above `number` stands anywhere from `offset` on.
  static func isAny(after number: UInt64, in bytes: Bytes, from offset: Int, salt: UInt64) -> Bool {
    stride(from: offset, to: bytes.count - headerBytes, by: 8).contains { offset in
      // Nearly everywhere this one look is enough.
      bytes.number(at: offset) &- number &- 1 < farthest
        && LogFrame(bytes, at: offset, salt: salt) != nil
    }
  }

  /// No segment holds as many frames.
  private static let farthest: UInt64 = 1 << 32

  private static func length(_ bytes: Bytes, at offset: Int) -> Int? {
    let start = offset + headerBytes
    guard start <= bytes.count else { return nil }
    let length = bytes.number(at: offset + 8)
    return length <= UInt64(bytes.count - start) ? Int(length) : nil
  }

  private static func paddedLength(_ length: Int) -> Int { (length + 7) / 8 * 8 }

  private static func checksum(
    _ number: UInt64, _ body: UnsafeRawBufferPointer, _ salt: UInt64
  ) -> UInt64 {
    var checksum = Checksum(seed: salt)
    checksum.update(number)
    checksum.update(UInt64(body.count))
    checksum.update(body)
    return checksum.value
  }
}

/// The last frame that is known to be durable, in a file of its own (`node_4000.log-end`): number,
/// checksum. It is written after the frame was synced and is not synced itself, so it can only be too old.
struct LogEnd {
  let number: UInt64

  static let byteCount = 16

  init(number: UInt64) { self.number = number }

  /// - Returns: `nil` for bytes that tell nothing.
  init?(_ bytes: Bytes) {
    guard bytes.count == Self.byteCount else { return nil }
    self.init(number: bytes.number(at: 0))
    guard bytes.number(at: 8) == checksum else { return nil }
  }

  private var checksum: UInt64 {
    var checksum = Checksum()
    checksum.update(number)
    return checksum.value
  }

  var bytes: Bytes { Bytes(numbers: number, checksum) }
}

extension Bytes {
  /// The number at `offset`, eight bytes, little-endian.
  fileprivate func number(at offset: Int) -> UInt64 {
    withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }

  fileprivate init(numbers: UInt64...) {
    self.init()
    reserveCapacity(numbers.count * 8)
    for number in numbers {
      Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
  }
}
