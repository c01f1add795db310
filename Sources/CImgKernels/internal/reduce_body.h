// Kernel text of the reductions; see simd.h.
#include "lanes_body.h"
#include "sums_body.h"

IMGK_SUM(sum_absolute, acc + IMGK_FN(absolute)(x), 0.0f)
IMGK_SUM(sum_exp, acc + IMGK_FN(exp)(x - c), -__builtin_inff())

/// The smallest element; +Inf for none, NaN if any is NaN.
IMGK_TARGET static float IMGK_FN(minimum)(const float *src, size_t count) {
  imgk_vf m = IMGK_FN(splat)(__builtin_inff());
  for (size_t i = 0; i < count; i += IMGK_LANES) {
    const size_t rest = count - i;
    m = IMGK_FN(smaller)(
        rest < IMGK_LANES ? IMGK_FN(load_part)(src + i, rest, __builtin_inff()) : IMGK_FN(load)(src + i), m);
  }
  float best = m[0];
  for (int k = 1; k < IMGK_LANES; k++) best = m[k] < best || m[k] != m[k] ? m[k] : best;
  return best;
}

IMGK_TARGET static double IMGK_FN(product)(const float *src, size_t count) {
  double p = 1.0;
  for (size_t i = 0; i < count; i++) p *= src[i];
  return p;
}

/// The partial result of one contiguous run; LOG_SUM_EXP is given the largest element as `c`.
IMGK_TARGET static double IMGK_FN(run)(imgk_reduce_op op, const float *src, size_t count, float c) {
  switch (op) {
  case IMGK_REDUCE_L1: return IMGK_FN(sum_absolute)(src, count, 0.0f);
  case IMGK_REDUCE_L2:
  case IMGK_REDUCE_SUM_SQUARE: return IMGK_FN(sum_squares)(src, count, 0.0f);
  case IMGK_REDUCE_LOG_SUM_EXP: return IMGK_FN(sum_exp)(src, count, c);
  case IMGK_REDUCE_MAX: return (double)IMGK_FN(maximum)(src, count);
  case IMGK_REDUCE_MIN: return (double)IMGK_FN(minimum)(src, count);
  case IMGK_REDUCE_PROD: return IMGK_FN(product)(src, count);
  default: return IMGK_FN(sum)(src, count, 0.0f);
  }
}

/// 16 lanes' totals in fp64.
typedef struct {
  imgk_f64x8 low, high;
} IMGK_FN(wide);

IMGK_LANE_FN void IMGK_FN(add_wide)(IMGK_FN(wide) * total, imgk_vf v) {
  total->low += __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), imgk_f64x8);
  total->high += __builtin_convertvector(__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15), imgk_f64x8);
}

IMGK_LANE_FN imgk_vf IMGK_FN(some)(const float *from, size_t lanes) {
  return lanes == IMGK_LANES ? IMGK_FN(load)(from) : IMGK_FN(load_part)(from, lanes, 0.0f);
}

/// The partial results of up to 16 neighbouring slices whose elements are `stride` apart.
IMGK_TARGET static void IMGK_FN(columns)(imgk_reduce_op op, const float *src, size_t axis, size_t stride, size_t lanes,
                                         const float *c, double *dst) {
  imgk_vf extreme = IMGK_FN(splat)(op == IMGK_REDUCE_MIN ? __builtin_inff() : -__builtin_inff());
  imgk_vf shift = c ? IMGK_FN(some)(c, lanes) : IMGK_FN(splat)(0.0f);
  IMGK_FN(wide) total = {{0}, {0}};
  double product[IMGK_LANES];
  for (int k = 0; k < IMGK_LANES; k++) product[k] = 1.0;
  for (size_t begin = 0; begin < axis; begin += 16) {
    const size_t end = axis - begin < 16 ? axis : begin + 16;
    imgk_vf acc = {0};
    for (size_t a = begin; a < end; a++) {
      imgk_vf x = IMGK_FN(some)(src + a * stride, lanes);
      switch (op) {
      case IMGK_REDUCE_L1: acc += IMGK_FN(absolute)(x); break;
      case IMGK_REDUCE_L2:
      case IMGK_REDUCE_SUM_SQUARE: acc = IMGK_FN(fma)(x, x, acc); break;
      case IMGK_REDUCE_LOG_SUM_EXP: acc += IMGK_FN(exp)(x - shift); break;
      case IMGK_REDUCE_MAX: extreme = IMGK_FN(larger)(x, extreme); break;
      case IMGK_REDUCE_MIN: extreme = IMGK_FN(smaller)(x, extreme); break;
      case IMGK_REDUCE_PROD:
        for (int k = 0; k < IMGK_LANES; k++) product[k] *= (double)x[k];
        break;
      default: acc += x; break;
      }
    }
    IMGK_FN(add_wide)(&total, acc);
  }
  for (size_t k = 0; k < lanes; k++) {
    dst[k] = op == IMGK_REDUCE_PROD                           ? product[k]
             : op == IMGK_REDUCE_MAX || op == IMGK_REDUCE_MIN ? (double)extreme[k]
             : k < 8                                          ? total.low[k]
                                                              : total.high[k - 8];
  }
}

static const imgk_reduce_kernels IMGK_FN(kernels) = {IMGK_FN(run), IMGK_FN(columns)};

#undef IMGK_SUM
#undef IMGK_LANE_FN
