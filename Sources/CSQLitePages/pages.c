// SQLite's access to files (sqlite.org/vfs.html), with a checksum on every page.
//
//   page of the database   content (page size - 8)   checksum of the content (8): XXH3, little-endian
//
// The checksum is put in place when a page is written into the database, and verified when it is read
// from there. Pages in the write-ahead log are verified by the checksums that SQLite gives to frames, but
// looks at only after a crash (sqlite.org/fileformat2.html#walformat): each continues that of the frame
// before it. A page that is not what was written ends with SQLITE_IOERR_DATA; it is never handed to
// SQLite as good.
//
// A connection does not verify the frames of its own transaction that is not committed: their checksums
// are corrected at its end. What it copies from the log into the database is verified like all else, for
// there it gets a checksum that is good.

#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

#include "CSQLitePages.h"
#include "CXXHash.h"

enum { WAL_HEADER = 32, FRAME_HEADER = 24, LEAST_PAGE = 512, MOST_PAGE = 65536 };

typedef struct {
  sqlite3_file base;
  int isDatabase;
  int isLog;
  /// Of a database: whether its pages have checksums.
  int isSealed;
  /// Of a log: where the frames begin that this connection wrote and has not committed; 0 if there are
  /// none.
  sqlite3_int64 uncommitted;
} PagesFile;

static sqlite3_vfs *system_vfs;
static sqlite3_vfs pages_vfs;
static sqlite3_io_methods pages_methods;

/// SQLite's own file stands behind ours.
static sqlite3_file *real(sqlite3_file *file) { return (sqlite3_file *)((PagesFile *)file + 1); }

static int is_page_size(int count) {
  return count >= LEAST_PAGE && count <= MOST_PAGE && (count & (count - 1)) == 0;
}

// MARK: Pages of the database

static uint64_t page_checksum(const unsigned char *page, int count) {
  return pdb_xxh3(page, count - PDB_PAGE_SEAL_BYTES, 0);
}

static void seal(unsigned char *page, int count) {
  uint64_t checksum = page_checksum(page, count);
  for (int i = 0; i < 8; i++) page[count - 8 + i] = (unsigned char)(checksum >> (8 * i));
}

static int is_intact(const unsigned char *page, int count) {
  uint64_t checksum = 0;
  for (int i = 0; i < 8; i++) checksum |= (uint64_t)page[count - 8 + i] << (8 * i);
  return checksum == page_checksum(page, count);
}

/// The beginning of the first page says how many bytes of each page are reserved.
static void learn(PagesFile *file, const unsigned char *bytes, int count, sqlite3_int64 offset) {
  if (offset == 0 && count >= 100 && memcmp(bytes, "SQLite format 3", 16) == 0)
    file->isSealed = bytes[20] == PDB_PAGE_SEAL_BYTES;
}

// MARK: Frames of the log

