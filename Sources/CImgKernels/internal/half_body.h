// Operations on 16 lanes of fp16 and bf16, compiled with the family that includes them after lanes_body.h.

IMGK_LANE_FN imgk_vu IMGK_FN(pick)(imgk_vi mask, imgk_vu yes, imgk_vu no) {
  return ((imgk_vu)mask & yes) | (~(imgk_vu)mask & no);
}

/// fp32 bits to fp16 bits.
IMGK_LANE_FN imgk_vu IMGK_FN(half_bits)(imgk_vf x) {
#if IMGK_LEVEL > 0  // F16C
  return __builtin_convertvector((imgk_u16x16)__builtin_convertvector(x, imgk_f16x16), imgk_vu);
#else
  imgk_vu bits = (imgk_vu)x, a = bits & 0x7fffffff;
  imgk_vu normal = (a + 0xfff + ((a >> 13) & 1) - 0x38000000) >> 13;
  // Adding ½ leaves a multiple of 2^-24, fp16's smallest number, in the low bits.
  imgk_vu tiny = (imgk_vu)((imgk_vf)a + 0.5f) - 0x3f000000;
  imgk_vu h = IMGK_FN(pick)(a < 0x38800000, tiny, normal);
  h = IMGK_FN(pick)(a >= 0x477ff000, (imgk_vu){0} + 0x7c00, h);
  h = IMGK_FN(pick)(a > 0x7f800000, 0x7e00 | ((a >> 13) & 0x3ff), h);
  return h | ((bits >> 16) & 0x8000);
#endif
}

/// fp16 bits, in 32-bit lanes, to fp32.
IMGK_LANE_FN imgk_vf IMGK_FN(from_half_bits)(imgk_vu h) {
#if IMGK_LEVEL > 0  // F16C
  return __builtin_convertvector((imgk_f16x16)__builtin_convertvector(h, imgk_u16x16), imgk_vf);
#else
  imgk_vu a = h & 0x7fff, shifted = a << 13;
  imgk_vu bits = shifted + 0x38000000;
  imgk_vu tiny = (imgk_vu)(__builtin_convertvector((imgk_vi)a, imgk_vf) * 0x1p-24f);
  bits = IMGK_FN(pick)(a < 0x400, tiny, bits);
  bits = IMGK_FN(pick)(a >= 0x7c00, shifted | 0x7f800000, bits);
  bits = IMGK_FN(pick)(a > 0x7c00, bits | 0x400000, bits);
  return (imgk_vf)(bits | ((h & 0x8000) << 16));
#endif
}

IMGK_LANE_FN imgk_vu IMGK_FN(brain_bits)(imgk_vf x) {
  imgk_vu bits = (imgk_vu)x, rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return IMGK_FN(pick)((bits & 0x7fffffff) > 0x7f800000, (bits >> 16) | 0x40, rounded);
}

IMGK_LANE_FN imgk_vf IMGK_FN(from_brain_bits)(imgk_vu h) {
  imgk_vu bits = h << 16;
  return (imgk_vf)IMGK_FN(pick)((bits & 0x7fffffff) > 0x7f800000, bits | 0x400000, bits);
}
