// Operations on 16 fp32 lanes, compiled with the family that includes them; see simd.h.

#define IMGK_LANE_FN IMGK_TARGET IMGK_INLINE

IMGK_LANE_FN imgk_vf IMGK_FN(splat)(float value) { return value - (imgk_vf){0}; }

IMGK_LANE_FN imgk_vf IMGK_FN(load)(const float *from) {
  imgk_vf v;
  memcpy(&v, from, sizeof v);
  return v;
}

IMGK_LANE_FN void IMGK_FN(store)(float *to, imgk_vf v) { memcpy(to, &v, sizeof v); }

/// The first `count` (< 16) lanes from memory, the others `fill`.
IMGK_LANE_FN imgk_vf IMGK_FN(load_part)(const float *from, size_t count, float fill) {
#if IMGK_LEVEL == 2
  return _mm512_mask_loadu_ps(IMGK_FN(splat)(fill), (__mmask16)((1u << count) - 1), from);
#else
  float lanes[IMGK_LANES];
  for (int i = 0; i < IMGK_LANES; i++) lanes[i] = fill;
  memcpy(lanes, from, count * sizeof(float));
  return IMGK_FN(load)(lanes);
#endif
}

IMGK_LANE_FN void IMGK_FN(store_part)(float *to, imgk_vf v, size_t count) {
#if IMGK_LEVEL == 2
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), v);
#else
  float lanes[IMGK_LANES];
  IMGK_FN(store)(lanes, v);
  memcpy(to, lanes, count * sizeof(float));
#endif
}

/// Lane by lane, `yes` where `mask` is -1 and `no` where it is 0.
IMGK_LANE_FN imgk_vf IMGK_FN(select)(imgk_vi mask, imgk_vf yes, imgk_vf no) {
  return (imgk_vf)((mask & (imgk_vi)yes) | (~mask & (imgk_vi)no));
}

IMGK_LANE_FN imgk_vf IMGK_FN(fma)(imgk_vf a, imgk_vf b, imgk_vf c) {
  return __builtin_elementwise_fma(a, b, c);
}

IMGK_LANE_FN imgk_vf IMGK_FN(absolute)(imgk_vf x) { return (imgk_vf)((imgk_vi)x & 0x7fffffff); }

/// The larger; NaN where either is NaN.
IMGK_LANE_FN imgk_vf IMGK_FN(larger)(imgk_vf a, imgk_vf b) {
  return IMGK_FN(select)((a > b) | (a != a), a, b);
}

/// The smaller; NaN where either is NaN.
IMGK_LANE_FN imgk_vf IMGK_FN(smaller)(imgk_vf a, imgk_vf b) {
  return IMGK_FN(select)((a < b) | (a != a), a, b);
}

/// `x` held to low ... high; NaN stays.
IMGK_LANE_FN imgk_vf IMGK_FN(clamp)(imgk_vf x, float low, float high) {
  x = IMGK_FN(select)(x < low, IMGK_FN(splat)(low), x);
  return IMGK_FN(select)(x > high, IMGK_FN(splat)(high), x);
}

/// c[0] + c[1] x + … + c[n-1] x^(n-1), by Horner's rule.
IMGK_LANE_FN imgk_vf IMGK_FN(horner)(imgk_vf x, const float *c, int n) {
  imgk_vf p = IMGK_FN(splat)(c[n - 1]);
  for (int i = n - 2; i >= 0; i--) p = IMGK_FN(fma)(p, x, IMGK_FN(splat)(c[i]));
  return p;
}

/// Splits x = n ln 2 + r with |r| ≤ ln 2 / 2; returns e^r - 1 and n. Defined for |x| < 2^21.
IMGK_LANE_FN imgk_vf IMGK_FN(reduced_expm1)(imgk_vf x, imgk_vi *n) {
  // (e^r - 1 - r) / r², minimax, relative error of e^r 4.8e-9.
  static const float q[5] = {0x1.fffffcp-2f, 0x1.55548ap-3f, 0x1.555916p-5f, 0x1.123fc6p-7f, 0x1.6a1a7cp-10f};
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, half to even
  imgk_vf z = IMGK_FN(fma)(x, IMGK_FN(splat)(0x1.715476p+0f), IMGK_FN(splat)(magic));
  *n = (imgk_vi)z - 0x4b400000;
  z -= magic;
  imgk_vf r = IMGK_FN(fma)(z, IMGK_FN(splat)(-0x1.62e400p-1f), x);
  r = IMGK_FN(fma)(z, IMGK_FN(splat)(-0x1.7f7d1cp-20f), r);
  return IMGK_FN(fma)(r * r, IMGK_FN(horner)(r, q, 5), r);
}

