// Kernel text of the functions of one array; see simd.h.
#include "lanes_body.h"
#include "lanes_f64_body.h"

#define IMGK_UNARY(name, expression)                                                                          \
  IMGK_TARGET static void IMGK_FN(apply_##name)(const float *src, float *dst, size_t count, float alpha,     \
                                                float beta) {                                                \
    (void)alpha;                                                                                              \
    (void)beta;                                                                                               \
    size_t i = 0;                                                                                             \
    for (; i + IMGK_LANES <= count; i += IMGK_LANES) {                                                        \
      imgk_vf x = IMGK_FN(load)(src + i);                                                                     \
      IMGK_FN(store)(dst + i, expression);                                                                    \
    }                                                                                                         \
    if (i < count) {                                                                                          \
      imgk_vf x = IMGK_FN(load_part)(src + i, count - i, 1.0f);                                               \
      IMGK_FN(store_part)(dst + i, expression, count - i);                                                    \
    }                                                                                                         \
  }

IMGK_UNARY(exp, IMGK_FN(exp)(x))
IMGK_UNARY(log, IMGK_FN(log)(x))
IMGK_UNARY(tanh, IMGK_FN(tanh)(x))
IMGK_UNARY(sigmoid, IMGK_FN(sigmoid)(x))
IMGK_UNARY(silu, x *IMGK_FN(sigmoid)(x))
IMGK_UNARY(gelu, IMGK_FN(gelu)(x))
IMGK_UNARY(gelu_tanh, IMGK_FN(gelu_tanh)(x))
IMGK_UNARY(erf, IMGK_FN(erf)(x))
IMGK_UNARY(sin, IMGK_FN(sine)(x, 0))
IMGK_UNARY(cos, IMGK_FN(sine)(x, 1))
IMGK_UNARY(softplus, IMGK_FN(softplus)(x))
IMGK_UNARY(mish, IMGK_FN(mish)(x))
IMGK_UNARY(elu, IMGK_FN(select)(x < 0.0f, alpha * IMGK_FN(expm1)(x), x))
IMGK_UNARY(selu, beta *IMGK_FN(select)(x < 0.0f, alpha * IMGK_FN(expm1)(x), x))
IMGK_UNARY(relu, IMGK_FN(select)(x < 0.0f, IMGK_FN(splat)(0.0f), x))
IMGK_UNARY(leaky_relu, IMGK_FN(select)(x < 0.0f, alpha * x, x))
IMGK_UNARY(hard_sigmoid,
           IMGK_FN(clamp)(IMGK_FN(fma)(x, IMGK_FN(splat)(alpha), IMGK_FN(splat)(beta)), 0.0f, 1.0f))
IMGK_UNARY(hard_swish,
           x *IMGK_FN(clamp)(IMGK_FN(fma)(x, IMGK_FN(splat)(alpha), IMGK_FN(splat)(beta)), 0.0f, 1.0f))
IMGK_UNARY(sqrt, __builtin_elementwise_sqrt(x))
IMGK_UNARY(rsqrt, 1.0f / __builtin_elementwise_sqrt(x))
IMGK_UNARY(reciprocal, 1.0f / x)
IMGK_UNARY(abs, IMGK_FN(absolute)(x))
IMGK_UNARY(neg, -x)
IMGK_UNARY(floor, __builtin_elementwise_floor(x))
IMGK_UNARY(ceil, __builtin_elementwise_ceil(x))
IMGK_UNARY(round, __builtin_elementwise_roundeven(x))
IMGK_UNARY(clip, IMGK_FN(clamp)(x, alpha, beta))
IMGK_UNARY(affine, IMGK_FN(fma)(x, IMGK_FN(splat)(alpha), IMGK_FN(splat)(beta)))
IMGK_UNARY(square, x *x)

static const imgk_unary_kernels IMGK_FN(kernels) = {{
    IMGK_FN(apply_exp),       IMGK_FN(apply_log),          IMGK_FN(apply_tanh),       IMGK_FN(apply_sigmoid),
    IMGK_FN(apply_silu),      IMGK_FN(apply_gelu),         IMGK_FN(apply_gelu_tanh),  IMGK_FN(apply_erf),
    IMGK_FN(apply_sin),       IMGK_FN(apply_cos),          IMGK_FN(apply_softplus),   IMGK_FN(apply_mish),
    IMGK_FN(apply_elu),       IMGK_FN(apply_selu),         IMGK_FN(apply_relu),       IMGK_FN(apply_leaky_relu),
    IMGK_FN(apply_hard_sigmoid), IMGK_FN(apply_hard_swish), IMGK_FN(apply_sqrt),      IMGK_FN(apply_rsqrt),
    IMGK_FN(apply_reciprocal), IMGK_FN(apply_abs),         IMGK_FN(apply_neg),        IMGK_FN(apply_floor),
    IMGK_FN(apply_ceil),      IMGK_FN(apply_round),        IMGK_FN(apply_clip),       IMGK_FN(apply_affine),
    IMGK_FN(apply_square),
}};

#undef IMGK_UNARY
#undef IMGK_LANE_FN
