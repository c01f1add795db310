#include "imgk_quantize.h"

#include <math.h>

#include "imgk_isa.h"
#include "imgk_parallel.h"
#include "internal/simd.h"

typedef struct {
  void (*quantize_run)(const float *, size_t, const float *, const int32_t *, size_t, size_t, int32_t, int32_t,
                       uint8_t *);
  void (*dequantize_run)(imgk_quantized_type, const uint8_t *, size_t, const float *, const int32_t *, size_t, size_t,
                         float *);
} imgk_quantize_kernels;

#define IMGK_FAMILY imgk_quantize
#define IMGK_BODY "quantize_body.h"
#define IMGK_TABLE imgk_quantize_kernels
#include "internal/each_isa.h"

static const int32_t lowest[IMGK_QUANTIZED_TYPE_COUNT] = {0, -128, 0, -32768, 0, -8, 0, -2, INT32_MIN};
static const int32_t highest[IMGK_QUANTIZED_TYPE_COUNT] = {255, 127, 65535, 32767, 15, 7, 3, 1, INT32_MAX};

static size_t width_of(imgk_quantized_type type) {
  switch (type) {
  case IMGK_QUANTIZED_U16:
  case IMGK_QUANTIZED_S16: return 2;
  case IMGK_QUANTIZED_S32: return 4;
  default: return 1;
  }
}

/// Neighbouring elements a run has at most.
enum { RUN = 1 << 14, ZEROS = 512 };

/// A quantization as runs of neighbouring elements whose scales are one, or neighbours too.
struct runs {
  const imgk_quantization *q;
  const void *src;
  void *dst;
  int forward;
  size_t run;             // elements of a run
  size_t parts;           // pieces a run is cut into
  size_t part;            // elements of a piece
};

/// Where the scale of element (o, a, i) is.
static size_t scale_index(const imgk_quantization *q, size_t o, size_t a, size_t i) {
  if (q->block == 0) return a * q->scale_axis;
  const size_t blocks = (q->axis + q->block - 1) / q->block;
  return (o * blocks + a / q->block) * q->inner + i;
}

/// Elements from `first` on, which share their scale or have scales in their order.
static void run_piece(const struct runs *r, size_t first, size_t count, size_t scale, size_t step) {
  static const int32_t no_zeros[ZEROS] = {0};
  const imgk_quantization *q = r->q;
  const size_t width = width_of(q->type);
  while (count > 0) {
    const size_t some = q->zeros || count < ZEROS || step == 0 ? count : ZEROS;
    const int32_t *zeros = q->zeros ? q->zeros + scale : no_zeros;
    if (r->forward) {
      IMGK_CHOSEN()->quantize_run((const float *)r->src + first, some, q->scales + scale, zeros, step, width,
                                  lowest[q->type], highest[q->type], (uint8_t *)r->dst + first * width);
    } else {
      IMGK_CHOSEN()->dequantize_run(q->type, (const uint8_t *)r->src + first * width, some, q->scales + scale, zeros,
                                    step, width, (float *)r->dst + first);
    }
    first += some;
    scale += step * some;
    count -= some;
  }
}

/// The scales of a run of row `o` and axis place `a` (of the run's start) from element `i` of the row's inner part.
static void run_some(void *context, size_t begin, size_t end) {
  const struct runs *r = context;
  const imgk_quantization *q = r->q;
  for (size_t k = begin; k < end; k++) {
    const size_t at = k / r->parts * r->run, from = k % r->parts * r->part;
    const size_t count = r->run - from < r->part ? r->run - from : r->part;
    const size_t o = at / (q->axis * q->inner), a = at / q->inner % q->axis;
    if (q->block == 0 && q->scale_axis != 0 && q->inner == 1) {
      run_piece(r, at + from, count, from, 1);
    } else if (q->block != 0 && q->inner == 1) {
      for (size_t i = from; i < from + count;) {
        const size_t stop = (i / q->block + 1) * q->block < from + count ? (i / q->block + 1) * q->block : from + count;
        run_piece(r, at + i, stop - i, scale_index(q, o, i, 0), 0);
        i = stop;
      }
    } else {
      run_piece(r, at + from, count, scale_index(q, o, a, from), q->block != 0 ? 1 : 0);
    }
  }
}

static void run_all(const imgk_quantization *q, const void *src, void *dst, int forward) {
  const size_t total = q->outer * q->axis * q->inner;
  if (total == 0) return;
  struct runs r = {.q = q, .src = src, .dst = dst, .forward = forward};
  const int one_scale = q->block == 0 && q->scale_axis == 0;
  r.run = one_scale ? total : q->inner == 1 ? q->axis : q->inner;
  r.part = r.run < RUN ? r.run : RUN;
  r.parts = (r.run + r.part - 1) / r.part;
  imgk_parallel_for(total / r.run * r.parts, 1 + RUN / (r.part + 1), run_some, &r);
}

void imgk_quantize(const imgk_quantization *q, const float *src, void *dst) { run_all(q, src, dst, 1); }
void imgk_dequantize(const imgk_quantization *q, const void *src, float *dst) { run_all(q, src, dst, 0); }

void imgk_quantize_ref(const imgk_quantization *q, const float *src, void *dst) {
  for (size_t at = 0; at < q->outer * q->axis * q->inner; at++) {
    const size_t s = scale_index(q, at / q->inner / q->axis, at / q->inner % q->axis, at % q->inner);
    const int32_t zero = q->zeros ? q->zeros[s] : 0;
    const float scaled = src[at] / q->scales[s];
    double v = scaled != scaled ? zero : rint((double)scaled) + zero;
    v = v < lowest[q->type] ? lowest[q->type] : v > highest[q->type] ? highest[q->type] : v;
    if (width_of(q->type) == 1) {
      ((uint8_t *)dst)[at] = (uint8_t)(int32_t)v;
    } else {
      ((uint16_t *)dst)[at] = (uint16_t)(int32_t)v;
    }
  }
}

void imgk_dequantize_ref(const imgk_quantization *q, const void *src, float *dst) {
  for (size_t at = 0; at < q->outer * q->axis * q->inner; at++) {
    const size_t s = scale_index(q, at / q->inner / q->axis, at / q->inner % q->axis, at % q->inner);
    int64_t v;
    switch (q->type) {
    case IMGK_QUANTIZED_S32: v = ((const int32_t *)src)[at]; break;
    case IMGK_QUANTIZED_U16: v = ((const uint16_t *)src)[at]; break;
    case IMGK_QUANTIZED_S16: v = ((const int16_t *)src)[at]; break;
    default: v = lowest[q->type] < 0 ? ((const int8_t *)src)[at] : ((const uint8_t *)src)[at]; break;
    }
    dst[at] = (float)(int32_t)(uint32_t)(uint64_t)(v - (q->zeros ? q->zeros[s] : 0)) * q->scales[s];
  }
}