IMGK_LANE_FN imgk_vf IMGK_FN(exp)(imgk_vf x) {
  imgk_vi n;
  x = IMGK_FN(clamp)(x, -104.0f, 89.0f);
  imgk_vf y = IMGK_FN(reduced_expm1)(x, &n) + 1.0f;
  imgk_vi half = n >> 1;  // 2^n in two steps, so that subnormal results are rounded once
  y *= (imgk_vf)((half + 127) << 23);
  return y * (imgk_vf)((n - half + 127) << 23);
}

/// e^x - 1 for x ≤ 0 (and up to 80).
IMGK_LANE_FN imgk_vf IMGK_FN(expm1)(imgk_vf x) {
  imgk_vi n;
  x = IMGK_FN(select)(x < -25.0f, IMGK_FN(splat)(-25.0f), x);
  imgk_vf p = IMGK_FN(reduced_expm1)(x, &n);
  imgk_vf scale = (imgk_vf)((n + 127) << 23);
  return IMGK_FN(fma)(scale, p, scale - 1.0f);
}

IMGK_LANE_FN imgk_vf IMGK_FN(log)(imgk_vf x) {
  // (log(1 + f) - f + f²/2) / f³ on √½ - 1 ... √2 - 1, minimax, relative error of the logarithm 3.3e-9.
  static const float c[9] = {0x1.555548p-2f,  -0x1.000006p-2f, 0x1.99a4b6p-3f,  -0x1.555c4ep-3f, 0x1.23376ap-3f,
                             -0x1.fc220ap-4f, 0x1.e6f05cp-4f,  -0x1.de3c04p-4f, 0x1.1457b0p-4f};
  imgk_vi small = x < 0x1p-126f;
  imgk_vi bits = (imgk_vi)IMGK_FN(select)(small, x * 0x1p23f, x);
  imgk_vi e = (bits - 0x3f3504f3) >> 23;
  imgk_vf f = (imgk_vf)(bits - (e << 23)) - 1.0f;
  imgk_vf ef = __builtin_convertvector(e - (small & 23), imgk_vf);
  imgk_vf square = f * f;
  imgk_vf y = square * f * IMGK_FN(horner)(f, c, 9);
  y = IMGK_FN(fma)(ef, IMGK_FN(splat)(-2.12194440e-4f), y);
  y = IMGK_FN(fma)(square, IMGK_FN(splat)(-0.5f), y);
  y = IMGK_FN(fma)(ef, IMGK_FN(splat)(0.693359375f), f + y);
  y = IMGK_FN(select)(x == __builtin_inff(), x, y);
  y = IMGK_FN(select)(x == 0.0f, IMGK_FN(splat)(-__builtin_inff()), y);
  return IMGK_FN(select)((x < 0.0f) | (x != x), IMGK_FN(splat)(__builtin_nanf("")), y);
}

/// log(1 + u) for 0 ≤ u ≤ 1.
IMGK_LANE_FN imgk_vf IMGK_FN(log1p)(imgk_vf u) {
  imgk_vf w = 1.0f + u;
  return IMGK_FN(log)(w) + (u - (w - 1.0f)) / w;
}

IMGK_LANE_FN imgk_vf IMGK_FN(tanh)(imgk_vf x) {
  // (tanh x - x) / x³ in x², |x| ≤ 0.64.
  static const float c[6] = {-0x1.555554p-2f, 0x1.11103cp-3f,  -0x1.b9e630p-5f,
                             0x1.632e4ap-6f,  -0x1.0a23dcp-7f, 0x1.122d50p-9f};
  imgk_vf a = IMGK_FN(absolute)(x);
  imgk_vf u = x * x;
  imgk_vf small = IMGK_FN(fma)(x * u, IMGK_FN(horner)(u, c, 6), x);
  imgk_vf large = 1.0f - 2.0f / (IMGK_FN(exp)(a + a) + 1.0f);
  large = (imgk_vf)((imgk_vi)large | ((imgk_vi)x & (int32_t)0x80000000));
  return IMGK_FN(select)(a < 0.625f, small, large);
}

IMGK_LANE_FN imgk_vf IMGK_FN(sigmoid)(imgk_vf x) {
  imgk_vf e = IMGK_FN(exp)(-IMGK_FN(absolute)(x));
  imgk_vf s = 1.0f / (1.0f + e);
  return IMGK_FN(select)(x < 0.0f, e * s, s);
}

