#include "imgk_normalize.h"

#include <math.h>

#include "imgk_isa.h"
#include "imgk_parallel.h"
#include "internal/simd.h"

typedef struct {
  void (*moments)(const float *, size_t, float, float *, float *);
  float (*inverse_rms)(const float *, size_t, float);
  void (*scale_row)(const float *, float *, size_t, float, float, const float *, const float *);
  void (*scale_channel)(const float *, float *, size_t, float, float, float, int);
} imgk_normalize_kernels;

#define IMGK_FAMILY imgk_normalize
#define IMGK_BODY "normalize_body.h"
#define IMGK_TABLE imgk_normalize_kernels
#include "internal/each_isa.h"

struct normalization {
  const float *src;
  float *dst;
  const float *gamma, *beta;
  float epsilon;
  size_t count;  // elements of a row
  float *mean, *inverse;
  size_t channels, pixels, groups;
  int silu;
  const float *given_mean, *given_variance;
};

/// Rows a chunk takes, so that a chunk has some 16 thousand elements.
static size_t row_grain(size_t count) { return 1 + 16384 / (count + 1); }

static void layer_rows(void *context, size_t begin, size_t end) {
  const struct normalization *n = context;
  const imgk_normalize_kernels *k = IMGK_CHOSEN();
  for (size_t r = begin; r < end; r++) {
    float mean, inverse;
    const float *row = n->src + r * n->count;
    k->moments(row, n->count, n->epsilon, &mean, &inverse);
    k->scale_row(row, n->dst + r * n->count, n->count, mean, inverse, n->gamma, n->beta);
    if (n->mean) n->mean[r] = mean;
    if (n->inverse) n->inverse[r] = inverse;
  }
}

void imgk_layer_norm(const float *src, float *dst, size_t rows, size_t count, const float *gamma, const float *beta,
                     float epsilon, float *mean, float *inverse) {
  struct normalization n = {.src = src, .dst = dst, .gamma = gamma, .beta = beta, .epsilon = epsilon, .count = count,
                            .mean = mean, .inverse = inverse};
  if (count > 0) imgk_parallel_for(rows, row_grain(count), layer_rows, &n);
}

static void rms_rows(void *context, size_t begin, size_t end) {
  const struct normalization *n = context;
  const imgk_normalize_kernels *k = IMGK_CHOSEN();
  for (size_t r = begin; r < end; r++) {
    const float *row = n->src + r * n->count;
    const float inverse = k->inverse_rms(row, n->count, n->epsilon);
    k->scale_row(row, n->dst + r * n->count, n->count, 0.0f, inverse, n->gamma, NULL);
  }
}

void imgk_rms_norm(const float *src, float *dst, size_t rows, size_t count, const float *gamma, float epsilon) {
  struct normalization n = {.src = src, .dst = dst, .gamma = gamma, .epsilon = epsilon, .count = count};
  if (count > 0) imgk_parallel_for(rows, row_grain(count), rms_rows, &n);
}

static void group_runs(void *context, size_t begin, size_t end) {
  const struct normalization *n = context;
  const imgk_normalize_kernels *k = IMGK_CHOSEN();
  const size_t members = n->channels / n->groups;
  for (size_t r = begin; r < end; r++) {
    float mean, inverse;
    const float *run = n->src + r * n->count;
    k->moments(run, n->count, n->epsilon, &mean, &inverse);
    for (size_t m = 0; m < members; m++) {
      const size_t c = r % n->groups * members + m;
      const float scale = n->gamma ? inverse * n->gamma[c] : inverse;
      k->scale_channel(run + m * n->pixels, n->dst + r * n->count + m * n->pixels, n->pixels, mean, scale,
                       n->beta ? n->beta[c] : 0.0f, n->silu);
    }
  }
}

void imgk_group_norm(const float *src, float *dst, size_t batch, size_t channels, size_t pixels, size_t groups,
                     const float *gamma, const float *beta, float epsilon, int silu) {
  if (groups == 0 || channels % groups != 0 || channels * pixels == 0) return;
  struct normalization n = {.src = src, .dst = dst, .gamma = gamma, .beta = beta, .epsilon = epsilon,
                            .count = channels / groups * pixels, .channels = channels, .pixels = pixels,
                            .groups = groups, .silu = silu};
  imgk_parallel_for(batch * groups, row_grain(n.count), group_runs, &n);
}

static void batch_channels(void *context, size_t begin, size_t end) {
  const struct normalization *n = context;
  const imgk_normalize_kernels *k = IMGK_CHOSEN();
  for (size_t r = begin; r < end; r++) {
    const size_t c = r % n->channels;
    double scale = 1.0 / sqrt((double)n->given_variance[c] + (double)n->epsilon);
    if (n->gamma) scale *= n->gamma[c];
    k->scale_channel(n->src + r * n->pixels, n->dst + r * n->pixels, n->pixels, n->given_mean[c], (float)scale,
                     n->beta ? n->beta[c] : 0.0f, 0);
  }
}

void imgk_batch_norm(const float *src, float *dst, size_t batch, size_t channels, size_t pixels, const float *mean,
                     const float *variance, const float *gamma, const float *beta, float epsilon) {
  struct normalization n = {.src = src, .dst = dst, .gamma = gamma, .beta = beta, .epsilon = epsilon,
                            .channels = channels, .pixels = pixels, .given_mean = mean, .given_variance = variance};
  if (pixels > 0) imgk_parallel_for(batch * channels, row_grain(pixels), batch_channels, &n);
}

void imgk_group_norm_ref(const float *src, float *dst, size_t batch, size_t channels, size_t pixels, size_t groups,
                         const float *gamma, const float *beta, float epsilon, int silu) {
  const size_t members = channels / groups, count = members * pixels;
  for (size_t r = 0; r < batch * groups; r++) {
    double mean = 0.0, variance = 0.0;
    for (size_t i = 0; i < count; i++) mean += src[r * count + i];
    mean /= (double)count;
    for (size_t i = 0; i < count; i++) variance += (src[r * count + i] - mean) * (src[r * count + i] - mean);
    variance /= (double)count;
    for (size_t i = 0; i < count; i++) {
      const size_t c = r % groups * members + i / pixels;
      double y = (src[r * count + i] - mean) / sqrt(variance + (double)epsilon);
      y = y * (gamma ? gamma[c] : 1.0f) + (beta ? beta[c] : 0.0f);
      dst[r * count + i] = (float)(silu ? y / (1.0 + exp(-y)) : y);
    }
  }
}

void imgk_rms_norm_ref(const float *src, float *dst, size_t rows, size_t count, const float *gamma, float epsilon) {
  for (size_t r = 0; r < rows; r++) {
    double squares = 0.0;
    for (size_t i = 0; i < count; i++) squares += (double)src[r * count + i] * src[r * count + i];
    const double inverse = 1.0 / sqrt(squares / (double)count + (double)epsilon);
    for (size_t i = 0; i < count; i++) {
      dst[r * count + i] = (float)(src[r * count + i] * inverse * (gamma ? gamma[i] : 1.0f));
    }
  }
}
