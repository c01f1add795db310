#include "imgk_bits.h"

#include "imgk_isa.h"
#include "internal/simd.h"

typedef struct {
  void (*unpack_4)(const uint8_t *, uint8_t, uint8_t *, size_t);
  void (*pack_4)(const uint8_t *, uint8_t *, size_t);
} imgk_bits_kernels;

#define IMGK_FAMILY imgk_bits
#define IMGK_BODY "bits_body.h"
#define IMGK_TABLE imgk_bits_kernels
#include "internal/each_isa.h"

void imgk_unpack_bits_ref(const uint8_t *src, int width, int is_signed, uint8_t *dst, size_t count) {
  const size_t per_byte = 8 / (size_t)width;
  const uint8_t mask = (uint8_t)((1 << width) - 1), sign = is_signed ? (uint8_t)(1 << (width - 1)) : 0;
  for (size_t i = 0; i < count; i++) {
    const uint8_t field = src[i / per_byte] >> (i % per_byte * (size_t)width) & mask;
    dst[i] = (uint8_t)((field ^ sign) - sign);
  }
}

void imgk_pack_bits_ref(const uint8_t *src, int width, uint8_t *dst, size_t count) {
  const size_t per_byte = 8 / (size_t)width;
  const uint8_t mask = (uint8_t)((1 << width) - 1);
  for (size_t i = 0; i < count; i++) {
    const uint8_t field = (uint8_t)((src[i] & mask) << (i % per_byte * (size_t)width));
    dst[i / per_byte] = i % per_byte == 0 ? field : dst[i / per_byte] | field;
  }
}

void imgk_unpack_bits(const uint8_t *src, int width, int is_signed, uint8_t *dst, size_t count) {
  const size_t blocks = width == 4 ? count / 32 : 0;
  IMGK_CHOSEN()->unpack_4(src, is_signed ? 8 : 0, dst, blocks);
  imgk_unpack_bits_ref(src + 16 * blocks, width, is_signed, dst + 32 * blocks, count - 32 * blocks);
}

void imgk_pack_bits(const uint8_t *src, int width, uint8_t *dst, size_t count) {
  const size_t blocks = width == 4 ? count / 32 : 0;
  IMGK_CHOSEN()->pack_4(src, dst, blocks);
  imgk_pack_bits_ref(src + 32 * blocks, width, dst + 16 * blocks, count - 32 * blocks);
}
