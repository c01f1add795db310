// Kernel text of softmax; see simd.h.
#include "lanes_body.h"
#include "sums_body.h"

IMGK_SUM(sum_exp, acc + IMGK_FN(exp)(x - c), -__builtin_inff())

/// One contiguous slice.
IMGK_TARGET static void IMGK_FN(row)(const float *src, float *dst, size_t count, int logarithm) {
  const float largest = IMGK_FN(maximum)(src, count);
  if (logarithm) {
    const float offset = (float)log(IMGK_FN(sum_exp)(src, count, largest));
    size_t i = 0;
    for (; i + IMGK_LANES <= count; i += IMGK_LANES) {
      IMGK_FN(store)(dst + i, (IMGK_FN(load)(src + i) - largest) - offset);
    }
    for (; i < count; i++) dst[i] = (src[i] - largest) - offset;
    return;
  }
  size_t i = 0;
  for (; i + IMGK_LANES <= count; i += IMGK_LANES) {
    IMGK_FN(store)(dst + i, IMGK_FN(exp)(IMGK_FN(load)(src + i) - largest));
  }
  if (i < count) {
    imgk_vf x = IMGK_FN(load_part)(src + i, count - i, largest);
    IMGK_FN(store_part)(dst + i, IMGK_FN(exp)(x - largest), count - i);
  }
  const float scale = (float)(1.0 / IMGK_FN(sum)(dst, count, 0.0f));
  for (i = 0; i + IMGK_LANES <= count; i += IMGK_LANES) IMGK_FN(store)(dst + i, IMGK_FN(load)(dst + i) * scale);
  for (; i < count; i++) dst[i] *= scale;
}

IMGK_LANE_FN imgk_vf IMGK_FN(some)(const float *from, size_t lanes) {
  return lanes == IMGK_LANES ? IMGK_FN(load)(from) : IMGK_FN(load_part)(from, lanes, 0.0f);
}

IMGK_LANE_FN void IMGK_FN(put)(float *to, imgk_vf v, size_t lanes) {
  if (lanes == IMGK_LANES) {
    IMGK_FN(store)(to, v);
  } else {
    IMGK_FN(store_part)(to, v, lanes);
  }
}

/// Up to 16 neighbouring slices whose elements are `stride` apart.
IMGK_TARGET static void IMGK_FN(columns)(const float *src, float *dst, size_t axis, size_t stride, size_t lanes,
                                         int logarithm) {
  imgk_vf largest = IMGK_FN(splat)(-__builtin_inff());
  for (size_t a = 0; a < axis; a++) largest = IMGK_FN(larger)(IMGK_FN(some)(src + a * stride, lanes), largest);
  imgk_f64x8 low = {0}, high = {0};
  for (size_t a = 0; a < axis; a++) {
    imgk_vf x = IMGK_FN(some)(src + a * stride, lanes) - largest;
    imgk_vf e = IMGK_FN(exp)(x);
    low += __builtin_convertvector(__builtin_shufflevector(e, e, 0, 1, 2, 3, 4, 5, 6, 7), imgk_f64x8);
    high += __builtin_convertvector(__builtin_shufflevector(e, e, 8, 9, 10, 11, 12, 13, 14, 15), imgk_f64x8);
    IMGK_FN(put)(dst + a * stride, logarithm ? x : e, lanes);
  }
  imgk_vf last = {0};
  for (int k = 0; k < IMGK_LANES; k++) {
    const double sum = k < 8 ? low[k] : high[k - 8];
    last[k] = (float)(logarithm ? log(sum) : 1.0 / sum);
  }
  for (size_t a = 0; a < axis; a++) {
    imgk_vf v = IMGK_FN(some)(dst + a * stride, lanes);
    IMGK_FN(put)(dst + a * stride, logarithm ? v - last : v * last, lanes);
  }
}

static const imgk_softmax_kernels IMGK_FN(kernels) = {IMGK_FN(row), IMGK_FN(columns)};

#undef IMGK_SUM
#undef IMGK_LANE_FN
