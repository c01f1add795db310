#include "imgk_reduce.h"

#include <math.h>
#include <stdlib.h>

#include "imgk_isa.h"
#include "imgk_parallel.h"
#include "internal/simd.h"

typedef struct {
  double (*run)(imgk_reduce_op, const float *, size_t, float);
  void (*columns)(imgk_reduce_op, const float *, size_t, size_t, size_t, const float *, double *);
} imgk_reduce_kernels;

#define IMGK_FAMILY imgk_reduce
#define IMGK_BODY "reduce_body.h"
#define IMGK_TABLE imgk_reduce_kernels
#include "internal/each_isa.h"

/// Contiguous slices are reduced in runs of this length, which threads share; the runs' results in their order.
enum { RUN = 1 << 16 };

struct reduction {
  imgk_reduce_op op;
  const float *src;
  float *dst;
  size_t axis, inner, blocks, runs;
  double *partial;
  const float *largest;
};

static double joined(imgk_reduce_op op, double a, double b) {
  switch (op) {
  case IMGK_REDUCE_MAX: return a != a || a > b ? a : b;
  case IMGK_REDUCE_MIN: return a != a || a < b ? a : b;
  case IMGK_REDUCE_PROD: return a * b;
  default: return a + b;
  }
}

static double nothing(imgk_reduce_op op) {
  switch (op) {
  case IMGK_REDUCE_MAX: return -INFINITY;
  case IMGK_REDUCE_MIN: return INFINITY;
  case IMGK_REDUCE_PROD: return 1.0;
  default: return 0.0;
  }
}

/// The result from the sum (or extreme, or product) of a slice of `axis` elements.
static float finished(imgk_reduce_op op, double value, size_t axis, float largest) {
  switch (op) {
  case IMGK_REDUCE_MEAN: return (float)(value / (double)axis);
  case IMGK_REDUCE_L2: return (float)sqrt(value);
  case IMGK_REDUCE_LOG_SUM: return (float)log(value);
  case IMGK_REDUCE_LOG_SUM_EXP: return (float)((double)largest + log(value));
  default: return (float)value;
  }
}

/// The shift of LOG_SUM_EXP: the largest element, or 0 where that is not finite (the sum then says so by itself).
static float shift_for(float largest) { return isfinite(largest) ? largest : 0.0f; }

static void reduce_run(void *context, size_t begin, size_t end) {
  const struct reduction *r = context;
  for (size_t i = begin; i < end; i++) {
    const size_t slice = i / r->runs, from = i % r->runs * RUN;
    const size_t count = r->axis - from < RUN ? r->axis - from : RUN;
    const float c = r->largest ? shift_for(r->largest[slice]) : 0.0f;
    r->partial[i] = IMGK_CHOSEN()->run(r->op, r->src + slice * r->axis + from, count, c);
  }
}

static float reduced_slice(const struct reduction *r, size_t slice, const double *partial) {
  double value = nothing(r->op);
  for (size_t k = 0; k < r->runs; k++) value = joined(r->op, value, partial[k]);
  return finished(r->op, value, r->axis, r->largest ? shift_for(r->largest[slice]) : 0.0f);
}

/// Slices that are one run each need no partial results.
static void reduce_short(void *context, size_t begin, size_t end) {
  const struct reduction *r = context;
  for (size_t slice = begin; slice < end; slice++) {
    const float c = r->largest ? shift_for(r->largest[slice]) : 0.0f;
    const double partial = IMGK_CHOSEN()->run(r->op, r->src + slice * r->axis, r->axis, c);
    r->dst[slice] = reduced_slice(r, slice, &partial);
  }
}

static void reduce_columns(void *context, size_t begin, size_t end) {
  const struct reduction *r = context;
  for (size_t b = begin; b < end; b++) {
    const size_t column = b % r->blocks * IMGK_LANES, o = b / r->blocks;
    const size_t lanes = r->inner - column < IMGK_LANES ? r->inner - column : IMGK_LANES;
    float shift[IMGK_LANES] = {0};
    double partial[IMGK_LANES];
    for (size_t k = 0; r->largest && k < lanes; k++) shift[k] = shift_for(r->largest[o * r->inner + column + k]);
    IMGK_CHOSEN()->columns(r->op, r->src + o * r->axis * r->inner + column, r->axis, r->inner, lanes, shift, partial);
    for (size_t k = 0; k < lanes; k++) {
      r->dst[o * r->inner + column + k] = finished(r->op, partial[k], r->axis, shift[k]);
    }
  }
}

static void reduce_rows(struct reduction *r, size_t outer) {
  r->runs = (r->axis + RUN - 1) / RUN;
  if (r->runs <= 1) {
    imgk_parallel_for(outer, 1 + RUN / (r->axis + 1), reduce_short, r);
    return;
  }
  for (size_t slice = 0; slice < outer; slice++) {
    struct reduction one = *r;
    one.src += slice * r->axis;
    one.dst += slice;
    if (one.largest) one.largest += slice;
    one.partial = malloc(one.runs * sizeof(double));
    if (one.partial == NULL) abort();
    imgk_parallel_for(one.runs, 1, reduce_run, &one);
    one.dst[0] = reduced_slice(&one, 0, one.partial);
    free(one.partial);
  }
}

void imgk_reduce(imgk_reduce_op op, const float *src, size_t outer, size_t axis, size_t inner, float *dst) {
  if (outer == 0 || inner == 0) return;
  struct reduction r = {.op = op, .src = src, .dst = dst, .axis = axis, .inner = inner,
                        .blocks = (inner + IMGK_LANES - 1) / IMGK_LANES};
  if (op == IMGK_REDUCE_LOG_SUM_EXP) {
    imgk_reduce(IMGK_REDUCE_MAX, src, outer, axis, inner, dst);
    r.largest = dst;
  }
  if (inner == 1) {
    reduce_rows(&r, outer);
  } else {
    imgk_parallel_for(outer * r.blocks, 1 + 1024 / (axis + 1), reduce_columns, &r);
  }
}

void imgk_min_max(const float *src, size_t count, float *smallest, float *largest) {
  imgk_reduce(IMGK_REDUCE_MIN, src, 1, count, 1, smallest);
  imgk_reduce(IMGK_REDUCE_MAX, src, 1, count, 1, largest);
}

static double term(imgk_reduce_op op, double x) {
  switch (op) {
  case IMGK_REDUCE_L1: return fabs(x);
  case IMGK_REDUCE_L2:
  case IMGK_REDUCE_SUM_SQUARE: return x * x;
  case IMGK_REDUCE_LOG_SUM_EXP: return exp(x);
  default: return x;
  }
}

void imgk_reduce_ref(imgk_reduce_op op, const float *src, size_t outer, size_t axis, size_t inner, float *dst) {
  for (size_t s = 0; s < outer * inner; s++) {
    double value = nothing(op);
    for (size_t a = 0; a < axis; a++) {
      value = joined(op, value, term(op, src[s / inner * axis * inner + a * inner + s % inner]));
    }
    dst[s] = finished(op, value, axis, 0.0f);
  }
}
