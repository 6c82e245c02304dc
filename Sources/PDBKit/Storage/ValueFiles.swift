// Large values are stored once: where the log has written them. The state points at them.
//
// A segment of the log is kept when its entries are no longer part of the log, under the name
// `node_4000.values-7`, for as long as the state needs a value in it. What is still needed of a segment
// that holds little else is moved into the state (StateStore+Values.swift).

import NIOConcurrencyHelpers
import PDBModel

/// Where a value stands: in a segment of the log.
struct ValuePlace: Equatable {
  /// The sequence of the segment.
  let segment: UInt64
  /// Of its first byte in the file.
  let offset: Int
  let length: Int

  /// Smaller values are stored in the state.
  static let leastBytes = 4 << 10
}

/// A segment that is not written to any more. Its file goes when it was dropped and nothing looks at it
/// any more.
final class ValueSegment: Sendable {
  let sequence: UInt64
  /// Of its file.
  let byteCount: Int
  private let disk: any Disk
  private let name: String
  private let file: any DiskFile
  private let isDropped = NIOLockedValueBox(false)

  init(_ sequence: UInt64, _ file: any DiskFile, name: String, on disk: any Disk) throws {
    self.sequence = sequence
    self.disk = disk
    self.name = name
    self.file = file
    byteCount = try file.size()
  }

  deinit {
    // What cannot be removed now goes after the next start.
    if isDropped.withLockedValue({ $0 }) { try? disk.remove(name) }
  }

  func read(_ count: Int, at offset: Int) throws -> Bytes { try file.read(count, at: offset) }

  func drop() { isDropped.withLockedValue { $0 = true } }
}

/// The segments that there were at a moment: their values can be read as long as this exists.
struct ValueView: Sendable {
  private let retired: [UInt64: ValueSegment]
  /// Those that are part of the log, or come after this moment.
  private let log: LogStore

  init(retired: [UInt64: ValueSegment], log: LogStore) {
    self.retired = retired
    self.log = log
  }

  /// - Returns: `nil` if there is no such segment, or if it ends before the value does.
  func value(at place: ValuePlace) throws -> Bytes? {
    let bytes =
      if let segment = retired[place.segment] {
        try segment.read(place.length, at: place.offset)
      } else {
        try log.read(place)
      }
    return bytes?.count == place.length ? bytes : nil
  }
}
