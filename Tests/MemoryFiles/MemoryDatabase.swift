// The files of one SQLite database in memory, as CMemoryFiles keeps them.

import CMemoryFiles
import Synchronization

/// The database itself and its journal. SQLite opens it by its path like any other.
package struct MemoryDatabase: Sendable {
  /// Where SQLite finds it.
  package let path: String

  private static let count = Atomic<UInt64>(0)

  /// A database that does not exist yet, under a path of its own.
  package init() {
    let number = Self.count.add(1, ordering: .relaxed).newValue
    path = "\(PDB_MEMORY_PREFIX)\(number).db"
  }

  package var journal: String { path + "-wal" }

  private var files: [String] { [path, journal] }

  package func byteCount(of file: String) -> Int { Int(pdb_memory_size(file)) }

  /// How many sectors of a file a power cut may take.
  package func unsyncedSectors(of file: String) -> Int { Int(pdb_memory_unsynced(file)) }

  /// The same files for another process, after the one that used them was killed.
  package func afterKill() -> MemoryDatabase {
    let copy = MemoryDatabase()
    pdb_memory_copy(path, copy.path)
    pdb_memory_copy(journal, copy.journal)
    return copy
  }

  /// The files as a power cut may leave them.
  ///
  /// - Parameter survival: how many of a thousand sectors survive that were not synced.
  package func afterPowerCut(survival: Int, seed: UInt64) -> MemoryDatabase {
    let left = MemoryDatabase()
    pdb_memory_cut(path, left.path, seed, Int32(survival))
    pdb_memory_cut(journal, left.journal, ~seed, Int32(survival))
    return left
  }

  /// Makes the journal durable: what was committed is then.
  package func syncJournal() { pdb_memory_sync(journal) }

  /// Makes everything durable that was written.
  package func sync() { for file in files { pdb_memory_sync(file) } }

  /// From now on syncs do nothing.
  package func lie() { for file in files { pdb_memory_lie(file, 1) } }

  /// Whether the files cannot grow.
  package func fill(_ isFull: Bool) { for file in files { pdb_memory_fill(file, isFull ? 1 : 0) } }

  /// Turns one bit over.
  package func flip(_ file: String, byte: Int, bit: Int) {
    pdb_memory_flip(file, Int64(byte), Int32(bit))
  }

  /// Moves what is committed from the journal into the database; returns whether that could be done now.
  @discardableResult
  package func checkpoint() -> Bool { pdb_memory_checkpoint(path) == 0 }

  /// Removes the files; those who have them open keep them.
  package func remove() { for file in files { pdb_memory_remove(file) } }
}
