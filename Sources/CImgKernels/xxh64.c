#include "imgk_xxh64.h"

#include <string.h>

static const uint64_t P1 = 0x9E3779B185EBCA87u, P2 = 0xC2B2AE3D27D4EB4Fu, P3 = 0x165667B19E3779F9u,
                      P4 = 0x85EBCA77C2B2AE63u, P5 = 0x27D4EB2F165667C5u;

static inline uint64_t rotated(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static inline uint64_t word64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  return v;
}

static inline uint64_t word32(const uint8_t *p) {
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
}

static inline uint64_t round64(uint64_t lane, uint64_t word) { return rotated(lane + word * P2, 31) * P1; }

// Takes in the whole stripes of 32 bytes that `count` bytes have.
static void stripes(uint64_t state[4], const uint8_t *p, size_t count) {
  uint64_t lane[4];
  memcpy(lane, state, sizeof lane);
  for (; count >= 32; count -= 32, p += 32) {
    for (int k = 0; k < 4; k++) lane[k] = round64(lane[k], word64(p + 8 * k));
  }
  memcpy(state, lane, sizeof lane);
}

static uint64_t merged(const uint64_t lane[4]) {
  uint64_t hash = rotated(lane[0], 1) + rotated(lane[1], 7) + rotated(lane[2], 12) + rotated(lane[3], 18);
  for (int k = 0; k < 4; k++) hash = (hash ^ round64(0, lane[k])) * P1 + P4;
  return hash;
}

void imgk_xxh64_begin(imgk_xxh64_state *state) {
  *state = (imgk_xxh64_state){.lane = {P1 + P2, P2, 0, 0 - P1}};
}

void imgk_xxh64_update(imgk_xxh64_state *state, const void *bytes, size_t count) {
  const uint8_t *p = bytes;
  const size_t used = state->byte_count % 32;
  state->byte_count += count;
  if (used > 0) {
    const size_t taken = count < 32 - used ? count : 32 - used;
    if (taken > 0) memcpy(state->pending + used, p, taken);
    if (used + taken < 32) return;
    stripes(state->lane, state->pending, 32);
    p += taken;
    count -= taken;
  }
  stripes(state->lane, p, count);
  if (count % 32 > 0) memcpy(state->pending, p + count / 32 * 32, count % 32);
}

uint64_t imgk_xxh64_end(const imgk_xxh64_state *state) {
  const uint8_t *p = state->pending, *end = p + state->byte_count % 32;
  uint64_t hash = (state->byte_count >= 32 ? merged(state->lane) : P5) + state->byte_count;
  for (; end - p >= 8; p += 8) hash = rotated(hash ^ round64(0, word64(p)), 27) * P1 + P4;
  if (end - p >= 4) {
    hash = rotated(hash ^ word32(p) * P1, 23) * P2 + P3;
    p += 4;
  }
  for (; p < end; p++) hash = rotated(hash ^ *p * P5, 11) * P1;
  hash = (hash ^ hash >> 33) * P2;
  hash = (hash ^ hash >> 29) * P3;
  return hash ^ hash >> 32;
}

uint64_t imgk_xxh64(const void *bytes, size_t count) {
  imgk_xxh64_state state;
  imgk_xxh64_begin(&state);
  imgk_xxh64_update(&state, bytes, count);
  return imgk_xxh64_end(&state);
}
