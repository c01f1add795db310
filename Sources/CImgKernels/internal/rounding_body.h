// Kernel text of second-order rounding; see simd.h.
#include "lanes_body.h"

IMGK_LANE_FN imgk_f64x8 IMGK_FN(load_doubles)(const double *from) {
  imgk_f64x8 v;
  memcpy(&v, from, sizeof v);
  return v;
}

IMGK_TARGET static double IMGK_FN(dot)(const double *a, const double *b, size_t count) {
  imgk_f64x8 sum[2] = {{0}, {0}};
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    sum[0] += IMGK_FN(load_doubles)(a + i) * IMGK_FN(load_doubles)(b + i);
    sum[1] += IMGK_FN(load_doubles)(a + i + 8) * IMGK_FN(load_doubles)(b + i + 8);
  }
  const imgk_f64x8 v = sum[0] + sum[1];
  double total = ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
  for (; i < count; i++) total += a[i] * b[i];
  return total;
}

/// What the errors of the columns before `column` add to it, in the lanes of 16 rows.
IMGK_LANE_FN imgk_vf IMGK_FN(feedback_sum)(const float *errors, const float *coefficients, size_t column) {
  imgk_vf sum[4] = {{0}, {0}, {0}, {0}};
  size_t j = 0;
  for (; j + 4 <= column; j += 4) {
    for (size_t k = 0; k < 4; k++) {
      sum[k] += IMGK_FN(load)(errors + (j + k) * IMGK_LANES) * coefficients[j + k];
    }
  }
  for (; j < column; j++) sum[0] += IMGK_FN(load)(errors + j * IMGK_LANES) * coefficients[j];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/// Rounds `rows` (at most 16) rows from `row` on; `errors` holds `[columns, 16]`.
IMGK_TARGET static void IMGK_FN(round_rows)(const imgk_feedback *f, size_t row, size_t rows, float *errors,
                                            int8_t *dst) {
  for (size_t k = 0; k < f->columns; k++) {
    float w[IMGK_LANES] = {0}, scale[IMGK_LANES], zero[IMGK_LANES] = {0};
    for (size_t lane = 0; lane < IMGK_LANES; lane++) scale[lane] = 1.0f;
    for (size_t lane = 0; lane < rows; lane++) {
      const size_t at = (row + lane) * f->groups + f->column_groups[k];
      w[lane] = f->weights[(row + lane) * f->columns + k];
      scale[lane] = f->scales[at];
      zero[lane] = (float)f->zeros[at];
    }
    const imgk_vf s = IMGK_FN(load)(scale), z = IMGK_FN(load)(zero), x = IMGK_FN(load)(w);
    const imgk_vf wanted = x + IMGK_FN(feedback_sum)(errors, f->coefficients + k * f->columns, k);
    const imgk_vf q =
        IMGK_FN(clamp)(__builtin_elementwise_roundeven(wanted / s) + z, (float)f->low, (float)f->high);
    IMGK_FN(store)(errors + k * IMGK_LANES, x - (q - z) * s);
    for (size_t lane = 0; lane < rows; lane++) dst[(row + lane) * f->columns + k] = (int8_t)q[lane];
  }
}

static const imgk_rounding_kernels IMGK_FN(kernels) = {IMGK_FN(dot), IMGK_FN(round_rows)};

#undef IMGK_LANE_FN
