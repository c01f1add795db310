// Functions of one fp32 array, element by element.
#ifndef IMGK_UNARY_H
#define IMGK_UNARY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The functions, with the parameters α and β where they take some. Worst errors in units in the last place (ulp) over
/// a dense sample stand beside each, for results of at least 2^-119 (smaller ones are at most 2^-126 apart); those
/// without are rounded correctly.
typedef enum imgk_unary_op {
  IMGK_UNARY_EXP,  ///< e^x, 1 ulp
  IMGK_UNARY_LOG,  ///< log x, 1 ulp; -Inf at 0, NaN below
  IMGK_UNARY_TANH,  ///< 1 ulp
  IMGK_UNARY_SIGMOID,  ///< 1 / (1 + e^-x), 3 ulp
  IMGK_UNARY_SILU,  ///< x sigmoid(x), 4 ulp; NaN at -Inf
  IMGK_UNARY_GELU,  ///< ½ x (1 + erf(x / √2)), 7 ulp; NaN at -Inf
  IMGK_UNARY_GELU_TANH,  ///< ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), error 2^-22 |x|; NaN at -Inf
  IMGK_UNARY_ERF,  ///< 1 ulp
  IMGK_UNARY_SIN,  ///< 1 ulp, for every x
  IMGK_UNARY_COS,  ///< 1 ulp, for every x
  IMGK_UNARY_SOFTPLUS,  ///< log(1 + e^x), 2 ulp
  IMGK_UNARY_MISH,  ///< x tanh(softplus x), 4 ulp; NaN at -Inf
  IMGK_UNARY_ELU,  ///< x, or α (e^x - 1) below 0, 3 ulp
  IMGK_UNARY_SELU,  ///< β (x, or α (e^x - 1) below 0), 3 ulp
  IMGK_UNARY_RELU,  ///< max(x, 0); NaN and -0 stay
  IMGK_UNARY_LEAKY_RELU,  ///< x, or α x below 0
  IMGK_UNARY_HARD_SIGMOID,  ///< max(0, min(1, α x + β)), one rounding
  IMGK_UNARY_HARD_SWISH,  ///< x max(0, min(1, α x + β)), two roundings
  IMGK_UNARY_SQRT,
  IMGK_UNARY_RSQRT,  ///< 1 / √x, two roundings
  IMGK_UNARY_RECIPROCAL,
  IMGK_UNARY_ABS,
  IMGK_UNARY_NEG,
  IMGK_UNARY_FLOOR,
  IMGK_UNARY_CEIL,
  IMGK_UNARY_ROUND,  ///< to the nearest integer, halves to even
  IMGK_UNARY_CLIP,  ///< held to α ... β; NaN stays
  IMGK_UNARY_AFFINE,  ///< α x + β, one rounding
  IMGK_UNARY_SQUARE,
  IMGK_UNARY_OP_COUNT
} imgk_unary_op;

/// dst[i] = op(src[i]) for i < count, on the calling thread. `dst` may be `src`; they must not overlap otherwise.
///
/// Every instruction set gives the same bits, whatever the alignment and the position in the array. NaN gives NaN.
void imgk_unary(imgk_unary_op op, const float *src, float *dst, size_t count, float alpha, float beta);

/// The reference: the C library in double precision, rounded to float.
void imgk_unary_ref(imgk_unary_op op, const float *src, float *dst, size_t count, float alpha, float beta);

#ifdef __cplusplus
}
#endif
#endif
