#include "imgk_unary.h"

#include <math.h>

#include "imgk_isa.h"
#include "internal/simd.h"

typedef struct {
  void (*apply[IMGK_UNARY_OP_COUNT])(const float *, float *, size_t, float, float);
} imgk_unary_kernels;

#define IMGK_FAMILY imgk_unary
#define IMGK_BODY "unary_body.h"
#define IMGK_TABLE imgk_unary_kernels
#include "internal/each_isa.h"

void imgk_unary(imgk_unary_op op, const float *src, float *dst, size_t count, float alpha, float beta) {
  IMGK_CHOSEN()->apply[op](src, dst, count, alpha, beta);
}

static double held(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static double logistic(double x) { return 1.0 / (1.0 + exp(-x)); }

static double softplus_of(double x) { return fmax(x, 0.0) + log1p(exp(-fabs(x))); }

static double reference(imgk_unary_op op, double x, double alpha, double beta) {
  switch (op) {
  case IMGK_UNARY_EXP: return exp(x);
  case IMGK_UNARY_LOG: return log(x);
  case IMGK_UNARY_TANH: return tanh(x);
  case IMGK_UNARY_SIGMOID: return logistic(x);
  case IMGK_UNARY_SILU: return x * logistic(x);
  case IMGK_UNARY_GELU: return 0.5 * x * erfc(-x * M_SQRT1_2);
  case IMGK_UNARY_GELU_TANH: return x * logistic(sqrt(8.0 / M_PI) * (x + 0.044715 * x * x * x));
  case IMGK_UNARY_ERF: return erf(x);
  case IMGK_UNARY_SIN: return sin(x);
  case IMGK_UNARY_COS: return cos(x);
  case IMGK_UNARY_SOFTPLUS: return x != x ? x : softplus_of(x);
  case IMGK_UNARY_MISH: return x != x ? x : x * tanh(softplus_of(x));
  case IMGK_UNARY_ELU: return x < 0.0 ? alpha * expm1(x) : x;
  case IMGK_UNARY_SELU: return beta * (x < 0.0 ? alpha * expm1(x) : x);
  case IMGK_UNARY_RELU: return x < 0.0 ? 0.0 : x;
  case IMGK_UNARY_LEAKY_RELU: return x < 0.0 ? alpha * x : x;
  case IMGK_UNARY_HARD_SIGMOID: return held(alpha * x + beta, 0.0, 1.0);
  case IMGK_UNARY_HARD_SWISH: return x * held(alpha * x + beta, 0.0, 1.0);
  case IMGK_UNARY_SQRT: return sqrt(x);
  case IMGK_UNARY_RSQRT: return 1.0 / sqrt(x);
  case IMGK_UNARY_RECIPROCAL: return 1.0 / x;
  case IMGK_UNARY_ABS: return fabs(x);
  case IMGK_UNARY_NEG: return -x;
  case IMGK_UNARY_FLOOR: return floor(x);
  case IMGK_UNARY_CEIL: return ceil(x);
  case IMGK_UNARY_ROUND: return rint(x);
  case IMGK_UNARY_CLIP: return held(x, alpha, beta);
  case IMGK_UNARY_AFFINE: return alpha * x + beta;
  case IMGK_UNARY_SQUARE: return x * x;
  case IMGK_UNARY_OP_COUNT: break;
  }
  return x;
}

void imgk_unary_ref(imgk_unary_op op, const float *src, float *dst, size_t count, float alpha, float beta) {
  for (size_t i = 0; i < count; i++) dst[i] = (float)reference(op, src[i], alpha, beta);
}
