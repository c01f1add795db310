// The moments of fp32 runs, after sums_body.h; see simd.h.

/// The mean of a run and 1 / √(its variance + epsilon).
IMGK_TARGET static void IMGK_FN(moments)(const float *src, size_t count, float epsilon, float *mean, float *inverse) {
  const double exact = IMGK_FN(sum)(src, count, 0.0f) / (double)count;
  *mean = (float)exact;
  const double off = exact - (double)*mean;
  const double variance = IMGK_FN(sum_centred_squares)(src, count, *mean) / (double)count - off * off;
  *inverse = (float)(1.0 / sqrt((variance > 0.0 || variance != variance ? variance : 0.0) + (double)epsilon));
}
