// Functions of fp32 lanes computed in fp64, eight lanes at a time, after lanes_body.h; see simd.h.

IMGK_LANE_FN imgk_f64x8 IMGK_FN(splat64)(double value) { return value - (imgk_f64x8){0}; }

IMGK_LANE_FN imgk_f64x8 IMGK_FN(low64)(imgk_vf v) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7), imgk_f64x8);
}

IMGK_LANE_FN imgk_f64x8 IMGK_FN(high64)(imgk_vf v) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15), imgk_f64x8);
}

IMGK_LANE_FN imgk_vf IMGK_FN(join64)(imgk_f64x8 low, imgk_f64x8 high) {
  imgk_f32x8 l = __builtin_convertvector(low, imgk_f32x8), h = __builtin_convertvector(high, imgk_f32x8);
  return __builtin_shufflevector(l, h, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

IMGK_LANE_FN imgk_f64x8 IMGK_FN(horner64)(imgk_f64x8 x, const double *c, int n) {
  imgk_f64x8 p = IMGK_FN(splat64)(c[n - 1]);
  for (int i = n - 2; i >= 0; i--) p = __builtin_elementwise_fma(p, x, IMGK_FN(splat64)(c[i]));
  return p;
}

IMGK_LANE_FN imgk_f64x8 IMGK_FN(select64)(imgk_s64x8 mask, imgk_f64x8 yes, imgk_f64x8 no) {
  return (imgk_f64x8)((mask & (imgk_s64x8)yes) | (~mask & (imgk_s64x8)no));
}

/// sin(x + quadrant π/2) for |x| < 2^40: x reduced by π/2 in two parts, Taylor series of degree 13 and 12.
IMGK_LANE_FN imgk_f64x8 IMGK_FN(sine64)(imgk_f64x8 x, int quadrant) {
  static const double s[6] = {-1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800};
  static const double c[6] = {-0.5, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600};
  const double magic = 6755399441055744.0;  // 1.5 * 2^52
  imgk_f64x8 z = __builtin_elementwise_fma(x, IMGK_FN(splat64)(0x1.45f306dc9c883p-1), IMGK_FN(splat64)(magic));
  imgk_s64x8 n = (imgk_s64x8)z + quadrant;
  z -= magic;
  imgk_f64x8 r = __builtin_elementwise_fma(z, IMGK_FN(splat64)(-0x1.921fb54442d18p+0), x);
  r = __builtin_elementwise_fma(z, IMGK_FN(splat64)(-0x1.1a62633145c07p-54), r);
  imgk_f64x8 u = r * r;
  imgk_f64x8 sine = __builtin_elementwise_fma(r * u, IMGK_FN(horner64)(u, s, 6), r);
  imgk_f64x8 cosine = __builtin_elementwise_fma(u, IMGK_FN(horner64)(u, c, 6), IMGK_FN(splat64)(1.0));
  imgk_f64x8 y = IMGK_FN(select64)((n & 1) == 0, sine, cosine);
  return (imgk_f64x8)((imgk_s64x8)y ^ ((n & 2) << 62));
}

/// sin(x) for quadrant 0, cos(x) for quadrant 1; lanes of 2^40 and above, Inf and NaN go to the C library.
IMGK_LANE_FN imgk_vf IMGK_FN(sine)(imgk_vf x, int quadrant) {
  imgk_vi far = ~(IMGK_FN(absolute)(x) < 0x1p40f);
  imgk_vf y = IMGK_FN(join64)(IMGK_FN(sine64)(IMGK_FN(low64)(x), quadrant),
                              IMGK_FN(sine64)(IMGK_FN(high64)(x), quadrant));
  if (__builtin_reduce_or(far) == 0) return y;
  for (int i = 0; i < IMGK_LANES; i++) {
    if (far[i]) y[i] = (float)(quadrant == 0 ? sin((double)x[i]) : cos((double)x[i]));
  }
  return y;
}

/// a^b for finite a > 0, in fp64: e^(b log a), held to e^±200.
IMGK_LANE_FN imgk_f64x8 IMGK_FN(power64)(imgk_f64x8 a, imgk_f64x8 b) {
  // log m = 2 artanh s with s = (m - 1) / (m + 1): 2 s (1 + s²/3 + s⁴/5 + …), |s| < 0.172.
  static const double l[9] = {1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17};
  static const double x[12] = {1.0,        1.0,         0.5,          1.0 / 6,       1.0 / 24,       1.0 / 120,
                               1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800};
  const double magic = 6755399441055744.0;
  const int64_t magic_bits = 0x4338000000000000;
  imgk_s64x8 bits = (imgk_s64x8)a;
  imgk_s64x8 e = (bits - 0x3fe6a09e667f3bcd) >> 52;
  imgk_f64x8 m = (imgk_f64x8)(bits - (e << 52));
  imgk_f64x8 ef = (imgk_f64x8)(e + magic_bits) - magic;
  imgk_f64x8 s = (m - 1.0) / (m + 1.0);
  imgk_f64x8 log = __builtin_elementwise_fma(ef, IMGK_FN(splat64)(0x1.62e42fefa39efp-1),
                                             2.0 * s * IMGK_FN(horner64)(s * s, l, 9));
  imgk_f64x8 t = b * log;
  t = IMGK_FN(select64)(t < -200.0, IMGK_FN(splat64)(-200.0), t);
  t = IMGK_FN(select64)(t > 200.0, IMGK_FN(splat64)(200.0), t);
  imgk_f64x8 z = __builtin_elementwise_fma(t, IMGK_FN(splat64)(0x1.71547652b82fep+0), IMGK_FN(splat64)(magic));
  imgk_s64x8 n = (imgk_s64x8)z - magic_bits;
  imgk_f64x8 r = __builtin_elementwise_fma(z - magic, IMGK_FN(splat64)(-0x1.62e42fefa39efp-1), t);
  return IMGK_FN(horner64)(r, x, 12) * (imgk_f64x8)((n + 1023) << 52);
}

/// IEEE pow: 0, Inf and NaN go to the C library lane by lane; a negative base needs an integral exponent, else NaN.
IMGK_LANE_FN imgk_vf IMGK_FN(power)(imgk_vf a, imgk_vf b) {
  imgk_vf m = IMGK_FN(absolute)(a);
  imgk_vi special = ~((m > 0.0f) & (m < __builtin_inff()) & (IMGK_FN(absolute)(b) < __builtin_inff()));
  imgk_vf y = IMGK_FN(join64)(IMGK_FN(power64)(IMGK_FN(low64)(m), IMGK_FN(low64)(b)),
                              IMGK_FN(power64)(IMGK_FN(high64)(m), IMGK_FN(high64)(b)));
  imgk_vi negative = a < 0.0f;
  if (__builtin_reduce_or(negative) != 0) {
    imgk_vf half = 0.5f * b;
    imgk_vi odd = __builtin_elementwise_floor(half) != half;
    imgk_vi broken = __builtin_elementwise_floor(b) != b;
    y = (imgk_vf)((imgk_vi)y ^ (negative & odd & (int32_t)0x80000000));
    y = IMGK_FN(select)(negative & broken, IMGK_FN(splat)(__builtin_nanf("")), y);
  }
  if (__builtin_reduce_or(special) == 0) return y;
  for (int i = 0; i < IMGK_LANES; i++) {
    if (special[i]) y[i] = (float)pow((double)a[i], (double)b[i]);
  }
  return y;
}
