// Files in memory for SQLite (sqlite.org/vfs.html): they lose what was not synced, decay, lie and fill up.
//
// A file has two contents: what was written, which is what is read, and what is durable. A sync makes them
// the same; until then each sector that was written is remembered. Names are durable at once.
//
// This layer becomes SQLite's default when the program is loaded, so that every layer above takes it for
// the system's; paths that do not begin with the prefix go to the system as before.

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "CMemoryFiles.h"

enum { SECTOR = PDB_MEMORY_SECTOR, SLOTS = SQLITE_SHM_NLOCK };

typedef struct {
  unsigned char *bytes;
  int64_t size;
  int64_t room;
} Content;

/// A file, for as long as it has a name or is open.
typedef struct File {
  struct File *next;
  /// `NULL` once it was removed.
  char *path;
  int handles;
  Content seen;
  Content durable;
  /// One byte for each sector that was written since the last sync.
  Content dirty;
  /// Whether it became shorter since the last sync.
  int isCut;
  int lies;
  int isFull;
  // Locks of the file: how many share it, and which handle has more than a share.
  int shared;
  struct Handle *reserved;
  struct Handle *pending;
  struct Handle *exclusive;
  // What connections share.
  unsigned char **regions;
  int regionCount;
  int sharers[SLOTS];
  struct Handle *owners[SLOTS];
} File;

typedef struct Handle {
  sqlite3_file base;
  File *file;
  int level;
  int removesAtClose;
  unsigned sharedSlots;
} Handle;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static File *files;
static sqlite3_vfs *system_vfs;
static sqlite3_vfs memory_vfs;
static sqlite3_io_methods methods;

static void lock(void) { pthread_mutex_lock(&mutex); }
static void unlock(void) { pthread_mutex_unlock(&mutex); }

static int is_memory(const char *path) {
  return path != 0 && strncmp(path, PDB_MEMORY_PREFIX, strlen(PDB_MEMORY_PREFIX)) == 0;
}

// MARK: Contents

/// Makes a content as long as this; what is new is zero.
static void resize(Content *content, int64_t size) {
  if (size > content->room) {
    int64_t room = size + size / 2 + 4096;
    content->bytes = realloc(content->bytes, (size_t)room);
    content->room = room;
  }
  if (size > content->size)
    memset(content->bytes + content->size, 0, (size_t)(size - content->size));
  content->size = size;
}

static void put(Content *content, const void *bytes, int64_t count, int64_t offset) {
  if (offset + count > content->size) resize(content, offset + count);
  memcpy(content->bytes + offset, bytes, (size_t)count);
}

static void copy(Content *to, const Content *from) {
  resize(to, 0);
  resize(to, from->size);
  if (from->size > 0) memcpy(to->bytes, from->bytes, (size_t)from->size);
}

// MARK: Files

static File *find(const char *path) {
  for (File *file = files; file != 0; file = file->next)
    if (file->path != 0 && strcmp(file->path, path) == 0) return file;
  return 0;
}

static File *make(const char *path) {
  File *file = calloc(1, sizeof(File));
  file->path = strdup(path);
  file->next = files;
  files = file;
  return file;
}

/// Lets go of a file that has no name and is not open.
static void release(File *file) {
  if (file->path != 0 || file->handles > 0) return;
  for (File **place = &files; *place != 0; place = &(*place)->next) {
    if (*place != file) continue;
    *place = file->next;
    break;
  }
  for (int i = 0; i < file->regionCount; i++) free(file->regions[i]);
  free(file->regions);
  free(file->seen.bytes);
  free(file->durable.bytes);
  free(file->dirty.bytes);
  free(file);
}

static void unname(File *file) {
  free(file->path);
  file->path = 0;
  release(file);
}

static void touch(File *file, int64_t offset, int64_t count) {
  if (count <= 0) return;
  int64_t last = (offset + count - 1) / SECTOR;
  if (last >= file->dirty.size) resize(&file->dirty, last + 1);
  memset(file->dirty.bytes + offset / SECTOR, 1, (size_t)(last - offset / SECTOR + 1));
}

static void make_durable(File *file) {
  if (file->lies) return;
  if (file->isCut) resize(&file->durable, file->seen.size < file->durable.size
                                              ? file->seen.size : file->durable.size);
  for (int64_t sector = 0; sector < file->dirty.size; sector++) {
    int64_t start = sector * SECTOR, count = file->seen.size - start;
    if (!file->dirty.bytes[sector] || count <= 0) continue;
    put(&file->durable, file->seen.bytes + start, count < SECTOR ? count : SECTOR, start);
  }
  resize(&file->durable, file->seen.size);
  resize(&file->dirty, 0);
  file->isCut = 0;
}

