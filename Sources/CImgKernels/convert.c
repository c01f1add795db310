#include "imgk_convert.h"

#include <math.h>

#include "imgk_isa.h"
#include "internal/simd.h"

/// How a type of at most 8 bits is laid out, and what becomes of numbers it lacks.
struct imgk_small_format {
  uint32_t mantissa, bias, sign_bit;
  uint32_t largest;          // the code of the largest finite number
  uint32_t overflow;         // the code without sign of numbers beyond it
  uint32_t overflow_is_nan;  // all bits set where that code has no sign
  uint32_t nan;
  int nan_has_sign, has_negative_zero;
};

typedef void (*imgk_convert_kernel)(const void *, void *, size_t, const struct imgk_small_format *);
typedef struct {
  imgk_convert_kernel f32_f16, f16_f32, f32_bf16, bf16_f32, f64_f32, f64_f16, f64_bf16, f32_small, f64_small;
} imgk_convert_kernels;

#define IMGK_FAMILY imgk_convert
#define IMGK_BODY "convert_body.h"
#define IMGK_TABLE imgk_convert_kernels
#include "internal/each_isa.h"

static struct imgk_small_format small_format(imgk_small_type type, int saturate) {
  struct imgk_small_format f;
  switch (type) {
  case IMGK_F8E4M3FN:
    f = (struct imgk_small_format){3, 7, 7, 0x7e, saturate ? 0x7e : 0x7f, 0, 0x7f, 1, 1};
    break;
  case IMGK_F8E5M2:
    f = (struct imgk_small_format){2, 15, 7, 0x7b, saturate ? 0x7b : 0x7c, 0, 0x7e, 1, 1};
    break;
  case IMGK_F8E4M3FNUZ:
    f = (struct imgk_small_format){3, 8, 7, 0x7f, saturate ? 0x7f : 0x80, saturate ? 0 : ~0u, 0x80, 0, 0};
    break;
  case IMGK_F8E5M2FNUZ:
    f = (struct imgk_small_format){2, 16, 7, 0x7f, saturate ? 0x7f : 0x80, saturate ? 0 : ~0u, 0x80, 0, 0};
    break;
  case IMGK_F6E2M3: f = (struct imgk_small_format){3, 1, 5, 0x1f, 0x1f, 0, 0x20, 0, 1}; break;
  case IMGK_F6E3M2: f = (struct imgk_small_format){2, 3, 5, 0x1f, 0x1f, 0, 0x20, 0, 1}; break;
  default: f = (struct imgk_small_format){1, 1, 3, 7, 7, 0, 8, 0, 1}; break;
  }
  return f;
}

void imgk_f32_to_f16(const float *src, uint16_t *dst, size_t count) { IMGK_CHOSEN()->f32_f16(src, dst, count, NULL); }
void imgk_f16_to_f32(const uint16_t *src, float *dst, size_t count) { IMGK_CHOSEN()->f16_f32(src, dst, count, NULL); }
void imgk_f32_to_bf16(const float *src, uint16_t *dst, size_t count) {
  IMGK_CHOSEN()->f32_bf16(src, dst, count, NULL);
}
void imgk_bf16_to_f32(const uint16_t *src, float *dst, size_t count) {
  IMGK_CHOSEN()->bf16_f32(src, dst, count, NULL);
}
void imgk_f64_to_f32(const double *src, float *dst, size_t count) { IMGK_CHOSEN()->f64_f32(src, dst, count, NULL); }
void imgk_f64_to_f16(const double *src, uint16_t *dst, size_t count) { IMGK_CHOSEN()->f64_f16(src, dst, count, NULL); }
void imgk_f64_to_bf16(const double *src, uint16_t *dst, size_t count) {
  IMGK_CHOSEN()->f64_bf16(src, dst, count, NULL);
}

