// Kernel text of attention's softmax over a block of keys; see simd.h.
#include "lanes_body.h"

/// e^x for x ≤ 0, held to e^-87.
IMGK_LANE_FN imgk_vf IMGK_FN(exp_down)(imgk_vf x) {
  imgk_vi n;
  x = IMGK_FN(select)(x < -87.0f, IMGK_FN(splat)(-87.0f), x);
  const imgk_vf y = IMGK_FN(reduced_expm1)(x, &n) + 1.0f;
  return y * (imgk_vf)((n + 127) << 23);
}

/// 16 queries' scores of `keys` keys, 32 apart, become e^(score - largest), the largest so far being carried in
/// `largest`; `sum` is scaled to it and added to. `correction` receives what sums so far are to be multiplied by;
/// returns whether that is 1 for all of them.
IMGK_TARGET static int IMGK_FN(soften)(float *scores, size_t keys, float *largest, float *sum, float *correction) {
  const imgk_vf before = IMGK_FN(load)(largest);
  imgk_vf most = before;
  for (size_t k = 0; k < keys; k++) most = IMGK_FN(larger)(IMGK_FN(load)(scores + k * IMGK_GEMM_COLUMNS), most);
  imgk_vf total = {0};
  for (size_t k = 0; k < keys; k++) {
    float *at = scores + k * IMGK_GEMM_COLUMNS;
    const imgk_vf e = IMGK_FN(exp_down)(IMGK_FN(load)(at) - most);
    total += e;
    IMGK_FN(store)(at, e);
  }
  // Nothing has been summed before the first block, whose largest so far is -Inf.
  const imgk_vf factor = IMGK_FN(select)(before == most, IMGK_FN(splat)(1.0f), IMGK_FN(exp_down)(before - most));
  IMGK_FN(store)(largest, most);
  IMGK_FN(store)(sum, IMGK_FN(fma)(IMGK_FN(load)(sum), factor, total));
  IMGK_FN(store)(correction, factor);
  const imgk_vi unchanged = factor == 1.0f;
  int all = 1;
  for (int i = 0; i < IMGK_LANES; i++) all &= unchanged[i] != 0;
  return all;
}

/// rows[r][0 ..< 16] *= factor, rows being 32 apart.
IMGK_TARGET static void IMGK_FN(scale_rows)(float *rows, size_t count, const float *factor) {
  const imgk_vf f = IMGK_FN(load)(factor);
  for (size_t r = 0; r < count; r++, rows += IMGK_GEMM_COLUMNS) IMGK_FN(store)(rows, IMGK_FN(load)(rows) * f);
}

static const imgk_attention_kernels IMGK_FN(kernels) = {IMGK_FN(soften), IMGK_FN(scale_rows)};

#undef IMGK_LANE_FN