// MARK: SQLite's access

static int memory_close(sqlite3_file *base);
static int memory_unlock(sqlite3_file *base, int level);

static int memory_read(sqlite3_file *base, void *buffer, int count, sqlite3_int64 offset) {
  File *file = ((Handle *)base)->file;
  lock();
  int64_t there = file->seen.size - offset;
  if (there > count) there = count;
  if (there > 0) memcpy(buffer, file->seen.bytes + offset, (size_t)there);
  unlock();
  if (there == count) return SQLITE_OK;
  if (there < 0) there = 0;
  memset((char *)buffer + there, 0, (size_t)(count - there));
  return SQLITE_IOERR_SHORT_READ;
}

static int memory_write(sqlite3_file *base, const void *buffer, int count, sqlite3_int64 offset) {
  File *file = ((Handle *)base)->file;
  int result = SQLITE_OK;
  lock();
  if (file->isFull && offset + count > file->seen.size) {
    result = SQLITE_FULL;
  } else {
    int64_t start = offset < file->seen.size ? offset : file->seen.size;
    put(&file->seen, buffer, count, offset);
    touch(file, start, offset + count - start);
  }
  unlock();
  return result;
}

static int memory_truncate(sqlite3_file *base, sqlite3_int64 size) {
  File *file = ((Handle *)base)->file;
  lock();
  if (size < file->seen.size) {
    resize(&file->seen, size);
    file->isCut = 1;
  }
  unlock();
  return SQLITE_OK;
}

static int memory_sync(sqlite3_file *base, int flags) {
  (void)flags;
  lock();
  make_durable(((Handle *)base)->file);
  unlock();
  return SQLITE_OK;
}

static int memory_file_size(sqlite3_file *base, sqlite3_int64 *size) {
  lock();
  *size = ((Handle *)base)->file->seen.size;
  unlock();
  return SQLITE_OK;
}

/// The five levels of sqlite.org/lockingv3.html.
static int try_lock(Handle *handle, int level) {
  File *file = handle->file;
  if (handle->level >= level) return SQLITE_OK;
  if (level == SQLITE_LOCK_SHARED) {
    if (file->exclusive != 0 || file->pending != 0) return SQLITE_BUSY;
    file->shared++;
    handle->level = level;
    return SQLITE_OK;
  }
  if (level == SQLITE_LOCK_RESERVED) {
    if (file->reserved != 0 && file->reserved != handle) return SQLITE_BUSY;
    file->reserved = handle;
    handle->level = level;
    return SQLITE_OK;
  }
  if (file->pending != 0 && file->pending != handle) return SQLITE_BUSY;
  if (file->reserved != 0 && file->reserved != handle) return SQLITE_BUSY;
  file->pending = handle;
  handle->level = SQLITE_LOCK_PENDING;
  if (file->shared > 1) return SQLITE_BUSY;
  file->exclusive = handle;
  handle->level = SQLITE_LOCK_EXCLUSIVE;
  return SQLITE_OK;
}

static int memory_lock(sqlite3_file *base, int level) {
  lock();
  int result = try_lock((Handle *)base, level);
  unlock();
  return result;
}

static void lower(Handle *handle, int level) {
  File *file = handle->file;
  if (handle->level <= level) return;
  if (file->reserved == handle) file->reserved = 0;
  if (file->pending == handle) file->pending = 0;
  if (file->exclusive == handle) file->exclusive = 0;
  if (level == SQLITE_LOCK_NONE) file->shared--;
  handle->level = level;
}

static int memory_unlock(sqlite3_file *base, int level) {
  lock();
  lower((Handle *)base, level);
  unlock();
  return SQLITE_OK;
}

static int memory_check_reserved_lock(sqlite3_file *base, int *result) {
  lock();
  *result = ((Handle *)base)->file->reserved != 0;
  unlock();
  return SQLITE_OK;
}

static int memory_file_control(sqlite3_file *base, int operation, void *argument) {
  (void)base;
  (void)operation;
  (void)argument;
  return SQLITE_NOTFOUND;
}

static int memory_sector_size(sqlite3_file *base) {
  (void)base;
  return SECTOR;
}

static int memory_device_characteristics(sqlite3_file *base) {
  (void)base;
  return 0;
}

static int memory_shm_map(
    sqlite3_file *base, int region, int size, int extend, void volatile **out) {
  File *file = ((Handle *)base)->file;
  lock();
  if (region >= file->regionCount && extend) {
    file->regions = realloc(file->regions, sizeof(char *) * (size_t)(region + 1));
    while (file->regionCount <= region)
      file->regions[file->regionCount++] = calloc(1, (size_t)size);
  }
  *out = region < file->regionCount ? file->regions[region] : 0;
  unlock();
  return SQLITE_OK;
}

