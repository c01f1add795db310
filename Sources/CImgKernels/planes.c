#include "imgk_planes.h"

#include "imgk_isa.h"
#include "internal/simd.h"

typedef struct {
  void (*split[3])(const uint8_t *, size_t, int, uint8_t *);
  void (*join[3])(const uint8_t *, size_t, int, uint8_t *);
} imgk_planes_kernels;

static uint64_t imgk_rotated(uint64_t value, int bits, int left) {
  if (left == 0) return value;
  const uint64_t mask = bits == 64 ? ~0ull : (1ull << bits) - 1;
  return ((value << left) | (value >> (bits - left))) & mask;
}

static void imgk_planes_split_tail(const uint8_t *src, size_t from, size_t count, int width, int rotate,
                                   uint8_t *dst) {
  for (size_t i = from; i < count; i++) {
    uint64_t value = 0;
    for (int p = 0; p < width; p++) value |= (uint64_t)src[i * (size_t)width + (size_t)p] << (8 * p);
    value = imgk_rotated(value, 8 * width, rotate);
    for (int p = 0; p < width; p++) dst[(size_t)p * count + i] = (uint8_t)(value >> (8 * p));
  }
}

static void imgk_planes_join_tail(const uint8_t *src, size_t from, size_t count, int width, int rotate,
                                  uint8_t *dst) {
  const int back = rotate == 0 ? 0 : 8 * width - rotate;
  for (size_t i = from; i < count; i++) {
    uint64_t value = 0;
    for (int p = 0; p < width; p++) value |= (uint64_t)src[(size_t)p * count + i] << (8 * p);
    value = imgk_rotated(value, 8 * width, back);
    for (int p = 0; p < width; p++) dst[i * (size_t)width + (size_t)p] = (uint8_t)(value >> (8 * p));
  }
}

#define IMGK_FAMILY imgk_planes
#define IMGK_BODY "planes_body.h"
#define IMGK_TABLE imgk_planes_kernels
#include "internal/each_isa.h"

/// The place of `width` in the kernel tables; -1 for bytes, which are copied; -2 where the arguments are wrong.
static int imgk_planes_slot(int width, int rotate) {
  if (rotate < 0 || rotate >= 8 * width) return -2;
  switch (width) {
  case 1: return -1;
  case 2: return 0;
  case 4: return 1;
  case 8: return 2;
  default: return -2;
  }
}

int imgk_planes_split(const uint8_t *src, size_t count, int width, int rotate, uint8_t *dst) {
  const int slot = imgk_planes_slot(width, rotate);
  if (slot == -2) return -1;
  if (slot == -1) {
    imgk_planes_split_tail(src, 0, count, 1, rotate, dst);
  } else {
    IMGK_CHOSEN()->split[slot](src, count, rotate, dst);
  }
  return 0;
}

int imgk_planes_join(const uint8_t *src, size_t count, int width, int rotate, uint8_t *dst) {
  const int slot = imgk_planes_slot(width, rotate);
  if (slot == -2) return -1;
  if (slot == -1) {
    imgk_planes_join_tail(src, 0, count, 1, rotate, dst);
  } else {
    IMGK_CHOSEN()->join[slot](src, count, rotate, dst);
  }
  return 0;
}

int imgk_planes_split_ref(const uint8_t *src, size_t count, int width, int rotate, uint8_t *dst) {
  if (imgk_planes_slot(width, rotate) == -2) return -1;
  imgk_planes_split_tail(src, 0, count, width, rotate, dst);
  return 0;
}

int imgk_planes_join_ref(const uint8_t *src, size_t count, int width, int rotate, uint8_t *dst) {
  if (imgk_planes_slot(width, rotate) == -2) return -1;
  imgk_planes_join_tail(src, 0, count, width, rotate, dst);
  return 0;
}

void imgk_histogram_ref(const uint8_t *src, size_t count, uint64_t counts[256]) {
  for (size_t i = 0; i < count; i++) counts[src[i]]++;
}

void imgk_histogram(const uint8_t *src, size_t count, uint64_t counts[256]) {
  // Eight tables, so that equal neighbours do not wait for one another's store.
  uint32_t table[8][256];
  while (count > 0) {
    const size_t block = count < (1u << 30) ? count : (1u << 30);
    memset(table, 0, sizeof table);
    size_t i = 0;
    for (; i + 8 <= block; i += 8) {
      uint64_t v;
      memcpy(&v, src + i, 8);
      table[0][v & 255]++;
      table[1][v >> 8 & 255]++;
      table[2][v >> 16 & 255]++;
      table[3][v >> 24 & 255]++;
      table[4][v >> 32 & 255]++;
      table[5][v >> 40 & 255]++;
      table[6][v >> 48 & 255]++;
      table[7][v >> 56]++;
    }
    for (; i < block; i++) table[0][src[i]]++;
    for (int s = 0; s < 256; s++) {
      for (int t = 0; t < 8; t++) counts[s] += table[t][s];
    }
    src += block;
    count -= block;
  }
}
