// Segments of values come and go: what the state still needs of one that holds little else is moved into
// the state, and a segment that it needs nothing of is dropped.

import GRDB
package import NIOPosix
import PDBModel

extension StateStore {
  /// Looks after the segments that are no longer part of the log.
  package func tidyValues(on threads: NIOThreadPool) async throws {
    let unneeded = try unneededValues()
    guard !unneeded.isEmpty else { return }
    // A state that comes back older after a power cut must find what it points at.
    _ = try await makeDurable(on: threads)
    for segment in unneeded { log?.drop(segment) }
  }

  /// The same at once.
  package func tidyValues() throws {
    let unneeded = try unneededValues()
    guard !unneeded.isEmpty else { return }
    _ = try makeDurable()
    for segment in unneeded { log?.drop(segment) }
  }

  /// Segments that the state points at no longer, once it is durable.
  private func unneededValues() throws -> [ValueSegment] {
    guard let log else { return [] }
    var unneeded: [ValueSegment] = []
    for segment in log.retired {
      // On the connection that writes: rows that are not committed yet count.
      let needed = try withTables { try $0.bytesNeeded(of: segment.sequence) }
      guard let needed, needed * 2 < segment.byteCount else { continue }
      if needed > 0, try !moveValues(out: segment) { continue }
      unneeded.append(segment)
    }
    return unneeded
  }

  /// Moves all values out of a segment; returns whether that could be done now.
  private func moveValues(out segment: ValueSegment) throws -> Bool {
    var isMore = true
    while isMore {
      let moved = try withTables { tables in
        try tables.moveValues(out: segment.sequence, limit: Self.movedAtOnce)
      }
      guard let moved else { return false }
      isMore = moved == Self.movedAtOnce
    }
    return true
  }

  private static let movedAtOnce = 16
}

extension StateTables {
  /// How many bytes of values the state needs of a segment.
  fileprivate func bytesNeeded(of segment: UInt64) throws -> Int {
    var sum = try QuickStatement(db, "SELECT total(length) FROM version WHERE segment = ?")
    sum.bind(segment)
    return try sum.step() ? Int(sum.integer(0)) : 0
  }

  /// Puts values that stand in a segment into their rows; returns how many.
  fileprivate func moveValues(out segment: UInt64, limit: Int) throws -> Int {
    var rows = try QuickStatement(
      uncached: db,
      "SELECT \(VersionRow.columns), key FROM version WHERE segment = ? LIMIT ?")
    rows.bind(segment)
    rows.bind(UInt64(limit))
    var moved: [VersionRow] = []
    while try rows.step() { moved.append(try VersionRow(rows, key: rows.bytes(8), values)) }
    for row in moved {
      var update = try QuickStatement(
        db,
        """
        UPDATE version SET value = ?, segment = NULL, start = NULL, length = NULL WHERE id = ?
        """)
      update.bind(row.value)
      update.bind(row.id)
      try update.run()
    }
    return moved.count
  }
}
