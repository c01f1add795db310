// Functions of two fp32 arrays, element by element, with broadcasting.
#ifndef IMGK_BINARY_H
#define IMGK_BINARY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The functions; all but the power and the gradient are rounded correctly.
typedef enum imgk_binary_op {
  IMGK_BINARY_ADD,
  IMGK_BINARY_SUB,
  IMGK_BINARY_MUL,
  IMGK_BINARY_DIV,
  IMGK_BINARY_MIN,  ///< NaN where either is NaN
  IMGK_BINARY_MAX,  ///< NaN where either is NaN
  IMGK_BINARY_POW,  ///< a^b as the C library's pow, 1 ulp
  IMGK_BINARY_PRELU,  ///< a, or a b where a < 0
  IMGK_BINARY_SILU_GRADIENT,  ///< a times the derivative of x / (1 + e^-x) at b, within some ulp
  IMGK_BINARY_OP_COUNT
} imgk_binary_op;

/// dst[i] = op(a[i * a_step], b[i * b_step]) for i < count, on the calling thread; a step is 1, or 0 for a scalar.
///
/// `dst` may be `a` or `b` where that has step 1. Every instruction set gives the same bits.
void imgk_binary(imgk_binary_op op, const float *a, size_t a_step, const float *b, size_t b_step, float *dst,
                 size_t count);

/// The reference: one element at a time, pow in double precision.
void imgk_binary_ref(imgk_binary_op op, const float *a, size_t a_step, const float *b, size_t b_step, float *dst,
                     size_t count);

/// dst[i] = a[i] * b[i * b_step] + c[i * c_step] with one rounding; steps as above.
void imgk_multiply_add(const float *a, const float *b, size_t b_step, const float *c, size_t c_step, float *dst,
                       size_t count);

#ifdef __cplusplus
}
#endif
#endif
