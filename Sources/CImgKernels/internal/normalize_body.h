// Kernel text of the normalisations; see simd.h.
#include "lanes_body.h"
#include "sums_body.h"
#include "moments_body.h"

IMGK_TARGET static float IMGK_FN(inverse_rms)(const float *src, size_t count, float epsilon) {
  return (float)(1.0 / sqrt(IMGK_FN(sum_squares)(src, count, 0.0f) / (double)count + (double)epsilon));
}

/// dst = (src - mean) · inverse · gamma + beta, with one gamma and beta an element; either may be null.
IMGK_TARGET static void IMGK_FN(scale_row)(const float *src, float *dst, size_t count, float mean, float inverse,
                                           const float *gamma, const float *beta) {
  size_t i = 0;
  for (; i + IMGK_LANES <= count; i += IMGK_LANES) {
    imgk_vf x = (IMGK_FN(load)(src + i) - mean) * inverse;
    imgk_vf g = gamma ? IMGK_FN(load)(gamma + i) : IMGK_FN(splat)(1.0f);
    imgk_vf b = beta ? IMGK_FN(load)(beta + i) : IMGK_FN(splat)(-0.0f);
    IMGK_FN(store)(dst + i, IMGK_FN(fma)(x, g, b));
  }
  if (i < count) {
    const size_t rest = count - i;
    imgk_vf x = (IMGK_FN(load_part)(src + i, rest, 0.0f) - mean) * inverse;
    imgk_vf g = gamma ? IMGK_FN(load_part)(gamma + i, rest, 1.0f) : IMGK_FN(splat)(1.0f);
    imgk_vf b = beta ? IMGK_FN(load_part)(beta + i, rest, -0.0f) : IMGK_FN(splat)(-0.0f);
    IMGK_FN(store_part)(dst + i, IMGK_FN(fma)(x, g, b), rest);
  }
}

/// dst = (src - mean) · scale + shift over one channel, then SiLU where asked.
IMGK_TARGET static void IMGK_FN(scale_channel)(const float *src, float *dst, size_t count, float mean, float scale,
                                               float shift, int silu) {
  const imgk_vf s = IMGK_FN(splat)(scale), t = IMGK_FN(splat)(shift);
  for (size_t i = 0; i < count; i += IMGK_LANES) {
    const size_t rest = count - i;
    imgk_vf x = rest < IMGK_LANES ? IMGK_FN(load_part)(src + i, rest, 0.0f) : IMGK_FN(load)(src + i);
    x = IMGK_FN(fma)(x - mean, s, t);
    if (silu) x *= IMGK_FN(sigmoid)(x);
    if (rest < IMGK_LANES) {
      IMGK_FN(store_part)(dst + i, x, rest);
    } else {
      IMGK_FN(store)(dst + i, x);
    }
  }
}

static const imgk_normalize_kernels IMGK_FN(kernels) = {
    IMGK_FN(moments),
    IMGK_FN(inverse_rms),
    IMGK_FN(scale_row),
    IMGK_FN(scale_channel),
};

#undef IMGK_SUM
#undef IMGK_LANE_FN