void imgk_f32_to_small(imgk_small_type type, int saturate, const float *src, uint8_t *dst, size_t count) {
  const struct imgk_small_format format = small_format(type, saturate);
  IMGK_CHOSEN()->f32_small(src, dst, count, &format);
}

void imgk_f64_to_small(imgk_small_type type, int saturate, const double *src, uint8_t *dst, size_t count) {
  const struct imgk_small_format format = small_format(type, saturate);
  IMGK_CHOSEN()->f64_small(src, dst, count, &format);
}

/// The number a code stands for.
static float small_value(const struct imgk_small_format *f, uint32_t code) {
  const uint32_t sign = code >> f->sign_bit & 1, magnitude = code & ((1u << f->sign_bit) - 1);
  if (!f->has_negative_zero && sign && magnitude == 0) return NAN;
  if (magnitude > f->largest) {
    const int is_infinite = f->mantissa == 2 && magnitude == 0x7c;
    return copysignf(is_infinite ? INFINITY : NAN, sign ? -1.0f : 1.0f);
  }
  const int exponent = (int)(magnitude >> f->mantissa);
  const uint32_t fraction = magnitude & ((1u << f->mantissa) - 1);
  const float significand = (float)(exponent ? fraction | 1u << f->mantissa : fraction);
  const float value = ldexpf(significand, (exponent ? exponent : 1) - (int)f->bias - (int)f->mantissa);
  return sign ? -value : value;
}

void imgk_small_to_f32(imgk_small_type type, const uint8_t *src, float *dst, size_t count) {
  const struct imgk_small_format format = small_format(type, 1);
  const uint32_t mask = (2u << format.sign_bit) - 1;
  float table[256];
  for (uint32_t code = 0; code <= mask; code++) table[code] = small_value(&format, code);
  for (size_t i = 0; i < count; i++) dst[i] = table[src[i] & mask];
}

/// |value| / 2^(the exponent of its unit) rounded half to even, and that exponent, for a type of `mantissa` bits whose
/// normal numbers start at 2^lowest.
static double units(double value, int mantissa, int lowest, int *exponent) {
  const int e = value == 0.0 ? lowest : ilogb(value);
  *exponent = (e < lowest ? lowest : e) - mantissa;
  return rint(ldexp(fabs(value), -*exponent));
}

static uint16_t wide_ref(double value, int mantissa, int lowest, int bias, uint16_t infinity) {
  const uint16_t sign = signbit(value) ? 0x8000 : 0;
  if (value != value) return sign | infinity | (uint16_t)(1u << (mantissa - 1));
  int exponent = 0;
  if (isinf(value)) return sign | infinity;
  const double n = units(value, mantissa, lowest, &exponent);
  const double code = n < ldexp(1, mantissa) ? n : n + ldexp(exponent + mantissa + bias - 1, mantissa);
  return sign | (code >= infinity ? infinity : (uint16_t)code);
}

uint16_t imgk_f16_ref(double value) { return wide_ref(value, 10, -14, 15, 0x7c00); }
uint16_t imgk_bf16_ref(double value) { return wide_ref(value, 7, -126, 127, 0x7f80); }

uint8_t imgk_small_ref(imgk_small_type type, int saturate, double value) {
  const struct imgk_small_format f = small_format(type, saturate);
  const uint32_t sign = signbit(value) ? 1u << f.sign_bit : 0;
  if (value != value) return (uint8_t)(f.nan_has_sign ? f.nan | sign : f.nan);
  int exponent = 0;
  const double n = isinf(value) ? INFINITY : units(value, (int)f.mantissa, 1 - (int)f.bias, &exponent);
  const double unit = ldexp(1, (int)f.mantissa);
  const double code = n < unit ? n : n + (exponent + (int)f.mantissa + (int)f.bias - 1) * unit;
  if (code > f.largest) return (uint8_t)(f.overflow_is_nan ? f.overflow : f.overflow | sign);
  return (uint8_t)(code == 0 && !f.has_negative_zero ? 0 : (uint32_t)code | sign);
}
