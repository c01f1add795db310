// Kernel text of the conversions; see simd.h.
#include "lanes_body.h"

#include "half_body.h"

/// 8 fp64 to fp32 rounded to odd: truncated, the lowest bit set where that is inexact. Rounding the result again to a
/// type at least two bits narrower is as rounding once.
IMGK_LANE_FN imgk_f32x8 IMGK_FN(odd8)(imgk_f64x8 d) {
  imgk_f32x8 f = __builtin_convertvector(d, imgk_f32x8);
  imgk_f64x8 back = __builtin_convertvector(f, imgk_f64x8);
  const imgk_s64x8 sign = {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
  imgk_s64x8 inexact = back != d;
  imgk_s64x8 beyond = (imgk_f64x8)((imgk_s64x8)back & ~sign) > (imgk_f64x8)((imgk_s64x8)d & ~sign);
  imgk_s32x8 bits = (imgk_s32x8)f + __builtin_convertvector(beyond, imgk_s32x8);
  return (imgk_f32x8)(bits | (__builtin_convertvector(inexact, imgk_s32x8) & 1));
}

IMGK_LANE_FN imgk_vf IMGK_FN(odd)(const double *from) {
  imgk_f64x8 low, high;
  memcpy(&low, from, sizeof low);
  memcpy(&high, from + 8, sizeof high);
  imgk_f32x8 l = IMGK_FN(odd8)(low), h = IMGK_FN(odd8)(high);
  return __builtin_shufflevector(l, h, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

IMGK_LANE_FN imgk_vf IMGK_FN(rounded64)(const double *from) {
  imgk_f64x8 low, high;
  memcpy(&low, from, sizeof low);
  memcpy(&high, from + 8, sizeof high);
  imgk_f32x8 l = __builtin_convertvector(low, imgk_f32x8), h = __builtin_convertvector(high, imgk_f32x8);
  return __builtin_shufflevector(l, h, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

IMGK_LANE_FN imgk_vu IMGK_FN(small_bits)(imgk_vf x, const struct imgk_small_format *f) {
  imgk_vu bits = (imgk_vu)x, a = bits & 0x7fffffff;
  const uint32_t shift = 23 - f->mantissa, rebias = (127 - f->bias) << 23;
  imgk_vu normal = (a + ((1u << (shift - 1)) - 1) + ((a >> shift) & 1) - rebias) >> shift;
  // Adding 2^23 times the type's smallest number leaves a multiple of that in the low bits.
  const uint32_t magic = (127 + 1 - f->bias - f->mantissa + 23) << 23;
  imgk_vu tiny = (imgk_vu)((imgk_vf)a + (imgk_vf)((imgk_vu){0} + magic)) - magic;
  imgk_vu code = IMGK_FN(pick)(a < ((128 - f->bias) << 23), tiny, normal);
  imgk_vu sign = (bits >> 31) << f->sign_bit;
  imgk_vi beyond = (code > f->largest) | (a >= 0x7f800000);
  imgk_vu result = IMGK_FN(pick)(beyond, (imgk_vu){0} + f->overflow, code);
  if (f->has_negative_zero) {
    result |= sign;
  } else {
    result = IMGK_FN(pick)((result == 0) | (beyond & (imgk_vi)((imgk_vu){0} + f->overflow_is_nan)), result,
                           result | sign);
  }
  imgk_vu nan = f->nan_has_sign ? f->nan | sign : (imgk_vu){0} + f->nan;
  return IMGK_FN(pick)(a > 0x7f800000, nan, result);
}

#define IMGK_CONVERT(name, From, To, PutType, load16, expression)                                         \
  IMGK_LANE_FN void IMGK_FN(name##_16)(const From *src, To *dst, const struct imgk_small_format *format) { \
    (void)format;                                                                                          \
    load16;                                                                                                \
    PutType y = expression;                                                                                \
    memcpy(dst, &y, sizeof y);                                                                             \
  }                                                                                                        \
  IMGK_TARGET static void IMGK_FN(name)(const void *from, void *to, size_t count,                          \
                                        const struct imgk_small_format *format) {                          \
    const From *src = from;                                                                                \
    To *dst = to;                                                                                          \
    size_t i = 0;                                                                                          \
    for (; i + IMGK_LANES <= count; i += IMGK_LANES) IMGK_FN(name##_16)(src + i, dst + i, format);         \
    if (i == count) return;                                                                                \
    From some[IMGK_LANES] = {0};                                                                           \
    To made[IMGK_LANES];                                                                                   \
    memcpy(some, src + i, (count - i) * sizeof(From));                                                     \
    IMGK_FN(name##_16)(some, made, format);                                                                \
    memcpy(dst + i, made, (count - i) * sizeof(To));                                                       \
  }

#define IMGK_LOAD_F32 imgk_vf x = IMGK_FN(load)(src)
#define IMGK_LOAD_U16                 \
  imgk_u16x16 narrow;                 \
  memcpy(&narrow, src, sizeof narrow); \
  imgk_vu x = __builtin_convertvector(narrow, imgk_vu)

IMGK_CONVERT(f32_f16, float, uint16_t, imgk_u16x16, IMGK_LOAD_F32,
             __builtin_convertvector(IMGK_FN(half_bits)(x), imgk_u16x16))
IMGK_CONVERT(f16_f32, uint16_t, float, imgk_vf, IMGK_LOAD_U16, IMGK_FN(from_half_bits)(x))
IMGK_CONVERT(f32_bf16, float, uint16_t, imgk_u16x16, IMGK_LOAD_F32,
             __builtin_convertvector(IMGK_FN(brain_bits)(x), imgk_u16x16))
IMGK_CONVERT(bf16_f32, uint16_t, float, imgk_vf, IMGK_LOAD_U16, IMGK_FN(from_brain_bits)(x))
IMGK_CONVERT(f64_f32, double, float, imgk_vf, , IMGK_FN(rounded64)(src))
IMGK_CONVERT(f64_f16, double, uint16_t, imgk_u16x16, ,
             __builtin_convertvector(IMGK_FN(half_bits)(IMGK_FN(odd)(src)), imgk_u16x16))
IMGK_CONVERT(f64_bf16, double, uint16_t, imgk_u16x16, ,
             __builtin_convertvector(IMGK_FN(brain_bits)(IMGK_FN(odd)(src)), imgk_u16x16))
IMGK_CONVERT(f32_small, float, uint8_t, imgk_u8x16, IMGK_LOAD_F32,
             __builtin_convertvector(IMGK_FN(small_bits)(x, format), imgk_u8x16))
IMGK_CONVERT(f64_small, double, uint8_t, imgk_u8x16, ,
             __builtin_convertvector(IMGK_FN(small_bits)(IMGK_FN(odd)(src), format), imgk_u8x16))

static const imgk_convert_kernels IMGK_FN(kernels) = {
    IMGK_FN(f32_f16), IMGK_FN(f16_f32),  IMGK_FN(f32_bf16),  IMGK_FN(bf16_f32),  IMGK_FN(f64_f32),
    IMGK_FN(f64_f16), IMGK_FN(f64_bf16), IMGK_FN(f32_small), IMGK_FN(f64_small),
};

#undef IMGK_CONVERT
#undef IMGK_LOAD_F32
#undef IMGK_LOAD_U16
#undef IMGK_LANE_FN
