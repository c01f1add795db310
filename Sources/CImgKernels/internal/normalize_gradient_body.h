// Kernel text of the normalisations' gradients; see simd.h.
#include "lanes_body.h"
#include "sums_body.h"
#include "moments_body.h"

/// Σ dy and Σ dy (x - mean) over one channel: fp32 within blocks of 256 elements, fp64 over the blocks.
IMGK_TARGET static void IMGK_FN(channel_sums)(const float *src, const float *dy, size_t count, float mean,
                                              double *sum, double *product) {
  imgk_f64x8 total = {0}, products = {0};
  for (size_t block = 0; block < count; block += 256) {
    const size_t end = count - block < 256 ? count : block + 256;
    imgk_vf acc = {0}, acc_product = {0};
    size_t i = block;
    for (; i + IMGK_LANES <= end; i += IMGK_LANES) {
      const imgk_vf d = IMGK_FN(load)(dy + i);
      acc += d;
      acc_product = IMGK_FN(fma)(d, IMGK_FN(load)(src + i) - mean, acc_product);
    }
    if (i < end) {
      const imgk_vf d = IMGK_FN(load_part)(dy + i, end - i, 0.0f);
      acc += d;
      acc_product = IMGK_FN(fma)(d, IMGK_FN(load_part)(src + i, end - i, mean) - mean, acc_product);
    }
    total += IMGK_FN(widen_sum)(acc);
    products += IMGK_FN(widen_sum)(acc_product);
  }
  *sum = IMGK_FN(total)(total);
  *product = IMGK_FN(total)(products);
}

/// dx = dy · factor + (x - mean) · slope + shift over one channel.
IMGK_TARGET static void IMGK_FN(channel_gradient)(const float *src, const float *dy, float *dx, size_t count,
                                                  float mean, float factor, float slope, float shift) {
  const imgk_vf f = IMGK_FN(splat)(factor), s = IMGK_FN(splat)(slope), t = IMGK_FN(splat)(shift);
  for (size_t i = 0; i < count; i += IMGK_LANES) {
    const size_t rest = count - i;
    if (rest < IMGK_LANES) {
      const imgk_vf x = IMGK_FN(load_part)(src + i, rest, 0.0f) - mean;
      IMGK_FN(store_part)(dx + i, IMGK_FN(fma)(IMGK_FN(load_part)(dy + i, rest, 0.0f), f, IMGK_FN(fma)(x, s, t)), rest);
    } else {
      const imgk_vf x = IMGK_FN(load)(src + i) - mean;
      IMGK_FN(store)(dx + i, IMGK_FN(fma)(IMGK_FN(load)(dy + i), f, IMGK_FN(fma)(x, s, t)));
    }
  }
}

static const imgk_normalize_gradient_kernels IMGK_FN(kernels) = {
    IMGK_FN(moments),
    IMGK_FN(channel_sums),
    IMGK_FN(channel_gradient),
};

#undef IMGK_SUM
#undef IMGK_LANE_FN