static int try_shm_lock(Handle *handle, int offset, int count, int flags) {
  File *file = handle->file;
  int isShared = (flags & SQLITE_SHM_SHARED) != 0;
  for (int slot = offset; slot < offset + count; slot++) {
    unsigned bit = 1u << slot;
    if (flags & SQLITE_SHM_UNLOCK) {
      if (file->owners[slot] == handle) file->owners[slot] = 0;
      if (handle->sharedSlots & bit) file->sharers[slot]--;
      handle->sharedSlots &= ~bit;
    } else if (isShared) {
      if (file->owners[slot] != 0 && file->owners[slot] != handle) return SQLITE_BUSY;
      if (!(handle->sharedSlots & bit)) file->sharers[slot]++;
      handle->sharedSlots |= bit;
    } else {
      int others = file->sharers[slot] - ((handle->sharedSlots & bit) != 0);
      if (others > 0 || (file->owners[slot] != 0 && file->owners[slot] != handle))
        return SQLITE_BUSY;
    }
  }
  if ((flags & SQLITE_SHM_LOCK) && !isShared)
    for (int slot = offset; slot < offset + count; slot++) file->owners[slot] = handle;
  return SQLITE_OK;
}

static int memory_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
  lock();
  int result = try_shm_lock((Handle *)base, offset, count, flags);
  unlock();
  return result;
}

static void memory_shm_barrier(sqlite3_file *base) {
  (void)base;
  lock();
  unlock();
}

/// What is shared stays until the file goes: another connection may have it.
static int memory_shm_unmap(sqlite3_file *base, int delete) {
  (void)delete;
  lock();
  try_shm_lock((Handle *)base, 0, SLOTS, SQLITE_SHM_UNLOCK);
  unlock();
  return SQLITE_OK;
}

static int memory_close(sqlite3_file *base) {
  Handle *handle = (Handle *)base;
  lock();
  try_shm_lock(handle, 0, SLOTS, SQLITE_SHM_UNLOCK);
  lower(handle, SQLITE_LOCK_NONE);
  File *file = handle->file;
  file->handles--;
  if (handle->removesAtClose && file->path != 0) {
    unname(file);
  } else {
    release(file);
  }
  base->pMethods = 0;
  unlock();
  return SQLITE_OK;
}

static sqlite3_io_methods methods = {
    2,
    memory_close,
    memory_read,
    memory_write,
    memory_truncate,
    memory_sync,
    memory_file_size,
    memory_lock,
    memory_unlock,
    memory_check_reserved_lock,
    memory_file_control,
    memory_sector_size,
    memory_device_characteristics,
    memory_shm_map,
    memory_shm_lock,
    memory_shm_barrier,
    memory_shm_unmap,
    0,
    0,
};

// MARK: Names

static int memory_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *outFlags) {
  (void)vfs;
  if (!is_memory(name)) return system_vfs->xOpen(system_vfs, name, base, flags, outFlags);
  Handle *handle = (Handle *)base;
  memset(handle, 0, sizeof(*handle));
  lock();
  File *file = find(name);
  if (file == 0 && (flags & SQLITE_OPEN_CREATE)) file = make(name);
  if (file != 0) {
    file->handles++;
    handle->file = file;
    handle->removesAtClose = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    base->pMethods = &methods;
  }
  unlock();
  if (outFlags != 0) *outFlags = flags;
  return file == 0 ? SQLITE_CANTOPEN : SQLITE_OK;
}

static int memory_delete(sqlite3_vfs *vfs, const char *name, int syncsFolder) {
  (void)vfs;
  if (!is_memory(name)) return system_vfs->xDelete(system_vfs, name, syncsFolder);
  int result = pdb_memory_size(name) < 0 ? SQLITE_IOERR_DELETE_NOENT : SQLITE_OK;
  pdb_memory_remove(name);
  return result;
}

static int memory_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
  (void)vfs;
  if (!is_memory(name)) return system_vfs->xAccess(system_vfs, name, flags, result);
  int64_t size = pdb_memory_size(name);
  // As the system has it: an empty file is as good as none.
  *result = flags == SQLITE_ACCESS_EXISTS ? size > 0 : size >= 0;
  return SQLITE_OK;
}

