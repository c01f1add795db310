#include "imgk_softmax.h"

#include <math.h>

#include "imgk_isa.h"
#include "imgk_parallel.h"
#include "internal/simd.h"

typedef struct {
  void (*row)(const float *, float *, size_t, int);
  void (*columns)(const float *, float *, size_t, size_t, size_t, int);
} imgk_softmax_kernels;

#define IMGK_FAMILY imgk_softmax
#define IMGK_BODY "softmax_body.h"
#define IMGK_TABLE imgk_softmax_kernels
#include "internal/each_isa.h"

struct softmax_loop {
  const float *src;
  float *dst;
  size_t axis, inner, blocks;
  int logarithm;
};

static void softmax_rows(void *context, size_t begin, size_t end) {
  const struct softmax_loop *l = context;
  for (size_t r = begin; r < end; r++) {
    IMGK_CHOSEN()->row(l->src + r * l->axis, l->dst + r * l->axis, l->axis, l->logarithm);
  }
}

static void softmax_columns(void *context, size_t begin, size_t end) {
  const struct softmax_loop *l = context;
  for (size_t b = begin; b < end; b++) {
    const size_t column = b % l->blocks * IMGK_LANES;
    const size_t lanes = l->inner - column < IMGK_LANES ? l->inner - column : IMGK_LANES;
    const size_t at = b / l->blocks * l->axis * l->inner + column;
    IMGK_CHOSEN()->columns(l->src + at, l->dst + at, l->axis, l->inner, lanes, l->logarithm);
  }
}

void imgk_softmax(const float *src, float *dst, size_t outer, size_t axis, size_t inner, int logarithm) {
  if (outer == 0 || axis == 0 || inner == 0) return;
  struct softmax_loop l = {src, dst, axis, inner, (inner + IMGK_LANES - 1) / IMGK_LANES, logarithm};
  if (inner == 1) {
    imgk_parallel_for(outer, 1 + 8192 / axis, softmax_rows, &l);
  } else {
    imgk_parallel_for(outer * l.blocks, 1 + 512 / axis, softmax_columns, &l);
  }
}

void imgk_softmax_ref(const float *src, float *dst, size_t outer, size_t axis, size_t inner, int logarithm) {
  for (size_t s = 0; s < outer * inner; s++) {
    const size_t at = s / inner * axis * inner + s % inner;
    double largest = -INFINITY, sum = 0.0;
    for (size_t a = 0; a < axis; a++) largest = fmax(largest, src[at + a * inner]);
    for (size_t a = 0; a < axis; a++) sum += exp(src[at + a * inner] - largest);
    for (size_t a = 0; a < axis; a++) {
      const double x = src[at + a * inner] - largest;
      dst[at + a * inner] = (float)(logarithm ? x - log(sum) : exp(x) / sum);
    }
  }
}
