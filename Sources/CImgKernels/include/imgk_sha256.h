// SHA-256 on CPUs with instructions for it, of one text or of two at once.
#ifndef IMGK_SHA256_H
#define IMGK_SHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A digest under way (FIPS 180-4, section 6.2).
typedef struct imgk_sha256 {
  uint32_t state[8];
  uint64_t byte_count;
  uint8_t pending[64];
} imgk_sha256;

/// Whether this CPU has SHA-256 instructions. The functions below work everywhere, but where this is 0 they are slow.
int imgk_sha256_is_fast(void);

/// Starts a digest.
void imgk_sha256_begin(imgk_sha256 *digest);

/// Takes in `count` bytes.
void imgk_sha256_update(imgk_sha256 *digest, const void *bytes, size_t count);

/// Takes bytes into two digests. Where the CPU has instructions, the two run interleaved, which takes little longer than
/// one: an instruction waits for the one before it in its own digest only. The digests must be two objects.
void imgk_sha256_update_two(imgk_sha256 *first, const void *first_bytes, size_t first_count, imgk_sha256 *second,
                            const void *second_bytes, size_t second_count);

/// Ends a digest: writes its 32 bytes.
void imgk_sha256_end(imgk_sha256 *digest, uint8_t result[32]);

#ifdef __cplusplus
}
#endif

#endif
