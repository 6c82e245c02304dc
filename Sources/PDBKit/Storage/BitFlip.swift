// One bit of a node's files turned over, as happens to disks: for a lab, where the node must notice it.

import Foundation
import GRDB
public import PDBModel

/// A bit that was turned over in a file of a node that had stopped.
public struct BitFlip: Sendable {
  /// What was damaged.
  public enum Part: String, Sendable {
    /// The state, which a node can have again: from its log, or from a peer.
    case state
    /// The log, which is what the node has promised.
    case log
  }

  private let path: String
  private let offset: Int
  private let altered: UInt8
  private let mask: UInt8

  /// Turns over a bit that the node reads when it starts.
  ///
  /// - Parameters:
  ///   - part: in which of its files.
  ///   - port: of the node, which must not run.
  ///   - folder: of its files.
  /// - Throws: `bad_request` if there is nothing to damage; `data_directory` for files that cannot be
  ///   written.
  public init(_ part: Part, of port: Int, in folder: String) throws {
    let files = NodeFiles(of: port, in: folder)
    path = part == .log ? files.logFiles.min(by: Self.isOlder) ?? "" : files.state
    mask = 1 << UInt8.random(in: 0..<8)
    do {
      if part == .state { try Self.emptyJournal(path) }
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      defer { try? file.close() }
      guard let bytes = try Self.bytes(part, file), !bytes.isEmpty else {
        throw PDBError(
          .badRequest, "node \(port) has nothing in its \(part.rawValue) yet",
          hint: "add a task first")
      }
      offset = Int.random(in: bytes)
      altered = try Self.byte(file, at: offset) ^ mask
      try Self.write(altered, file, at: offset)
    } catch let error as PDBError {
      throw error
    } catch {
      throw PDBError(.dataDirectory, "cannot damage '\(path)': \(error)")
    }
  }

  /// Moves into the file what its journal has: it would hide what is altered in the file.
  private static func emptyJournal(_ path: String) throws {
    let queue = try SQLite.plainQueue(path)
    try queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    try queue.close()
  }

  /// Turns the bit back, unless something else stands there now.
  public func undo() throws {
    guard let file = FileHandle(forUpdatingAtPath: path) else { return }
    defer { try? file.close() }
    if try Self.byte(file, at: offset) == altered {
      try Self.write(altered ^ mask, file, at: offset)
    }
  }

  /// The files of a log are counted.
  private static func isOlder(_ one: String, _ other: String) -> Bool {
    one.localizedStandardCompare(other) == .orderedAscending
  }

  /// Which bytes of a file are read at the start and have a checksum; `nil` if there are none.
  private static func bytes(_ part: Part, _ file: FileHandle) throws -> Range<Int>? {
    switch part {
    case .state:
      // The second page is the root of the first table (sqlite.org/fileformat2.html, 1.3).
      try file.seek(toOffset: 16)
      let size = Int(
        Bytes(try file.read(upToCount: 2) ?? Data()).reduce(0) { $0 << 8 | UInt16($1) })
      let pageBytes = size == 1 ? 65536 : size
      return try file.seekToEnd() >= 2 * pageBytes ? pageBytes..<2 * pageBytes : nil
    case .log:
      let first = SegmentHeader.byteCount
      try file.seek(toOffset: 0)
      let bytes = Bytes(try file.readToEnd() ?? Data())
      guard let header = SegmentHeader(bytes),
        let frame = LogFrame(bytes, at: first, salt: header.salt)
      else { return nil }
      let body = first + LogFrame.headerBytes
      return body..<body + frame.body.count
    }
  }

  private static func byte(_ file: FileHandle, at offset: Int) throws -> UInt8 {
    try file.seek(toOffset: UInt64(offset))
    return try file.read(upToCount: 1)?.first ?? 0
  }

  private static func write(_ byte: UInt8, _ file: FileHandle, at offset: Int) throws {
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: Data([byte]))
    try file.synchronize()
  }
}
