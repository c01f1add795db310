#include "imgk_isa.h"
#include "internal/gemm.h"
#include "internal/image_row.h"
#include "internal/simd.h"
#include "internal/winograd.h"

/// Neighbouring pixels of one row of the result: `count` of them, the first of whose windows begins at (y, x).
struct imgk_run {
  size_t count;
  ptrdiff_t y, x;
};

static size_t imgk_find_runs(const imgk_convolution *c, size_t first, size_t columns, struct imgk_run *runs) {
  size_t count = 0;
  while (columns > 0) {
    const size_t row = first / c->out_width, column = first % c->out_width;
    const size_t some = c->out_width - column < columns ? c->out_width - column : columns;
    runs[count++] = (struct imgk_run){some, (ptrdiff_t)(row * c->stride_y) - (ptrdiff_t)c->pad_top,
                                 (ptrdiff_t)(column * c->stride_x) - (ptrdiff_t)c->pad_left};
    first += some;
    columns -= some;
  }
  return count;
}

typedef struct {
  /// See imgk_gemm_pack_patches.
  void (*pack)(const imgk_convolution *convolution, const float *x, size_t k, size_t depth, size_t first,
               size_t columns, float *panel);
} imgk_patches_kernels;

#define IMGK_FAMILY imgk_patches
#define IMGK_BODY "patches_body.h"
#define IMGK_TABLE imgk_patches_kernels
#include "internal/each_isa.h"

void imgk_gemm_pack_patches(const imgk_convolution *c, const float *x, size_t k, size_t depth, size_t first,
                            size_t columns, float *panel) {
  IMGK_CHOSEN()->pack(c, x, k, depth, first, columns, panel);
}

/// Whether the patches' matrix is the image itself.
static int is_pointwise(const imgk_convolution *c) {
  return c->kernel_height * c->kernel_width == 1 && c->stride_y == 1 && c->stride_x == 1 && c->pad_top == 0 &&
         c->pad_left == 0 && c->repeat == 1 && c->out_height == c->height && c->out_width == c->width;
}

void imgk_convolution_run(const imgk_convolution *c) {
  const size_t pixels = c->out_height * c->out_width, plane = c->height * c->width;
  imgk_gemm g = {0};
  g.batch = c->batch * c->groups;
  g.m = c->outputs;
  g.n = pixels;
  g.k = c->channels * c->kernel_height * c->kernel_width;
  g.left = c->filters;
  g.b = c->x;
  g.b_matrix = (ptrdiff_t)(c->channels * plane);
  g.b_row = (ptrdiff_t)plane;
  g.b_column = 1;
  g.c = c->y;
  g.c_matrix = c->outputs * pixels;
  g.c_row = pixels;
  g.epilogue = c->epilogue;
  g.epilogue.residual_row = pixels;
  g.row_bias_count = c->bias_a_image ? g.batch : c->groups;
  g.residual_matrix = c->outputs * pixels;
  if (c->may_transform && imgk_winograd_pays(c)) {
    imgk_winograd_run(c, &g);
  } else {
    imgk_gemm_run_image(&g, is_pointwise(c) ? NULL : c);
  }
}
