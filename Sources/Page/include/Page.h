// The files of the page, as they are in the program.

#include <stddef.h>

/// One file: its path below `/page/`, and its bytes.
struct PageFile {
  const char *path;
  const unsigned char *bytes;
  size_t count;
};

/// The files one after the other; `NULL` after the last.
const struct PageFile *pageFile(size_t position);
