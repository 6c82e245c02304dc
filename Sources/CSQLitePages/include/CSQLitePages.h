// A layer between SQLite and the files of its databases that seals every page.

#ifndef CSQLITEPAGES_H
#define CSQLITEPAGES_H

/// How many bytes at the end of every page hold its checksum. A database is sealed if it was made with
/// so many reserved bytes (SQLITE_FCNTL_RESERVE_BYTES); all others are left as they are.
#define PDB_PAGE_SEAL_BYTES 8

/// Puts the layer before SQLite's own access to files, for all databases that are opened from then on.
/// Returns a result code of SQLite. May be called once.
int pdb_seal_sqlite_pages(void);

struct sqlite3;

/// Makes a connection take nothing but data from its file: no functions, views or triggers of the
/// schema, and no way to write to what only SQLite writes. Returns a result code of SQLite.
int pdb_defend_sqlite(struct sqlite3 *connection);

/// Leaves the journal where it is when the last connection is closed: moving it into the file would
/// take syncs. Returns a result code of SQLite.
int pdb_keep_sqlite_journal(struct sqlite3 *connection);

#endif
