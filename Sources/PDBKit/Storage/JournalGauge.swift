// How long SQLite's journal is, so that the store can empty it in time.

import GRDB
import GRDBSQLite
import Synchronization

/// Knows how many pages the journal of a connection has; must live as long as the connection
/// commits. SQLite itself would empty the journal in the middle of a commit, which then takes long.
final class JournalGauge: Sendable {
  private let count = Atomic(0)

  /// As of the last commit.
  var pages: Int { count.load(ordering: .relaxed) }

  /// From now on it is told of every commit; SQLite no longer empties the journal on its own.
  func watch(_ db: Database) {
    sqlite3_wal_hook(
      db.sqliteConnection,
      { gauge, _, _, pages in
        Unmanaged<JournalGauge>.fromOpaque(gauge!).takeUnretainedValue()
          .count.store(Int(pages), ordering: .relaxed)
        return SQLITE_OK
      }, Unmanaged.passUnretained(self).toOpaque())
  }
}
