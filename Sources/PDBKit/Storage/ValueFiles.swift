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
  private let opened: OpenSegments
  private let isDropped = NIOLockedValueBox(false)

  /// - Parameters:
  ///   - name: of its file.
  ///   - opened: keeps the file open for a while.
  init(_ sequence: UInt64, _ name: String, on disk: any Disk, _ opened: OpenSegments) throws {
    self.sequence = sequence
    self.disk = disk
    self.name = name
    self.opened = opened
    byteCount = try opened.file(name, on: disk).size()
  }

  deinit {
    // What cannot be removed now goes after the next start.
    if isDropped.withLockedValue({ $0 }) { try? disk.remove(name) }
  }

  func read(_ count: Int, at offset: Int) throws -> Bytes {
    try opened.file(name, on: disk).read(count, at: offset)
  }

  func drop() {
    isDropped.withLockedValue { $0 = true }
    opened.forget(name)
  }
}

/// The files of segments that were read last. There may be more segments than a process may have files.
final class OpenSegments: Sendable {
  /// By name; the one that was opened last stands last.
  private let files = NIOLockedValueBox<[(name: String, file: any DiskFile)]>([])

  private static let most = 16

  func file(_ name: String, on disk: any Disk) throws -> any DiskFile {
    try files.withLockedValue { files in
      if let known = files.last(where: { $0.name == name }) { return known.file }
      let file = try disk.open(name)
      if files.count == Self.most { files.removeFirst() }
      files.append((name, file))
      return file
    }
  }

  func forget(_ name: String) { files.withLockedValue { $0.removeAll { $0.name == name } } }
}

/// The segments that there were at a moment: their values can be read as long as this exists.
struct ValueView: Sendable {
  private let retired: [UInt64: ValueSegment]
  /// Those that are part of the log, or come after this moment.
  private let log: LogStore

  /// No segment is as long.
  private static let lastOffset = 1 << 40

  init(retired: [UInt64: ValueSegment], log: LogStore) {
    self.retired = retired
    self.log = log
  }

  /// - Returns: `nil` if there is no such segment, if it ends before the value does, or if no value can
  ///   stand there.
  func value(at place: ValuePlace) throws -> Bytes? {
    guard (0...Self.lastOffset).contains(place.offset),
      (0...Limits.bodyBytes).contains(place.length)
    else { return nil }
    let bytes =
      if let segment = retired[place.segment] {
        try segment.read(place.length, at: place.offset)
      } else {
        try log.read(place)
      }
    return bytes?.count == place.length ? bytes : nil
  }
}
