#include "imgk_rounding.h"

#include <math.h>
#include <stdlib.h>

#include "imgk_isa.h"
#include "imgk_parallel.h"
#include "internal/simd.h"

typedef struct {
  double (*dot)(const double *, const double *, size_t);
  void (*round_rows)(const imgk_feedback *, size_t, size_t, float *, int8_t *);
} imgk_rounding_kernels;

#define IMGK_FAMILY imgk_rounding
#define IMGK_BODY "rounding_body.h"
#define IMGK_TABLE imgk_rounding_kernels
#include "internal/each_isa.h"

/// One column of the factor: entry j of every row above.
struct column {
  double *h;
  size_t n, j;
};

static void factor_column(void *context, size_t begin, size_t end) {
  const struct column *c = context;
  const size_t n = c->n, j = c->j, rest = n - j - 1;
  const double *pivot = c->h + j * n;
  for (size_t i = begin; i < end; i++) {
    double *row = c->h + i * n;
    row[j] = (row[j] - IMGK_CHOSEN()->dot(row + j + 1, pivot + j + 1, rest)) / pivot[j];
  }
}

int imgk_upper_factor(double *h, size_t n) {
  for (size_t j = n; j-- > 0;) {
    double *row = h + j * n;
    const double square = row[j] - IMGK_CHOSEN()->dot(row + j + 1, row + j + 1, n - j - 1);
    if (!(square > 0) || isinf(square)) return 0;
    row[j] = sqrt(square);
    struct column column = {h, n, j};
    imgk_parallel_for(j, 32, factor_column, &column);
  }
  return 1;
}

void imgk_feedback_coefficients(const double *r, size_t n, float *dst) {
  for (size_t k = 0; k < n; k++) {
    for (size_t j = 0; j < k; j++) dst[k * n + j] = (float)(r[j * n + k] / r[k * n + k]);
  }
}

struct rounding {
  const imgk_feedback *feedback;
  int8_t *dst;
  int failed;
};

static void round_some(void *context, size_t begin, size_t end) {
  struct rounding *r = context;
  const imgk_feedback *f = r->feedback;
  float *errors = malloc(f->columns * IMGK_LANES * sizeof *errors);
  if (errors == NULL) {
    __atomic_store_n(&r->failed, 1, __ATOMIC_RELAXED);
    return;
  }
  for (size_t block = begin; block < end; block++) {
    const size_t row = block * IMGK_LANES;
    const size_t rows = f->rows - row < IMGK_LANES ? f->rows - row : IMGK_LANES;
    IMGK_CHOSEN()->round_rows(f, row, rows, errors, r->dst);
  }
  free(errors);
}

int imgk_round_with_feedback(const imgk_feedback *feedback, int8_t *dst) {
  if (feedback->rows == 0 || feedback->columns == 0) return 1;
  struct rounding rounding = {feedback, dst, 0};
  imgk_parallel_for((feedback->rows + IMGK_LANES - 1) / IMGK_LANES, 1, round_some, &rounding);
  return !rounding.failed;
}
