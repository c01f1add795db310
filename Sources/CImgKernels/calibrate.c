#include "imgk_calibrate.h"

#include "imgk_isa.h"
#include "internal/simd.h"

typedef struct {
  void (*bin_numbers)(const float *, size_t, float, float, float, int32_t *);
  double (*rounding_error)(const float *, const float *, size_t, float, int32_t, int32_t, int32_t);
  void (*deviation)(const float *, const int8_t *, size_t, const float *, const int32_t *, size_t, imgk_deviation *);
} imgk_calibrate_kernels;

#define IMGK_FAMILY imgk_calibrate
#define IMGK_BODY "calibrate_body.h"
#define IMGK_TABLE imgk_calibrate_kernels
#include "internal/each_isa.h"

enum { BLOCK = 1024 };

void imgk_value_histogram(const float *src, size_t count, float limit, size_t bins, uint64_t *counts) {
  int32_t numbers[BLOCK];
  for (size_t at = 0; at < count; at += BLOCK) {
    const size_t some = count - at < BLOCK ? count - at : BLOCK;
    IMGK_CHOSEN()->bin_numbers(src + at, some, limit, (float)bins / (2.0f * limit), (float)(bins - 1), numbers);
    for (size_t i = 0; i < some; i++) {
      if (numbers[i] >= 0) counts[numbers[i]]++;
    }
  }
}

double imgk_rounding_error(const float *src, const float *importance, size_t count, float scale, int32_t zero,
                           int32_t low, int32_t high) {
  return IMGK_CHOSEN()->rounding_error(src, importance, count, scale, zero, low, high);
}

void imgk_weight_deviation(const float *src, const int8_t *integers, size_t count, const float *scales,
                           const int32_t *zeros, size_t step, imgk_deviation *deviation) {
  IMGK_CHOSEN()->deviation(src, integers, count, scales, zeros, step, deviation);
}

/// The windows' part along the last axis: `kernel[2]` elements of one row of the image.
static void copy_row(const imgk_patches *p, const float *row, ptrdiff_t first, float *dst) {
  for (size_t k = 0; k < p->kernel[2]; k++) {
    const ptrdiff_t x = first + (ptrdiff_t)(k * p->dilation[2]);
    dst[k] = x >= 0 && x < (ptrdiff_t)p->extent[2] ? row[x] : 0.0f;
  }
}

static void copy_window(const imgk_patches *p, size_t position, float *dst) {
  const size_t at[3] = {position / (p->output[1] * p->output[2]), position / p->output[2] % p->output[1],
                        position % p->output[2]};
  ptrdiff_t first[3];
  for (int axis = 0; axis < 3; axis++) first[axis] = (ptrdiff_t)(at[axis] * p->stride[axis]) - p->pad[axis];
  const size_t plane = p->extent[1] * p->extent[2], image = p->extent[0] * plane;
  for (size_t c = 0; c < p->channels; c++) {
    for (size_t kz = 0; kz < p->kernel[0]; kz++) {
      const ptrdiff_t z = first[0] + (ptrdiff_t)(kz * p->dilation[0]);
      for (size_t ky = 0; ky < p->kernel[1]; ky++, dst += p->kernel[2]) {
        const ptrdiff_t y = first[1] + (ptrdiff_t)(ky * p->dilation[1]);
        if (z < 0 || z >= (ptrdiff_t)p->extent[0] || y < 0 || y >= (ptrdiff_t)p->extent[1]) {
          memset(dst, 0, p->kernel[2] * sizeof *dst);
        } else {
          copy_row(p, p->src + c * image + (size_t)z * plane + (size_t)y * p->extent[2], first[2], dst);
        }
      }
    }
  }
}

void imgk_patch_rows(const imgk_patches *p, const size_t *positions, size_t count, float *dst) {
  const size_t width = p->channels * p->kernel[0] * p->kernel[1] * p->kernel[2];
  for (size_t i = 0; i < count; i++) copy_window(p, positions[i], dst + i * width);
}
