// Kernel text of the functions of two arrays; see simd.h.
#include "lanes_body.h"
#include "lanes_f64_body.h"

/// 16 lanes of an array from element i, or the scalar where the step is 0.
IMGK_LANE_FN imgk_vf IMGK_FN(operand)(const float *from, size_t step, size_t i) {
  return step == 0 ? IMGK_FN(splat)(from[0]) : IMGK_FN(load)(from + i);
}

IMGK_LANE_FN imgk_vf IMGK_FN(operand_part)(const float *from, size_t step, size_t i, size_t count) {
  return step == 0 ? IMGK_FN(splat)(from[0]) : IMGK_FN(load_part)(from + i, count, 1.0f);
}

#define IMGK_BINARY(name, expression)                                                                          \
  IMGK_TARGET static void IMGK_FN(apply_##name)(const float *a, size_t a_step, const float *b, size_t b_step, \
                                                float *dst, size_t count) {                                   \
    size_t i = 0;                                                                                              \
    for (; i + IMGK_LANES <= count; i += IMGK_LANES) {                                                         \
      imgk_vf x = IMGK_FN(operand)(a, a_step, i), y = IMGK_FN(operand)(b, b_step, i);                          \
      IMGK_FN(store)(dst + i, expression);                                                                     \
    }                                                                                                          \
    if (i < count) {                                                                                           \
      imgk_vf x = IMGK_FN(operand_part)(a, a_step, i, count - i);                                              \
      imgk_vf y = IMGK_FN(operand_part)(b, b_step, i, count - i);                                              \
      IMGK_FN(store_part)(dst + i, expression, count - i);                                                     \
    }                                                                                                          \
  }

IMGK_BINARY(add, x + y)
IMGK_BINARY(sub, x - y)
IMGK_BINARY(mul, x *y)
IMGK_BINARY(div, x / y)
IMGK_BINARY(min, IMGK_FN(smaller)(x, y))
IMGK_BINARY(max, IMGK_FN(larger)(x, y))
IMGK_BINARY(pow, IMGK_FN(power)(x, y))
IMGK_BINARY(prelu, IMGK_FN(select)(x < 0.0f, x * y, x))

/// x s (1 + y (1 - s)) with s = 1 / (1 + e^-y): the gradient of y s.
IMGK_LANE_FN imgk_vf IMGK_FN(silu_gradient)(imgk_vf x, imgk_vf y) {
  const imgk_vf s = IMGK_FN(sigmoid)(y);
  return x * s * IMGK_FN(fma)(y, 1.0f - s, IMGK_FN(splat)(1.0f));
}

IMGK_BINARY(silu_gradient, IMGK_FN(silu_gradient)(x, y))

IMGK_TARGET static void IMGK_FN(multiply_add)(const float *a, const float *b, size_t b_step, const float *c,
                                              size_t c_step, float *dst, size_t count) {
  size_t i = 0;
  for (; i + IMGK_LANES <= count; i += IMGK_LANES) {
    imgk_vf y = IMGK_FN(operand)(b, b_step, i), z = IMGK_FN(operand)(c, c_step, i);
    IMGK_FN(store)(dst + i, IMGK_FN(fma)(IMGK_FN(load)(a + i), y, z));
  }
  if (i < count) {
    const size_t rest = count - i;
    imgk_vf y = IMGK_FN(operand_part)(b, b_step, i, rest), z = IMGK_FN(operand_part)(c, c_step, i, rest);
    IMGK_FN(store_part)(dst + i, IMGK_FN(fma)(IMGK_FN(load_part)(a + i, rest, 0.0f), y, z), rest);
  }
}

static const imgk_binary_kernels IMGK_FN(kernels) = {
    {IMGK_FN(apply_add), IMGK_FN(apply_sub), IMGK_FN(apply_mul), IMGK_FN(apply_div), IMGK_FN(apply_min),
     IMGK_FN(apply_max), IMGK_FN(apply_pow), IMGK_FN(apply_prelu), IMGK_FN(apply_silu_gradient)},
    IMGK_FN(multiply_add),
};

#undef IMGK_BINARY
#undef IMGK_LANE_FN
