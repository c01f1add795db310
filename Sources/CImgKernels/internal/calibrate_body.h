// Kernel text of calibration's statistics; see simd.h.
#include "lanes_body.h"

/// The bin of each value, -1 for NaN.
IMGK_TARGET static void IMGK_FN(bin_numbers)(const float *src, size_t count, float limit, float factor, float last,
                                             int32_t *dst) {
  for (size_t i = 0; i < count; i += IMGK_LANES) {
    const size_t rest = count - i;
    imgk_vf x = rest < IMGK_LANES ? IMGK_FN(load_part)(src + i, rest, 0.0f) : IMGK_FN(load)(src + i);
    imgk_vf place = (x + limit) * factor;
    place = IMGK_FN(select)(x == x, IMGK_FN(clamp)(place, 0.0f, last), IMGK_FN(splat)(-1.0f));
    imgk_vi bins = __builtin_convertvector(place, imgk_vi);
    memcpy(dst + i, &bins, (rest < IMGK_LANES ? rest : IMGK_LANES) * sizeof *dst);
  }
}

/// Blocks of 256 elements are summed in fp32, the blocks in fp64.
IMGK_TARGET static double IMGK_FN(rounding_error)(const float *src, const float *importance, size_t count, float scale,
                                                  int32_t zero, int32_t low, int32_t high) {
  double total = 0;
  // What is added to a rounded quotient is exact: bounds and zero point are small integers.
  const float lowest = (float)(low - zero), highest = (float)(high - zero);
  for (size_t start = 0; start < count; start += 256) {
    const size_t stop = count - start < 256 ? count : start + 256;
    imgk_vf sum = {0};
    for (size_t i = start; i < stop; i += IMGK_LANES) {
      const size_t rest = stop - i;
      imgk_vf x = rest < IMGK_LANES ? IMGK_FN(load_part)(src + i, rest, 0.0f) : IMGK_FN(load)(src + i);
      imgk_vf q = IMGK_FN(clamp)(__builtin_elementwise_roundeven(x / scale), lowest, highest);
      imgk_vf error = x - q * scale;
      imgk_vf term = error * error;
      if (importance) {
        term *= rest < IMGK_LANES ? IMGK_FN(load_part)(importance + i, rest, 0.0f) : IMGK_FN(load)(importance + i);
      }
      sum += term;
    }
    for (int lane = 0; lane < IMGK_LANES; lane++) total += (double)sum[lane];
  }
  return total;
}

IMGK_LANE_FN imgk_vi IMGK_FN(load_integers)(const int8_t *from) {
  imgk_s8x16 bytes;
  memcpy(&bytes, from, sizeof bytes);
  return __builtin_convertvector(bytes, imgk_vi);
}

/// One block of at most 256 elements.
typedef struct {
  imgk_vf errors, norms, largest;
  imgk_vi underflows;
} IMGK_FN(deviations);

IMGK_TARGET static inline void IMGK_FN(add_deviation)(IMGK_FN(deviations) *sums, imgk_vf v, imgk_vi q, imgk_vf scale,
                                                      imgk_vi zero) {
  const imgk_vf real = __builtin_convertvector(q - zero, imgk_vf) * scale;
  const imgk_vf difference = v - real;
  sums->errors += difference * difference;
  sums->norms += v * v;
  sums->largest = IMGK_FN(larger)(IMGK_FN(absolute)(difference), sums->largest);
  sums->underflows -= (v != 0.0f) & (real == 0.0f);
}

/// The last elements, fewer than a vector; the rest of it counts as zeros.
IMGK_TARGET static void IMGK_FN(add_last)(IMGK_FN(deviations) *sums, const float *src, const int8_t *integers,
                                          size_t count, const float *scales, const int32_t *zeros, size_t step) {
  float x[IMGK_LANES] = {0}, s[IMGK_LANES] = {0};
  int32_t z[IMGK_LANES] = {0};
  int8_t q[IMGK_LANES] = {0};
  memcpy(x, src, count * sizeof *x);
  memcpy(q, integers, count);
  for (size_t k = 0; k < count; k++) {
    s[k] = scales[step * k];
    z[k] = zeros[step * k];
  }
  imgk_vi zero;
  memcpy(&zero, z, sizeof zero);
  IMGK_FN(add_deviation)(sums, IMGK_FN(load)(x), IMGK_FN(load_integers)(q), IMGK_FN(load)(s), zero);
}

IMGK_TARGET static void IMGK_FN(deviation_block)(const float *src, const int8_t *integers, size_t count,
                                                 const float *scales, const int32_t *zeros, size_t step,
                                                 imgk_deviation *deviation) {
  IMGK_FN(deviations) sums = {0};
  imgk_vf scale = (imgk_vf){0} + scales[0];
  imgk_vi zero = (imgk_vi){0} + zeros[0];
  size_t i = 0;
  for (; i + IMGK_LANES <= count; i += IMGK_LANES) {
    if (step != 0) {
      scale = IMGK_FN(load)(scales + i);
      memcpy(&zero, zeros + i, sizeof zero);
    }
    IMGK_FN(add_deviation)(&sums, IMGK_FN(load)(src + i), IMGK_FN(load_integers)(integers + i), scale, zero);
  }
  if (i < count) {
    IMGK_FN(add_last)(&sums, src + i, integers + i, count - i, scales + step * i, zeros + step * i, step);
  }
  for (int lane = 0; lane < IMGK_LANES; lane++) {
    deviation->squared_error += (double)sums.errors[lane];
    deviation->squared_norm += (double)sums.norms[lane];
    deviation->underflows += (size_t)sums.underflows[lane];
    if (sums.largest[lane] > deviation->largest) deviation->largest = sums.largest[lane];
  }
}

IMGK_TARGET static void IMGK_FN(deviation)(const float *src, const int8_t *integers, size_t count, const float *scales,
                                           const int32_t *zeros, size_t step, imgk_deviation *deviation) {
  for (size_t start = 0; start < count; start += 256) {
    IMGK_FN(deviation_block)(src + start, integers + start, count - start < 256 ? count - start : 256,
                             scales + step * start, zeros + step * start, step, deviation);
  }
}

static const imgk_calibrate_kernels IMGK_FN(kernels) = {IMGK_FN(bin_numbers), IMGK_FN(rounding_error),
                                                        IMGK_FN(deviation)};

#undef IMGK_LANE_FN
