// A state that is being received: `node_4000.db.incoming-RANDOM`, and, once it is complete,
// verified and on the disk, `node_4000.db.received-INDEX`, the entry it stands for.

import Foundation
import GRDB
package import PDBCoordinator
package import PDBModel
package import Raft

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Puts a received state together beside the node's own.
package final class StateStaging: Sendable {
  /// What came in is not what was announced.
  package struct Incomplete: Error {
    let reason: String

    package init(reason: String) {
      self.reason = reason
    }
  }

  private let path: String
  private let incoming: String
  private let mark: StateMark
  private let queue: DatabaseQueue

  /// - Parameters:
  ///   - path: of the node's own state.
  ///   - mark: what the received state will stand for.
  package init(beside path: String, mark: StateMark) throws {
    self.path = path
    self.mark = mark
    incoming = "\(path).incoming-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    // Nothing of it counts before it is complete; then it is synced as a whole.
    queue = try DatabaseQueue(
      path: incoming, configuration: SQLite.configuration(hasJournal: false))
    try queue.write(StateTables.create)
  }

  /// Adds a piece as ``StateSnapshot`` made it.
  ///
  /// - Throws: `BinaryReader.Malformed` for bytes that are no piece; what SQLite throws.
  package func add(_ piece: Bytes) throws {
    try queue.write { db in
      try StatePiece.add(piece, to: StateTables(db: db), compacted: mark.compactedRevision)
    }
  }

  /// Fills the state in one go and verifies it.
  ///
  /// - Throws: ``Incomplete``; what `body` and SQLite throw.
  func fill(_ body: (StateTables) throws -> Void) throws {
    try queue.write { db in
      let tables = StateTables(db: db)
      try body(tables)
      var mark = mark
      try tables.complete(&mark)
      try tables.write(mark)
    }
  }

  /// Makes what was filled durable and puts it in the place of the node's own state, which has no
  /// journal and is open nowhere.
  func replaceState() throws {
    try queue.close()
    try Self.sync(incoming)
    guard rename(incoming, path) == 0 else {
      throw DatabaseError(
        resultCode: .SQLITE_IOERR, message: "cannot install the upgraded state: \(errno)")
    }
    try Self.sync((path as NSString).deletingLastPathComponent)
  }

  /// Verifies the whole, makes it durable and marks it as received.
  ///
  /// - Parameter excluded: a key to leave out once the whole is verified.
  /// - Throws: ``Incomplete`` if it is not what was announced.
  package func finish(without excluded: Bytes? = nil) throws {
    try queue.write { db in
      let tables = StateTables(db: db)
      var mark = mark
      try tables.complete(&mark)
      if let excluded, let stored = try tables.get(excluded) {
        mark.hash &-= stored.checksum(under: excluded)
        mark.oldHash &-= mark.version < .checksums ? stored.oldChecksum(under: excluded) : 0
        try tables.putAside(excluded, nil)
      }
      try tables.write(mark)
    }
    try queue.close()
    try Self.sync(incoming)
    guard rename(incoming, Self.received(path, mark.appliedIndex)) == 0 else {
      throw Incomplete(reason: String(cString: strerror(errno)))
    }
    try Self.sync((path as NSString).deletingLastPathComponent)
  }

  /// Nothing more will come.
  package func abandon() {
    try? queue.close()
    try? Self.removeFiles([incoming])
  }

  // MARK: Installing

  private static func received(_ path: String, _ index: Index) -> String {
    "\(path).received-\(index)"
  }

  /// Whether a state that stands for `index` was received and waits.
  static func isReceived(_ index: Index, beside path: String) -> Bool {
    FileManager.default.fileExists(atPath: received(path, index))
  }

  /// Puts the received state in place. No connection may have the old one open. A
  /// crash between two of these steps is completed by doing them all again.
  static func install(_ index: Index, at path: String) throws {
    try removeFiles([path + "-wal", path + "-shm"])
    guard rename(received(path, index), path) == 0 else {
      throw DatabaseError(
        resultCode: .SQLITE_IOERR, message: "cannot install the received state: \(errno)")
    }
    try sync((path as NSString).deletingLastPathComponent)
  }

  /// Removes the states that were received, but stand for less than the node has by now.
  package static func discardReceived(through index: Index, beside path: String) throws {
    try removeFiles(
      try leftovers(beside: path).filter { file in
        file.split(separator: "-").last.flatMap { Index($0) }.map { $0 <= index } ?? false
          && file.contains(".received-")
      })
  }

  /// Removes what interrupted or outdated transfers left behind.
  static func discardLeftovers(beside path: String) throws {
    try removeFiles(try leftovers(beside: path))
  }

  private static func leftovers(beside path: String) throws -> [String] {
    let folder = (path as NSString).deletingLastPathComponent
    let name = (path as NSString).lastPathComponent
    return try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix(name + ".incoming-") || $0.hasPrefix(name + ".received-")
    }.map { "\(folder)/\($0)" }
  }

  private static func removeFiles(_ paths: [String]) throws {
    for path in paths where unlink(path) != 0 && errno != ENOENT {
      throw DatabaseError(
        resultCode: .SQLITE_IOERR, message: "cannot remove '\(path)': error \(errno)")
    }
  }

  private static func sync(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      throw DatabaseError(resultCode: .SQLITE_IOERR, message: "cannot open '\(path)'")
    }
    defer { close(file) }
    guard fsync(file) == 0 else {
      throw DatabaseError(
        resultCode: .SQLITE_IOERR, message: "cannot sync '\(path)': error \(errno)")
    }
  }
}

extension StateTables {
  /// Checks that the rows that came are what the mark announces.
  ///
  /// - Parameter mark: is given what version 0.1 did not announce.
  /// - Throws: ``StateStaging/Incomplete``.
  func complete(_ mark: inout StateMark) throws {
    let hashes = try contentHashes(withOld: mark.version < .checksums)
    if mark.version < .checksums {
      guard hashes.old == mark.oldHash else { throw Self.wrongSum }
      mark.hash = hashes.current
    } else if hashes.current != mark.hash {
      throw Self.wrongSum
    }
    let revisions = try Int.fetchOne(db, sql: "SELECT count(*) FROM revision") ?? 0
    guard UInt64(revisions) == mark.revision - mark.compactedRevision else {
      throw StateStaging.Incomplete(reason: "\(revisions) revisions of the history came")
    }
  }

  private static var wrongSum: StateStaging.Incomplete {
    StateStaging.Incomplete(reason: "the pairs do not add up to the announced hash")
  }
}
