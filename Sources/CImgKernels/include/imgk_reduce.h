// Reductions of fp32 arrays along one axis.
#ifndef IMGK_REDUCE_H
#define IMGK_REDUCE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What a reduction gives for the elements x of a slice. Of an empty slice: 0 for the sums, 1 for the product, NaN for
/// the mean, -Inf for the largest, the logarithms, +Inf for the smallest.
typedef enum imgk_reduce_op {
  IMGK_REDUCE_SUM,
  IMGK_REDUCE_MEAN,
  IMGK_REDUCE_L1,           ///< Σ |x|
  IMGK_REDUCE_L2,           ///< √Σ x²
  IMGK_REDUCE_SUM_SQUARE,   ///< Σ x²
  IMGK_REDUCE_LOG_SUM,      ///< log Σ x
  IMGK_REDUCE_LOG_SUM_EXP,  ///< log Σ e^x, by way of the largest x
  IMGK_REDUCE_MAX,          ///< NaN if any is NaN
  IMGK_REDUCE_MIN,          ///< NaN if any is NaN
  IMGK_REDUCE_PROD,
  IMGK_REDUCE_OP_COUNT
} imgk_reduce_op;

/// Reduces the middle axis of `[outer, axis, inner]` into `[outer, inner]` on the kernels' threads.
///
/// Sums are accumulated in fp32 blocks of at most 256 elements and fp64 totals, products in fp64. The order depends on
/// the lengths alone: not on the instruction set, the alignment or the number of threads.
void imgk_reduce(imgk_reduce_op op, const float *src, size_t outer, size_t axis, size_t inner, float *dst);

/// The reference, in double precision.
void imgk_reduce_ref(imgk_reduce_op op, const float *src, size_t outer, size_t axis, size_t inner, float *dst);

/// The smallest and largest of `count` elements, on the kernels' threads; NaN in both if any is NaN; +Inf and -Inf of
/// none.
void imgk_min_max(const float *src, size_t count, float *smallest, float *largest);

#ifdef __cplusplus
}
#endif
#endif
