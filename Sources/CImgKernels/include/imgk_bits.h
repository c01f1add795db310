// Integers of 2 and 4 bits: packed in files, a byte each in memory.
#ifndef IMGK_BITS_H
#define IMGK_BITS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Unpacks `count` integers of `width` bits (2 or 4), the first in the lowest bits of the first byte (ONNX), into a byte
/// each, sign-extended where `is_signed` is not 0. `src` holds count * width bits rounded up to bytes.
void imgk_unpack_bits(const uint8_t *src, int width, int is_signed, uint8_t *dst, size_t count);

/// Packs the low `width` bits (2 or 4) of `count` bytes: the inverse. The last byte's spare bits are 0.
void imgk_pack_bits(const uint8_t *src, int width, uint8_t *dst, size_t count);

/// The references: one element at a time.
void imgk_unpack_bits_ref(const uint8_t *src, int width, int is_signed, uint8_t *dst, size_t count);
void imgk_pack_bits_ref(const uint8_t *src, int width, uint8_t *dst, size_t count);

#ifdef __cplusplus
}
#endif
#endif
