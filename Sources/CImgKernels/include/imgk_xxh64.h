// XXH64, the checksum of zstd frames.
#ifndef IMGK_XXH64_H
#define IMGK_XXH64_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// XXH64 of `count` bytes with seed 0 (xxHash's doc/xxhash_spec.md).
uint64_t imgk_xxh64(const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
