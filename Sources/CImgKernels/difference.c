#include "imgk_difference.h"

#include <string.h>

// One pair of loops for each width; plain enough for the compiler to vectorize.
#define DIFFERENCE(type, bits)                                                                                         \
  static void take##bits(const uint8_t *values, const uint8_t *base, size_t count, int rotate, uint8_t *dst) {        \
    const int back = (bits - rotate) & (bits - 1);                                                                     \
    for (size_t i = 0; i < count; i++) {                                                                               \
      type x, b;                                                                                                       \
      memcpy(&x, values + i * sizeof x, sizeof x);                                                                     \
      memcpy(&b, base + i * sizeof b, sizeof b);                                                                       \
      if (rotate != 0) x = (type)((type)(x << rotate) | (type)(x >> back));                                            \
      if (rotate != 0) b = (type)((type)(b << rotate) | (type)(b >> back));                                            \
      const type d = (type)(x - b);                                                                                    \
      const type z = (type)((type)(d << 1) ^ (type)(0 - (type)(d >> (bits - 1))));                                     \
      memcpy(dst + i * sizeof z, &z, sizeof z);                                                                        \
    }                                                                                                                  \
  }                                                                                                                    \
  static void add##bits(uint8_t *values, const uint8_t *base, size_t count, int rotate) {                             \
    const int back = (bits - rotate) & (bits - 1);                                                                     \
    for (size_t i = 0; i < count; i++) {                                                                               \
      type z, b;                                                                                                       \
      memcpy(&z, values + i * sizeof z, sizeof z);                                                                     \
      memcpy(&b, base + i * sizeof b, sizeof b);                                                                       \
      if (rotate != 0) b = (type)((type)(b << rotate) | (type)(b >> back));                                            \
      const type d = (type)((type)(z >> 1) ^ (type)(0 - (type)(z & 1)));                                               \
      type x = (type)(b + d);                                                                                          \
      if (rotate != 0) x = (type)((type)(x >> rotate) | (type)(x << back));                                            \
      memcpy(values + i * sizeof x, &x, sizeof x);                                                                     \
    }                                                                                                                  \
  }

DIFFERENCE(uint8_t, 8)
DIFFERENCE(uint16_t, 16)
DIFFERENCE(uint32_t, 32)
DIFFERENCE(uint64_t, 64)

int imgk_difference(const uint8_t *values, const uint8_t *base, size_t count, int width, int rotate, uint8_t *dst) {
  if (rotate < 0 || rotate >= 8 * width) return -1;
  switch (width) {
  case 1: take8(values, base, count, rotate, dst); return 0;
  case 2: take16(values, base, count, rotate, dst); return 0;
  case 4: take32(values, base, count, rotate, dst); return 0;
  case 8: take64(values, base, count, rotate, dst); return 0;
  default: return -1;
  }
}

int imgk_difference_undo(uint8_t *values, const uint8_t *base, size_t count, int width, int rotate) {
  if (rotate < 0 || rotate >= 8 * width) return -1;
  switch (width) {
  case 1: add8(values, base, count, rotate); return 0;
  case 2: add16(values, base, count, rotate); return 0;
  case 4: add32(values, base, count, rotate); return 0;
  case 8: add64(values, base, count, rotate); return 0;
  default: return -1;
  }
}
