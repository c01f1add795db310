// Statistics of fp32 values, for choosing quantization ranges.
#ifndef IMGK_CALIBRATE_H
#define IMGK_CALIBRATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Counts values in bins of equal width over -limit ... limit: counts[b] += how many x have
/// b = floor((x + limit) * bins / (2 * limit)), held to 0 ... bins - 1. NaN is not counted.
void imgk_value_histogram(const float *src, size_t count, float limit, size_t bins, uint64_t *counts);

/// The sum over x of importance * (x - real)², in double precision, where
/// real = (clamp(round(x / scale) + zero, low, high) - zero) * scale, halves to even.
///
/// `importance` is NULL for ones. The order of the sum depends on `count` alone.
double imgk_rounding_error(const float *src, const float *importance, size_t count, float scale, int32_t zero,
                           int32_t low, int32_t high);

/// How far integers are from the elements they stand for.
typedef struct imgk_deviation {
  float largest;              ///< max |x - real|
  double squared_error;       ///< Σ (x - real)²
  double squared_norm;        ///< Σ x²
  size_t underflows;          ///< how many x ≠ 0 have real = 0
} imgk_deviation;

/// Adds to `deviation` what `count` elements differ from real = (q - zero) * scale by. `step` is 1 for a scale and a
/// zero point an element, 0 for one of each. Sums run in fp32 within blocks of 256 elements, in fp64 over the blocks.
void imgk_weight_deviation(const float *src, const int8_t *integers, size_t count, const float *scales,
                           const int32_t *zeros, size_t step, imgk_deviation *deviation);

/// The windows of a convolution over an image of up to three spatial axes (missing ones have extent 1).
typedef struct imgk_patches {
  /// One group of one sample: `[channels, extent[0], extent[1], extent[2]]`.
  const float *src;
  size_t channels;
  size_t extent[3], kernel[3], stride[3], dilation[3];
  /// Zeros before the first element.
  ptrdiff_t pad[3];
  /// The output's extents.
  size_t output[3];
} imgk_patches;

/// Copies the windows of the output positions listed (row-major numbers) into the rows of `dst`
/// `[count, channels * kernel]`, zeros where a window lies outside.
void imgk_patch_rows(const imgk_patches *patches, const size_t *positions, size_t count, float *dst);

#ifdef __cplusplus
}
#endif
#endif
