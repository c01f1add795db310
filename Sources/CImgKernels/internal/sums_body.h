// Sums and extremes of fp32 runs, after lanes_body.h; see simd.h.
//
// A run is summed in blocks of 256 elements: each block in fp32 (four accumulators of 16 lanes), the blocks' totals
// in fp64. The order is fixed by the length alone.

IMGK_LANE_FN imgk_f64x8 IMGK_FN(widen_sum)(imgk_vf v) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), imgk_f64x8) +
         __builtin_convertvector(__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15), imgk_f64x8);
}

IMGK_LANE_FN double IMGK_FN(total)(imgk_f64x8 v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/// Defines the sum over a run of a term of `x`, written as the next value of `acc`; `c` is a parameter of the term,
/// and `fill` an element whose term adds nothing.
#define IMGK_SUM(name, term, fill)                                                                  \
  IMGK_LANE_FN imgk_vf IMGK_FN(name##_step)(imgk_vf acc, imgk_vf x, float c) {                      \
    (void)c;                                                                                        \
    return term;                                                                                    \
  }                                                                                                 \
  IMGK_TARGET static inline double IMGK_FN(name)(const float *src, size_t count, float c) {         \
    imgk_f64x8 total = {0};                                                                         \
    size_t i = 0;                                                                                   \
    for (; i + 256 <= count; i += 256) {                                                            \
      imgk_vf acc[4] = {{0}, {0}, {0}, {0}};                                                        \
      for (size_t j = 0; j < 256; j += 4 * IMGK_LANES) {                                            \
        for (size_t k = 0; k < 4; k++) {                                                            \
          acc[k] = IMGK_FN(name##_step)(acc[k], IMGK_FN(load)(src + i + j + k * IMGK_LANES), c);    \
        }                                                                                           \
      }                                                                                             \
      total += IMGK_FN(widen_sum)((acc[0] + acc[1]) + (acc[2] + acc[3]));                           \
    }                                                                                               \
    imgk_vf acc = {0};                                                                              \
    for (; i + IMGK_LANES <= count; i += IMGK_LANES) {                                              \
      acc = IMGK_FN(name##_step)(acc, IMGK_FN(load)(src + i), c);                                   \
    }                                                                                               \
    if (i < count) {                                                                                \
      acc = IMGK_FN(name##_step)(acc, IMGK_FN(load_part)(src + i, count - i, fill), c);             \
    }                                                                                               \
    return IMGK_FN(total)(total + IMGK_FN(widen_sum)(acc));                                         \
  }

IMGK_SUM(sum, acc + x, 0.0f)
IMGK_SUM(sum_squares, IMGK_FN(fma)(x, x, acc), 0.0f)
IMGK_SUM(sum_centred_squares, IMGK_FN(fma)(x - c, x - c, acc), c)

/// The largest element; -Inf for none, NaN if any is NaN.
IMGK_TARGET static inline float IMGK_FN(maximum)(const float *src, size_t count) {
  imgk_vf m = IMGK_FN(splat)(-__builtin_inff()), m2 = m;
  size_t i = 0;
  for (; i + 2 * IMGK_LANES <= count; i += 2 * IMGK_LANES) {
    m = IMGK_FN(larger)(IMGK_FN(load)(src + i), m);
    m2 = IMGK_FN(larger)(IMGK_FN(load)(src + i + IMGK_LANES), m2);
  }
  for (; i < count; i += IMGK_LANES) {
    const size_t rest = count - i;
    m = IMGK_FN(larger)(
        rest < IMGK_LANES ? IMGK_FN(load_part)(src + i, rest, -__builtin_inff()) : IMGK_FN(load)(src + i), m);
  }
  m = IMGK_FN(larger)(m, m2);
  m = IMGK_FN(larger)(m, __builtin_shufflevector(m, m, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  m = IMGK_FN(larger)(m, __builtin_shufflevector(m, m, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3));
  m = IMGK_FN(larger)(m, __builtin_shufflevector(m, m, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1));
  m = IMGK_FN(larger)(m, __builtin_shufflevector(m, m, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0));
  return m[0];
}
