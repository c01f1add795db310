// XXH64 with seed 0 (xxHash's doc/xxhash_spec.md), the checksum of zstd frames.
#ifndef IMGK_XXH64_H
#define IMGK_XXH64_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A checksum under way.
typedef struct imgk_xxh64_state {
  uint64_t lane[4];
  uint64_t byte_count;
  uint8_t pending[32];
} imgk_xxh64_state;

/// Starts a checksum.
void imgk_xxh64_begin(imgk_xxh64_state *state);

/// Takes in `count` bytes.
void imgk_xxh64_update(imgk_xxh64_state *state, const void *bytes, size_t count);

/// The checksum of what was taken in; more may follow.
uint64_t imgk_xxh64_end(const imgk_xxh64_state *state);

/// The checksum of `count` bytes.
uint64_t imgk_xxh64(const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