/// erfc(z) for z ≥ 0.9, where s + e = z² exactly enough: exp(-s) (1 - e) erfcx(z).
IMGK_LANE_FN imgk_vf IMGK_FN(erfc_tail)(imgk_vf z, imgk_vf s, imgk_vf e) {
  // erfcx(z) in t = 1 / (z + 2.5), minimax on 0.9 ... 10.2.
  static const float c[10] = {-0x1.f1cc66p-21f, 0x1.20e7a6p-1f, 0x1.685b34p+0f, 0x1.a6d1b6p+1f, 0x1.7a72d4p+2f,
                              0x1.2d2780p+4f, -0x1.8a67dep+4f, 0x1.50b730p+7f, -0x1.7b60bcp+8f, 0x1.00db24p+8f};
  imgk_vf t = 1.0f / (z + 2.5f);
  imgk_vf tail = IMGK_FN(exp)(-s);
  return IMGK_FN(fma)(-tail, e, tail) * IMGK_FN(horner)(t, c, 10);
}

/// (erf x - x) / x in x², minimax on |x| ≤ 1, relative error of erf 6.9e-9.
IMGK_LANE_FN imgk_vf IMGK_FN(erf_factor)(imgk_vf u) {
  static const float c[8] = {0x1.06eba8p-3f,  -0x1.812746p-2f, 0x1.ce2f08p-4f, -0x1.b829a8p-6f,
                             0x1.5628eep-8f, -0x1.bcbe9cp-11f, 0x1.d8269ap-14f, -0x1.438418p-17f};
  return IMGK_FN(horner)(u, c, 8);
}

IMGK_LANE_FN imgk_vf IMGK_FN(erf)(imgk_vf x) {
  imgk_vf a = IMGK_FN(clamp)(IMGK_FN(absolute)(x), 0.0f, 20.0f);
  imgk_vf u = a * a;
  imgk_vf large = 1.0f - IMGK_FN(erfc_tail)(a, u, IMGK_FN(fma)(a, a, -u));
  large = (imgk_vf)((imgk_vi)large | ((imgk_vi)x & (int32_t)0x80000000));
  return IMGK_FN(select)(a < 0.921875f, IMGK_FN(fma)(x, IMGK_FN(erf_factor)(u), x), large);
}

/// x Φ(x), Φ the normal distribution: ½ x (1 + erf(x / √2)), without its cancellation for negative x.
IMGK_LANE_FN imgk_vf IMGK_FN(gelu)(imgk_vf x) {
  imgk_vf a = IMGK_FN(clamp)(IMGK_FN(absolute)(x), 0.0f, 30.0f);
  imgk_vf u = a * a;
  imgk_vf tail = IMGK_FN(erfc_tail)(a * 0x1.6a09e6p-1f, 0.5f * u, 0.5f * IMGK_FN(fma)(a, a, -u));
  imgk_vf large = IMGK_FN(select)(x < 0.0f, tail, 2.0f - tail);
  imgk_vf z = x * 0x1.6a09e6p-1f;
  imgk_vf small = 1.0f + IMGK_FN(fma)(z, IMGK_FN(erf_factor)(z * z), z);
  return 0.5f * x * IMGK_FN(select)(a < 1.3f, small, large);
}

/// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))).
IMGK_LANE_FN imgk_vf IMGK_FN(gelu_tanh)(imgk_vf x) {
  imgk_vf w = IMGK_FN(fma)(x * x, IMGK_FN(splat)(0.07135481282f), IMGK_FN(splat)(1.5957691216f));
  return x * IMGK_FN(sigmoid)(x * w);
}

IMGK_LANE_FN imgk_vf IMGK_FN(softplus)(imgk_vf x) {
  imgk_vf u = IMGK_FN(exp)(-IMGK_FN(absolute)(x));
  return IMGK_FN(select)(x < 0.0f, IMGK_FN(splat)(0.0f), x) + IMGK_FN(log1p)(u);
}

/// x tanh(softplus x) = x m / (m + 2) with m = e^x (e^x + 2).
IMGK_LANE_FN imgk_vf IMGK_FN(mish)(imgk_vf x) {
  imgk_vf e = IMGK_FN(exp)(IMGK_FN(select)(x > 20.0f, IMGK_FN(splat)(20.0f), x));
  imgk_vf m = e * (e + 2.0f);
  return IMGK_FN(select)(x > 20.0f, x, x * (m / (m + 2.0f)));
}