static int memory_full_pathname(sqlite3_vfs *vfs, const char *name, int room, char *out) {
  (void)vfs;
  if (!is_memory(name)) return system_vfs->xFullPathname(system_vfs, name, room, out);
  if ((int)strlen(name) >= room) return SQLITE_CANTOPEN;
  strcpy(out, name);
  return SQLITE_OK;
}

__attribute__((constructor)) static void become_default(void) {
  if (sqlite3_initialize() != SQLITE_OK) return;
  system_vfs = sqlite3_vfs_find(0);
  if (system_vfs == 0) return;
  memory_vfs = *system_vfs;
  memory_vfs.pNext = 0;
  memory_vfs.zName = "pdb-memory";
  if (memory_vfs.szOsFile < (int)sizeof(Handle)) memory_vfs.szOsFile = (int)sizeof(Handle);
  memory_vfs.xOpen = memory_open;
  memory_vfs.xDelete = memory_delete;
  memory_vfs.xAccess = memory_access;
  memory_vfs.xFullPathname = memory_full_pathname;
  sqlite3_vfs_register(&memory_vfs, 1);
}

// MARK: Arranging

int64_t pdb_memory_size(const char *path) {
  lock();
  File *file = find(path);
  int64_t size = file == 0 ? -1 : file->seen.size;
  unlock();
  return size;
}

int64_t pdb_memory_unsynced(const char *path) {
  lock();
  File *file = find(path);
  int64_t count = 0;
  for (int64_t sector = 0; file != 0 && sector < file->dirty.size; sector++)
    count += file->dirty.bytes[sector];
  unlock();
  return count;
}

/// The file of this name, made or emptied.
static File *fresh(const char *path) {
  File *old = find(path);
  if (old != 0) unname(old);
  return make(path);
}

int pdb_memory_copy(const char *from, const char *to) {
  lock();
  File *file = find(from);
  if (file != 0) {
    File *twin = fresh(to);
    copy(&twin->seen, &file->seen);
    copy(&twin->durable, &file->durable);
    copy(&twin->dirty, &file->dirty);
    twin->isCut = file->isCut;
  }
  unlock();
  return file != 0;
}

/// SplitMix64.
static uint64_t draw(uint64_t *seed) {
  uint64_t z = *seed += 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

int pdb_memory_cut(const char *from, const char *to, uint64_t seed, int per_mille) {
  lock();
  File *file = find(from);
  if (file != 0) {
    File *left = fresh(to);
    copy(&left->durable, &file->durable);
    int isCutKept = file->isCut && (int)(draw(&seed) % 1000) < per_mille;
    if (isCutKept && file->seen.size < left->durable.size)
      resize(&left->durable, file->seen.size);
    for (int64_t sector = 0; sector < file->dirty.size; sector++) {
      int64_t start = sector * SECTOR, count = file->seen.size - start;
      if (!file->dirty.bytes[sector]) continue;
      if ((int)(draw(&seed) % 1000) >= per_mille || count <= 0) continue;
      put(&left->durable, file->seen.bytes + start, count < SECTOR ? count : SECTOR, start);
    }
    copy(&left->seen, &left->durable);
  }
  unlock();
  return file != 0;
}

int pdb_memory_sync(const char *path) {
  lock();
  File *file = find(path);
  if (file != 0) make_durable(file);
  unlock();
  return file != 0;
}

int pdb_memory_flip(const char *path, int64_t offset, int bit) {
  lock();
  File *file = find(path);
  int isThere = file != 0 && offset >= 0 && offset < file->seen.size;
  if (isThere) {
    file->seen.bytes[offset] ^= (unsigned char)(1 << bit);
    if (offset < file->durable.size) file->durable.bytes[offset] ^= (unsigned char)(1 << bit);
  }
  unlock();
  return isThere;
}

void pdb_memory_lie(const char *path, int lies) {
  lock();
  File *file = find(path);
  if (file != 0) file->lies = lies;
  unlock();
}

void pdb_memory_fill(const char *path, int is_full) {
  lock();
  File *file = find(path);
  if (file != 0) file->isFull = is_full;
  unlock();
}

void pdb_memory_remove(const char *path) {
  lock();
  File *file = find(path);
  if (file != 0) unname(file);
  unlock();
}

int pdb_memory_checkpoint(const char *path) {
  sqlite3 *db = 0;
  int result = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, 0);
  // Only a connection that has looked at the file knows that it has a journal.
  if (result == SQLITE_OK) result = sqlite3_exec(db, "SELECT 1 FROM sqlite_schema", 0, 0, 0);
  if (result == SQLITE_OK)
    result = sqlite3_wal_checkpoint_v2(db, 0, SQLITE_CHECKPOINT_PASSIVE, 0, 0);
  sqlite3_close(db);
  return result;
}
