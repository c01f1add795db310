#include "imgk_sha256.h"

#include <string.h>

#include "internal/target.h"

#if IMGK_X86
#include <cpuid.h>
#include <immintrin.h>
#endif

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
static const uint32_t K[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotated(uint32_t x, int bits) { return x >> bits | x << (32 - bits); }

static void expand(const uint8_t *block, uint32_t w[64]) {
  for (int t = 0; t < 16; t++) {
    const uint8_t *p = block + 4 * t;
    w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
  }
  for (int t = 16; t < 64; t++) {
    const uint32_t a = w[t - 15], b = w[t - 2];
    w[t] = w[t - 16] + w[t - 7] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) +
           (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
  }
}

static void blocks_ref(uint32_t state[8], const uint8_t *bytes, size_t count) {
  uint32_t w[64];
  for (; count > 0; count--, bytes += 64) {
    expand(bytes, w);
    uint32_t v[8];
    memcpy(v, state, sizeof v);
    for (int t = 0; t < 64; t++) {
      const uint32_t e = v[4], a = v[0];
      const uint32_t t1 = v[7] + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & v[5]) ^ (~e & v[6])) +
                          K[t] + w[t];
      const uint32_t t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
      memmove(v + 1, v, 7 * sizeof *v);
      v[4] += t1;
      v[0] = t1 + t2;
    }
    for (int k = 0; k < 8; k++) state[k] += v[k];
  }
}

#if IMGK_X86
#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

// The eight words as the instructions want them: a, b, e, f in one register, c, d, g, h in the other.
typedef struct {
  __m128i abef, cdgh;
} halves;

SHA_TARGET IMGK_INLINE halves load_state(const uint32_t state[8]) {
  const __m128i dcba = _mm_loadu_si128((const __m128i *)state), hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
  const __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1), efgh = _mm_shuffle_epi32(hgfe, 0x1B);
  return (halves){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

SHA_TARGET IMGK_INLINE void store_state(uint32_t state[8], halves s) {
  const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1B), dchg = _mm_shuffle_epi32(s.cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// `lanes` texts, one block of each: sixteen times four rounds.
SHA_TARGET IMGK_INLINE void block_of_each(halves *s, const uint8_t *const *bytes, int lanes) {
  const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
  __m128i m[2][4];
  halves before[2];
  for (int l = 0; l < lanes; l++) before[l] = s[l];
#pragma unroll
  for (int r = 0; r < 16; r++) {
    const __m128i k = _mm_load_si128((const __m128i *)(K + 4 * r));
#pragma unroll
    for (int l = 0; l < lanes; l++) {
      __m128i *w = m[l];
      if (r < 4) w[r] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes[l] + 16 * r)), order);
      const __m128i wk = _mm_add_epi32(w[r & 3], k);
      s[l].cdgh = _mm_sha256rnds2_epu32(s[l].cdgh, s[l].abef, wk);
      s[l].abef = _mm_sha256rnds2_epu32(s[l].abef, s[l].cdgh, _mm_shuffle_epi32(wk, 0x0E));
      if (r >= 3 && r < 15) {
        const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[(r + 1) & 3], w[(r + 2) & 3]),
                                          _mm_alignr_epi8(w[r & 3], w[(r + 3) & 3], 4));
        w[(r + 1) & 3] = _mm_sha256msg2_epu32(sum, w[r & 3]);
      }
    }
  }
  for (int l = 0; l < lanes; l++) {
    s[l].abef = _mm_add_epi32(s[l].abef, before[l].abef);
    s[l].cdgh = _mm_add_epi32(s[l].cdgh, before[l].cdgh);
  }
}

SHA_TARGET static void blocks_sha(uint32_t state[8], const uint8_t *bytes, size_t count) {
  halves s[1] = {load_state(state)};
  for (; count > 0; count--, bytes += 64) block_of_each(s, &bytes, 1);
  store_state(state, s[0]);
}

