#include "imgk_normalize_gradient.h"

#include <math.h>

#include "imgk_isa.h"
#include "imgk_parallel.h"
#include "internal/simd.h"

typedef struct {
  void (*moments)(const float *, size_t, float, float *, float *);
  void (*channel_sums)(const float *, const float *, size_t, float, double *, double *);
  void (*channel_gradient)(const float *, const float *, float *, size_t, float, float, float, float);
} imgk_normalize_gradient_kernels;

#define IMGK_FAMILY imgk_normalize_gradient
#define IMGK_BODY "normalize_gradient_body.h"
#define IMGK_TABLE imgk_normalize_gradient_kernels
#include "internal/each_isa.h"

struct gradient {
  const float *src, *dy;
  float *dx;
  size_t batch, channels, pixels, groups;
  const float *gamma;
  float epsilon;
  double *sums;  // of every image and channel: Σ dy, Σ dy x̂
  float *dgamma, *dbeta;
};

static void group_runs(void *context, size_t begin, size_t end) {
  const struct gradient *g = context;
  const imgk_normalize_gradient_kernels *k = IMGK_CHOSEN();
  const size_t members = g->channels / g->groups, count = members * g->pixels;
  for (size_t r = begin; r < end; r++) {
    const float *run = g->src + r * count, *dy = g->dy + r * count;
    const float *gamma = g->gamma ? g->gamma + r % g->groups * members : NULL;
    double *sums = g->sums + 2 * r * members;
    float mean, inverse;
    k->moments(run, count, g->epsilon, &mean, &inverse);
    double sum = 0.0, product = 0.0;
    for (size_t m = 0; m < members; m++) {
      k->channel_sums(run + m * g->pixels, dy + m * g->pixels, g->pixels, mean, &sums[2 * m], &sums[2 * m + 1]);
      sums[2 * m + 1] *= inverse;
      sum += sums[2 * m] * (gamma ? gamma[m] : 1.0f);
      product += sums[2 * m + 1] * (gamma ? gamma[m] : 1.0f);
    }
    if (g->dx == NULL) continue;
    const float slope = (float)(-product / (double)count * inverse * inverse);
    const float shift = (float)(-sum / (double)count * inverse);
    for (size_t m = 0; m < members; m++) {
      const size_t at = m * g->pixels;
      k->channel_gradient(run + at, dy + at, g->dx + r * count + at, g->pixels, mean,
                          gamma ? inverse * gamma[m] : inverse, slope, shift);
    }
  }
}

void imgk_group_norm_gradient(const float *src, const float *dy, float *dx, size_t batch, size_t channels,
                              size_t pixels, size_t groups, const float *gamma, float epsilon, double *sums,
                              float *dgamma, float *dbeta) {
  if (groups == 0 || channels % groups != 0 || channels * pixels == 0) return;
  struct gradient g = {src, dy, dx, batch, channels, pixels, groups, gamma, epsilon, sums, dgamma, dbeta};
  imgk_parallel_for(batch * groups, 1 + 16384 / (channels / groups * pixels + 1), group_runs, &g);
  for (size_t c = 0; c < channels; c++) {
    double sum = 0.0, product = 0.0;
    for (size_t n = 0; n < batch; n++) {
      sum += sums[2 * (n * channels + c)];
      product += sums[2 * (n * channels + c) + 1];
    }
    if (dgamma) dgamma[c] = (float)product;
    if (dbeta) dbeta[c] = (float)sum;
  }
}

void imgk_group_norm_gradient_ref(const float *src, const float *dy, float *dx, size_t batch, size_t channels,
                                  size_t pixels, size_t groups, const float *gamma, float epsilon) {
  const size_t members = channels / groups, count = members * pixels;
  for (size_t r = 0; r < batch * groups; r++) {
    double mean = 0.0, variance = 0.0, sum = 0.0, product = 0.0;
    for (size_t i = 0; i < count; i++) mean += src[r * count + i] / (double)count;
    for (size_t i = 0; i < count; i++) {
      variance += (src[r * count + i] - mean) * (src[r * count + i] - mean) / (double)count;
    }
    const double inverse = 1.0 / sqrt(variance + (double)epsilon);
    for (size_t i = 0; i < count; i++) {
      const double d = (double)dy[r * count + i] * (gamma ? gamma[r % groups * members + i / pixels] : 1.0f);
      sum += d / (double)count;
      product += d * (src[r * count + i] - mean) * inverse / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
      const double d = (double)dy[r * count + i] * (gamma ? gamma[r % groups * members + i / pixels] : 1.0f);
      dx[r * count + i] = (float)((d - sum - (src[r * count + i] - mean) * inverse * product) * inverse);
    }
  }
}
