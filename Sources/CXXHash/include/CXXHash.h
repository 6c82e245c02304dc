// XXH3, 64 bits (github.com/Cyan4973/xxHash, doc/xxhash_spec.md), compiled into the program: the
// library itself need not be installed where pdb runs.

#ifndef CXXHASH_H
#define CXXHASH_H

#include <stddef.h>
#include <stdint.h>

/// The XXH3 checksum of `count` bytes, chained to whatever gave `seed`.
uint64_t pdb_xxh3(const void *bytes, size_t count, uint64_t seed);

#endif