SHA_TARGET static void blocks_sha_two(uint32_t a[8], const uint8_t *p, uint32_t b[8], const uint8_t *q, size_t count) {
  halves s[2] = {load_state(a), load_state(b)};
  const uint8_t *bytes[2] = {p, q};
  for (; count > 0; count--, bytes[0] += 64, bytes[1] += 64) block_of_each(s, bytes, 2);
  store_state(a, s[0]);
  store_state(b, s[1]);
}
#endif

int imgk_sha256_is_fast(void) {
#if IMGK_X86
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) && __builtin_cpu_supports("sse4.1");
#else
  return 0;
#endif
}

static int is_fast(void) {
  static int known;  // 0: not asked yet, 1: no, 2: yes; threads that race write the same
  int now = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (now == 0) {
    now = imgk_sha256_is_fast() ? 2 : 1;
    __atomic_store_n(&known, now, __ATOMIC_RELAXED);
  }
  return now == 2;
}

static void blocks(uint32_t state[8], const uint8_t *bytes, size_t count) {
#if IMGK_X86
  if (is_fast()) {
    blocks_sha(state, bytes, count);
    return;
  }
#endif
  blocks_ref(state, bytes, count);
}

void imgk_sha256_begin(imgk_sha256 *digest) {
  static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memset(digest, 0, sizeof *digest);
  memcpy(digest->state, first, sizeof first);
}

// Fills the pending block; returns how many bytes it took.
static size_t fill(imgk_sha256 *digest, const uint8_t *bytes, size_t count) {
  const size_t used = digest->byte_count % 64;
  if (used == 0 || count == 0) return 0;
  const size_t taken = count < 64 - used ? count : 64 - used;
  memcpy(digest->pending + used, bytes, taken);
  digest->byte_count += taken;
  if (used + taken == 64) blocks(digest->state, digest->pending, 1);
  return taken;
}

// Takes in whole blocks that were processed and keeps what is left, less than a block.
static void keep(imgk_sha256 *digest, const uint8_t *bytes, size_t count) {
  digest->byte_count += count;
  if (count % 64 > 0) memcpy(digest->pending, bytes + count / 64 * 64, count % 64);
}

void imgk_sha256_update(imgk_sha256 *digest, const void *bytes, size_t count) {
  const uint8_t *p = bytes;
  const size_t taken = fill(digest, p, count);
  if (taken == count) return;
  p += taken;
  count -= taken;
  blocks(digest->state, p, count / 64);
  keep(digest, p, count);
}

void imgk_sha256_update_two(imgk_sha256 *first, const void *first_bytes, size_t first_count, imgk_sha256 *second,
                            const void *second_bytes, size_t second_count) {
#if IMGK_X86
  if (is_fast()) {
    const uint8_t *p = first_bytes, *q = second_bytes;
    const size_t a = fill(first, p, first_count), b = fill(second, q, second_count);
    const size_t shared = ((first_count - a) / 64 < (second_count - b) / 64 ? first_count - a : second_count - b) / 64;
    if (shared > 0) {
      blocks_sha_two(first->state, p + a, second->state, q + b, shared);
      first->byte_count += 64 * shared;
      second->byte_count += 64 * shared;
    }
    const size_t done_a = a + 64 * shared, done_b = b + 64 * shared;
    if (done_a < first_count) imgk_sha256_update(first, p + done_a, first_count - done_a);
    if (done_b < second_count) imgk_sha256_update(second, q + done_b, second_count - done_b);
    return;
  }
#endif
  imgk_sha256_update(first, first_bytes, first_count);
  imgk_sha256_update(second, second_bytes, second_count);
}

void imgk_sha256_end(imgk_sha256 *digest, uint8_t result[32]) {
  const uint64_t bits = digest->byte_count * 8;
  uint8_t tail[128] = {0x80};
  const size_t used = digest->byte_count % 64, padding = (used < 56 ? 56 : 120) - used;
  for (int k = 0; k < 8; k++) tail[padding + (size_t)k] = (uint8_t)(bits >> (56 - 8 * k));
  imgk_sha256_update(digest, tail, padding + 8);
  for (int k = 0; k < 32; k++) result[k] = (uint8_t)(digest->state[k / 4] >> (24 - 8 * (k % 4)));
}
