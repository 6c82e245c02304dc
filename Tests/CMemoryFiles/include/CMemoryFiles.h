// Files in memory, below SQLite and beside it.

#ifndef CMEMORYFILES_H
#define CMEMORYFILES_H

#include <stdint.h>

/// Files whose paths begin with this are kept in memory, for SQLite and for the functions below.
#define PDB_MEMORY_PREFIX "/memory/"

/// What is lost at once or not at all when the power fails.
enum { PDB_MEMORY_SECTOR = 512 };

/// Bytes of a file, synced or not; -1 if there is none.
int64_t pdb_memory_size(const char *path);

/// Sectors of a file that were written since its last sync.
int64_t pdb_memory_unsynced(const char *path);

/// Makes another file with the same content, synced as far as this one is. Returns whether there was one.
int pdb_memory_copy(const char *from, const char *to);

/// Makes another file as a power cut may leave this one: of the sectors that were not synced so many of
/// a thousand survive, which ones the seed decides. Returns whether there was a file.
int pdb_memory_cut(const char *from, const char *to, uint64_t seed, int per_mille);

/// Makes everything durable that was written into a file. Returns whether there was one.
int pdb_memory_sync(const char *path);

/// Turns one bit over, in what is seen and in what is durable. Returns whether there was such a byte.
int pdb_memory_flip(const char *path, int64_t offset, int bit);

/// Whether syncs of a file do nothing from now on.
void pdb_memory_lie(const char *path, int lies);

/// Whether a file cannot grow from now on.
void pdb_memory_fill(const char *path, int is_full);

/// Removes a file; those who have it open keep it.
void pdb_memory_remove(const char *path);

/// Moves what SQLite has committed from a journal into its file, from a connection of its own.
/// Returns SQLite's result.
int pdb_memory_checkpoint(const char *path);

#endif
