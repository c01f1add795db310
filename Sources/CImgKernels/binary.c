#include "imgk_binary.h"

#include <math.h>

#include "imgk_isa.h"
#include "internal/simd.h"

typedef struct {
  void (*apply[IMGK_BINARY_OP_COUNT])(const float *, size_t, const float *, size_t, float *, size_t);
  void (*multiply_add)(const float *, const float *, size_t, const float *, size_t, float *, size_t);
} imgk_binary_kernels;

#define IMGK_FAMILY imgk_binary
#define IMGK_BODY "binary_body.h"
#define IMGK_TABLE imgk_binary_kernels
#include "internal/each_isa.h"

void imgk_binary(imgk_binary_op op, const float *a, size_t a_step, const float *b, size_t b_step, float *dst,
                 size_t count) {
  IMGK_CHOSEN()->apply[op](a, a_step, b, b_step, dst, count);
}

void imgk_multiply_add(const float *a, const float *b, size_t b_step, const float *c, size_t c_step, float *dst,
                       size_t count) {
  IMGK_CHOSEN()->multiply_add(a, b, b_step, c, c_step, dst, count);
}

static float reference(imgk_binary_op op, float a, float b) {
  switch (op) {
  case IMGK_BINARY_ADD: return a + b;
  case IMGK_BINARY_SUB: return a - b;
  case IMGK_BINARY_MUL: return a * b;
  case IMGK_BINARY_DIV: return a / b;
  case IMGK_BINARY_MIN: return a != a || b != b ? NAN : a < b ? a : b;
  case IMGK_BINARY_MAX: return a != a || b != b ? NAN : a > b ? a : b;
  case IMGK_BINARY_POW: return (float)pow(a, b);
  case IMGK_BINARY_PRELU: return a < 0.0f ? a * b : a;
  case IMGK_BINARY_SILU_GRADIENT: {
    const double s = 1.0 / (1.0 + exp(-(double)b));
    return (float)(a * s * (1.0 + b * (1.0 - s)));
  }
  case IMGK_BINARY_OP_COUNT: break;
  }
  return NAN;
}

void imgk_binary_ref(imgk_binary_op op, const float *a, size_t a_step, const float *b, size_t b_step, float *dst,
                     size_t count) {
  for (size_t i = 0; i < count; i++) dst[i] = reference(op, a[i * a_step], b[i * b_step]);
}
