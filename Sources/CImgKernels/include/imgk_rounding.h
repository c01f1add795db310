// Second-order rounding of weights: error feedback through a factor of the inputs' second moments.
#ifndef IMGK_ROUNDING_H
#define IMGK_ROUNDING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Factors a symmetric positive definite matrix H = R Rᵀ, R upper triangular, over H's upper triangle, on the kernels'
/// threads. Returns 1, or 0 where H is not positive definite (its content is then lost).
int imgk_upper_factor(double *h, size_t n);

/// dst[k * n + j] = R[j][k] / R[k][k] for j < k: what error j adds to column k.
void imgk_feedback_coefficients(const double *r, size_t n, float *dst);

/// Rows of weights to be rounded column after column, each column made up for the errors of those before:
/// q[k] = clamp(round((w[k] + Σ_{j<k} e[j] f[k][j]) / scale) + zero), e[j] = w[j] - (q[j] - zero) * scale.
typedef struct imgk_feedback {
  size_t rows, columns;
  /// `[rows, columns]`.
  const float *weights;
  /// `[columns, columns]`, below the diagonal, from imgk_feedback_coefficients.
  const float *coefficients;
  /// The group of scales that each column uses, below `groups`.
  const uint32_t *column_groups;
  size_t groups;
  /// `[rows, groups]`.
  const float *scales;
  const int32_t *zeros;
  int32_t low, high;
} imgk_feedback;

/// Rounds into `dst` `[rows, columns]`, on the kernels' threads. Returns 1, or 0 for want of memory.
int imgk_round_with_feedback(const imgk_feedback *feedback, int8_t *dst);

#ifdef __cplusplus
}
#endif
#endif
