// Byte planes: the same byte of every element together, the form in which weights compress best.
#ifndef IMGK_PLANES_H
#define IMGK_PLANES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Splits `count` little-endian elements of `width` bytes into `width` planes of `count` bytes each.
///
/// Plane 0, the least significant byte of every element, comes first in `dst`; plane p starts at `dst + p * count`.
/// Before the split each element is rotated left by `rotate` bits (0 ≤ rotate < 8 * width). With `rotate` 1 a
/// floating-point element moves its sign to the lowest bit: the top plane of fp32 and of bf16 is then the whole
/// 8-bit exponent, that of fp16 its 5-bit exponent with the 3 leading bits of the significand, that of fp64 the top
/// 8 of 11 exponent bits; the other planes hold significand and sign. The inverse is `imgk_planes_join` with the
/// same `rotate`; every bit pattern survives.
///
/// `src` and `dst` hold `count * width` bytes each, need no alignment, and must not overlap.
/// - Returns: 0, or -1 where `width` is not 1, 2, 4 or 8 or `rotate` is out of range (nothing is written).
int imgk_planes_split(const uint8_t *src, size_t count, int width, int rotate, uint8_t *dst);

/// Joins `width` planes of `count` bytes each into `count` elements: the inverse of `imgk_planes_split`.
int imgk_planes_join(const uint8_t *src, size_t count, int width, int rotate, uint8_t *dst);

/// The scalar references of the two functions above: the same results, one byte at a time.
int imgk_planes_split_ref(const uint8_t *src, size_t count, int width, int rotate, uint8_t *dst);
int imgk_planes_join_ref(const uint8_t *src, size_t count, int width, int rotate, uint8_t *dst);

/// Adds to `counts[v]` the number of bytes of `src` that equal v.
void imgk_histogram(const uint8_t *src, size_t count, uint64_t counts[256]);

/// The scalar reference of `imgk_histogram`.
void imgk_histogram_ref(const uint8_t *src, size_t count, uint64_t counts[256]);

#ifdef __cplusplus
}
#endif
#endif
