// Kernel text of linear quantization; see simd.h.
#include "lanes_body.h"

IMGK_LANE_FN imgk_vi IMGK_FN(load_int)(const int32_t *from) {
  imgk_vi v;
  memcpy(&v, from, sizeof v);
  return v;
}

/// One vector: x / scale rounded half to even, plus zero, held to low ... high. NaN becomes the zero point.
IMGK_LANE_FN imgk_vi IMGK_FN(quantized)(imgk_vf x, imgk_vf scale, imgk_vi zero, int32_t low, int32_t high) {
  x = __builtin_elementwise_roundeven(x / scale);
  x = IMGK_FN(select)(x == x, x, IMGK_FN(splat)(0.0f));
  // 2^20 is beyond every type with every zero point, and its sum with one is exact.
  imgk_vi v = __builtin_convertvector(IMGK_FN(clamp)(x, -0x1p20f, 0x1p20f), imgk_vi) + zero;
  return __builtin_elementwise_min(__builtin_elementwise_max(v, (imgk_vi){0} + low), (imgk_vi){0} + high);
}

/// Stores 16 integers as `width` bytes each.
IMGK_LANE_FN void IMGK_FN(store_narrow)(imgk_vi v, size_t width, uint8_t *to) {
  if (width == 1) {
    imgk_u8x16 bytes = __builtin_convertvector((imgk_vu)v, imgk_u8x16);
    memcpy(to, &bytes, sizeof bytes);
  } else {
    imgk_u16x16 words = __builtin_convertvector((imgk_vu)v, imgk_u16x16);
    memcpy(to, &words, sizeof words);
  }
}

/// A run with one scale (step 0) or a scale an element (step 1).
IMGK_TARGET static void IMGK_FN(quantize_run)(const float *src, size_t count, const float *scales,
                                              const int32_t *zeros, size_t step, size_t width, int32_t low,
                                              int32_t high, uint8_t *dst) {
  for (size_t i = 0; i < count; i += IMGK_LANES) {
    const size_t rest = count - i;
    float x[IMGK_LANES] = {0}, s[IMGK_LANES];
    int32_t z[IMGK_LANES] = {0};
    const float *from = src + i, *scale = scales + i;
    const int32_t *zero = zeros + i;
    if (rest < IMGK_LANES) {
      memcpy(x, from, rest * sizeof(float));
      from = x;
      for (size_t k = 0; k < IMGK_LANES; k++) s[k] = 1.0f;
      if (step) memcpy(s, scale, rest * sizeof(float));
      if (step) memcpy(z, zero, rest * sizeof(int32_t));
      scale = s;
      zero = z;
    }
    imgk_vf sv = step ? IMGK_FN(load)(scale) : IMGK_FN(splat)(scales[0]);
    imgk_vi zv = step ? IMGK_FN(load_int)(zero) : (imgk_vi){0} + zeros[0];
    imgk_vi q = IMGK_FN(quantized)(IMGK_FN(load)(from), sv, zv, low, high);
    if (rest < IMGK_LANES) {
      uint8_t bytes[2 * IMGK_LANES];
      IMGK_FN(store_narrow)(q, width, bytes);
      memcpy(dst + i * width, bytes, rest * width);
    } else {
      IMGK_FN(store_narrow)(q, width, dst + i * width);
    }
  }
}

IMGK_LANE_FN imgk_vi IMGK_FN(load_wide)(imgk_quantized_type type, const uint8_t *from) {
  imgk_u8x16 bytes;
  imgk_u16x16 words;
  imgk_vi v;
  switch (type) {
  case IMGK_QUANTIZED_S32: memcpy(&v, from, sizeof v); return v;
  case IMGK_QUANTIZED_U16: memcpy(&words, from, sizeof words); return __builtin_convertvector(words, imgk_vi);
  case IMGK_QUANTIZED_S16:
    memcpy(&words, from, sizeof words);
    return __builtin_convertvector((imgk_s16x16)words, imgk_vi);
  case IMGK_QUANTIZED_U8:
  case IMGK_QUANTIZED_U4:
  case IMGK_QUANTIZED_U2: memcpy(&bytes, from, sizeof bytes); return __builtin_convertvector(bytes, imgk_vi);
  default: memcpy(&bytes, from, sizeof bytes); return __builtin_convertvector((imgk_s8x16)bytes, imgk_vi);
  }
}

/// As quantize_run, the other way.
IMGK_TARGET static void IMGK_FN(dequantize_run)(imgk_quantized_type type, const uint8_t *src, size_t count,
                                                const float *scales, const int32_t *zeros, size_t step,
                                                size_t width, float *dst) {
  for (size_t i = 0; i < count; i += IMGK_LANES) {
    const size_t rest = count - i;
    uint8_t bytes[4 * IMGK_LANES] = {0};
    float s[IMGK_LANES] = {0};
    int32_t z[IMGK_LANES] = {0};
    const uint8_t *from = src + i * width;
    const float *scale = scales + i;
    const int32_t *zero = zeros + i;
    if (rest < IMGK_LANES) {
      memcpy(bytes, from, rest * width);
      from = bytes;
      if (step) memcpy(s, scale, rest * sizeof(float));
      if (step) memcpy(z, zero, rest * sizeof(int32_t));
      scale = s;
      zero = z;
    }
    imgk_vf sv = step ? IMGK_FN(load)(scale) : IMGK_FN(splat)(scales[0]);
    imgk_vi zv = step ? IMGK_FN(load_int)(zero) : (imgk_vi){0} + zeros[0];
    imgk_vu difference = (imgk_vu)IMGK_FN(load_wide)(type, from) - (imgk_vu)zv;
    imgk_vf y = __builtin_convertvector((imgk_vi)difference, imgk_vf) * sv;
    if (rest < IMGK_LANES) {
      IMGK_FN(store_part)(dst + i, y, rest);
    } else {
      IMGK_FN(store)(dst + i, y);
    }
  }
}

static const imgk_quantize_kernels IMGK_FN(kernels) = {IMGK_FN(quantize_run), IMGK_FN(dequantize_run)};

#undef IMGK_LANE_FN