static uint32_t big_endian(const unsigned char *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t little_endian(const unsigned char *bytes) {
  return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

static void add(const unsigned char *bytes, int count, int isBigEndian, uint32_t sums[2]) {
  for (int i = 0; i + 8 <= count; i += 8) {
    uint32_t one = isBigEndian ? big_endian(bytes + i) : little_endian(bytes + i);
    uint32_t two = isBigEndian ? big_endian(bytes + i + 4) : little_endian(bytes + i + 4);
    sums[0] += one + sums[1];
    sums[1] += two + sums[0];
  }
}

/// Whether a page that was read from the log is the one that its frame was given.
static int frame_is_intact(
    sqlite3_file *file, const unsigned char *page, int count, sqlite3_int64 offset) {
  unsigned char header[WAL_HEADER], before[8], frame[FRAME_HEADER];
  sqlite3_int64 start = offset - FRAME_HEADER;
  if (file->pMethods->xRead(file, header, WAL_HEADER, 0) != SQLITE_OK) return 0;
  if (file->pMethods->xRead(file, frame, FRAME_HEADER, start) != SQLITE_OK) return 0;
  if (start == WAL_HEADER) {
    memcpy(before, header + 24, 8);
  } else {
    sqlite3_int64 previous = start - count - FRAME_HEADER;
    if (file->pMethods->xRead(file, before, 8, previous + 16) != SQLITE_OK) return 0;
  }
  uint32_t sums[2] = {big_endian(before), big_endian(before + 4)};
  int isBigEndian = header[3] & 1;
  add(frame, 8, isBigEndian, sums);
  add(page, count, isBigEndian, sums);
  return sums[0] == big_endian(frame + 16) && sums[1] == big_endian(frame + 20);
}

/// Remembers from where on frames are not committed. The header of the last frame of a transaction says
/// how many pages the database has; that of any other says 0. It is written last, also when checksums are
/// corrected.
static void learn_frame(
    PagesFile *file, const unsigned char *bytes, int count, sqlite3_int64 offset) {
  if (offset < WAL_HEADER) {
    // The log begins anew: nothing in it is committed.
    file->uncommitted = WAL_HEADER;
  } else if (count == FRAME_HEADER) {
    if (big_endian(bytes + 4) != 0) {
      file->uncommitted = 0;
    } else if (file->uncommitted == 0 || offset < file->uncommitted) {
      file->uncommitted = offset;
    }
  }
}

static int is_committed(const PagesFile *file, sqlite3_int64 offset) {
  return file->uncommitted == 0 || offset < file->uncommitted;
}

static int is_page_of_frame(int count, sqlite3_int64 offset) {
  return is_page_size(count) && offset >= WAL_HEADER + FRAME_HEADER
         && (offset - WAL_HEADER - FRAME_HEADER) % (count + FRAME_HEADER) == 0;
}

// MARK: Reading and writing

static int pages_read(sqlite3_file *base, void *buffer, int count, sqlite3_int64 offset) {
  PagesFile *file = (PagesFile *)base;
  int result = real(base)->pMethods->xRead(real(base), buffer, count, offset);
  if (result != SQLITE_OK) return result;
  if (file->isDatabase) {
    learn(file, buffer, count, offset);
    if (file->isSealed && is_page_size(count) && offset % count == 0 && !is_intact(buffer, count)) {
      sqlite3_log(SQLITE_IOERR_DATA, "a page at %lld was altered", offset);
      return SQLITE_IOERR_DATA;
    }
  }
  if (file->isLog && is_committed(file, offset) && is_page_of_frame(count, offset)
      && !frame_is_intact(real(base), buffer, count, offset)) {
    sqlite3_log(SQLITE_IOERR_DATA, "a frame at %lld was altered", offset);
    return SQLITE_IOERR_DATA;
  }
  return SQLITE_OK;
}

static int pages_write(sqlite3_file *base, const void *buffer, int count, sqlite3_int64 offset) {
  PagesFile *file = (PagesFile *)base;
  if (file->isDatabase) {
    learn(file, buffer, count, offset);
    // The bytes are reserved for this: SQLite keeps nothing there.
    if (file->isSealed && is_page_size(count) && offset % count == 0) seal((void *)buffer, count);
  }
  if (file->isLog) learn_frame(file, buffer, count, offset);
  return real(base)->pMethods->xWrite(real(base), buffer, count, offset);
}

// MARK: Everything else is the system's

static int pages_close(sqlite3_file *base) {
  int result = real(base)->pMethods->xClose(real(base));
  base->pMethods = 0;
  return result;
}

static int pages_truncate(sqlite3_file *base, sqlite3_int64 size) {
  return real(base)->pMethods->xTruncate(real(base), size);
}

static int pages_sync(sqlite3_file *base, int flags) {
  return real(base)->pMethods->xSync(real(base), flags);
}

static int pages_file_size(sqlite3_file *base, sqlite3_int64 *size) {
  return real(base)->pMethods->xFileSize(real(base), size);
}

static int pages_lock(sqlite3_file *base, int level) {
  return real(base)->pMethods->xLock(real(base), level);
}

static int pages_unlock(sqlite3_file *base, int level) {
  return real(base)->pMethods->xUnlock(real(base), level);
}

static int pages_check_reserved_lock(sqlite3_file *base, int *result) {
  return real(base)->pMethods->xCheckReservedLock(real(base), result);
}

static int pages_file_control(sqlite3_file *base, int operation, void *argument) {
  return real(base)->pMethods->xFileControl(real(base), operation, argument);
}

static int pages_sector_size(sqlite3_file *base) {
  return real(base)->pMethods->xSectorSize(real(base));
}

static int pages_device_characteristics(sqlite3_file *base) {
  return real(base)->pMethods->xDeviceCharacteristics(real(base));
}

static int pages_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **out) {
  return real(base)->pMethods->xShmMap(real(base), page, size, extend, out);
}

static int pages_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
  return real(base)->pMethods->xShmLock(real(base), offset, count, flags);
}

static void pages_shm_barrier(sqlite3_file *base) {
  real(base)->pMethods->xShmBarrier(real(base));
}

static int pages_shm_unmap(sqlite3_file *base, int delete) {
  return real(base)->pMethods->xShmUnmap(real(base), delete);
}

/// Without xFetch: what is mapped into memory is not read through here.
static sqlite3_io_methods pages_methods = {
    2,
    pages_close,
    pages_read,
    pages_write,
    pages_truncate,
    pages_sync,
    pages_file_size,
    pages_lock,
    pages_unlock,
    pages_check_reserved_lock,
    pages_file_control,
    pages_sector_size,
    pages_device_characteristics,
    pages_shm_map,
    pages_shm_lock,
    pages_shm_barrier,
    pages_shm_unmap,
    0,
    0,
};

static int pages_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *outFlags) {
  PagesFile *file = (PagesFile *)base;
  memset(file, 0, sizeof(*file));
  int result = system_vfs->xOpen(system_vfs, name, real(base), flags, outFlags);
  if (real(base)->pMethods == 0) return result;
  file->isDatabase = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  file->isLog = (flags & SQLITE_OPEN_WAL) != 0;
  base->pMethods = &pages_methods;
  return result;
}

int pdb_seal_sqlite_pages(void) {
  system_vfs = sqlite3_vfs_find(0);
  if (system_vfs == 0) return SQLITE_ERROR;
  // Whatever has to do with names, time and randomness stays the system's, and is called with its own
  // structure: none of these functions looks at anything but that.
  pages_vfs = *system_vfs;
  pages_vfs.pNext = 0;
  pages_vfs.zName = "pdb-pages";
  pages_vfs.szOsFile = (int)sizeof(PagesFile) + system_vfs->szOsFile;
  pages_vfs.xOpen = pages_open;
  return sqlite3_vfs_register(&pages_vfs, 1);
}

int pdb_defend_sqlite(sqlite3 *connection) {
  static const struct {
    int option, value;
  } settings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},
      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
      {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
  };
  for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
    int result = sqlite3_db_config(connection, settings[i].option, settings[i].value, (int *)0);
    if (result != SQLITE_OK) return result;
  }
  return SQLITE_OK;
}

int pdb_keep_sqlite_journal(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
