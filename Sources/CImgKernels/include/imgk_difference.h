// Differences of bit patterns: what of a tensor is left when another of the same kind is known.
#ifndef IMGK_DIFFERENCE_H
#define IMGK_DIFFERENCE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes to `dst` for each of `count` little-endian elements of `width` bytes (1, 2, 4 or 8) the difference to `base`.
///
/// Both elements are rotated left by `rotate` bits (0 <= rotate < 8 * width), which moves a floating-point number's sign
/// to the lowest bit; their difference modulo 2^(8 * width), as a signed number d, is stored as 2d for d >= 0 and
/// -2d - 1 below, so that small differences of either sign are small numbers. `dst` may be `values`.
/// - Returns: 0, or -1 where `width` or `rotate` is out of range (nothing is written).
int imgk_difference(const uint8_t *values, const uint8_t *base, size_t count, int width, int rotate, uint8_t *dst);

/// The inverse: turns the differences in `values` into elements.
int imgk_difference_undo(uint8_t *values, const uint8_t *base, size_t count, int width, int rotate);

#ifdef __cplusplus
}
#endif

#endif
