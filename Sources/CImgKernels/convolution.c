#include <string.h>

#include "internal/gemm.h"

/// Neighbouring pixels of one row of the result: `count` of them, the first of whose windows begins at (y, x).
struct run {
  size_t count;
  ptrdiff_t y, x;
};

static size_t find_runs(const imgk_convolution *c, size_t first, size_t columns, struct run *runs) {
  size_t count = 0;
  while (columns > 0) {
    const size_t row = first / c->out_width, column = first % c->out_width;
    const size_t some = c->out_width - column < columns ? c->out_width - column : columns;
    runs[count++] = (struct run){some, (ptrdiff_t)(row * c->stride_y) - (ptrdiff_t)c->pad_top,
                                 (ptrdiff_t)(column * c->stride_x) - (ptrdiff_t)c->pad_left};
    first += some;
    columns -= some;
  }
  return count;
}

static ptrdiff_t held(ptrdiff_t value, ptrdiff_t most) { return value < 0 ? 0 : value > most ? most : value; }

/// to[i] = row[x + i * stride], or 0 outside 0 ..< width.
static void pack_row(const float *row, ptrdiff_t width, ptrdiff_t x, ptrdiff_t stride, ptrdiff_t count, float *to) {
  const ptrdiff_t begin = x < 0 ? held((-x + stride - 1) / stride, count) : 0;
  const ptrdiff_t end = x < width ? held((width - x + stride - 1) / stride, count) : 0;
  if (begin >= end) {
    memset(to, 0, (size_t)count * sizeof(float));
    return;
  }
  for (ptrdiff_t i = 0; i < begin; i++) to[i] = 0.0f;
  if (stride == 1) {
    if (end - begin == IMGK_GEMM_COLUMNS) {
      memcpy(to, row + x, IMGK_GEMM_COLUMNS * sizeof(float));
    } else {
      memcpy(to + begin, row + (x + begin), (size_t)(end - begin) * sizeof(float));
    }
  } else if (stride == 2) {
    for (ptrdiff_t i = begin; i < end; i++) to[i] = row[x + 2 * i];
  } else {
    for (ptrdiff_t i = begin; i < end; i++) to[i] = row[x + stride * i];
  }
  for (ptrdiff_t i = end; i < count; i++) to[i] = 0.0f;
}

void imgk_gemm_pack_patches(const imgk_convolution *c, const float *x, size_t k, size_t depth, size_t first,
                            size_t columns, float *panel) {
  struct run runs[IMGK_GEMM_COLUMNS];
  const size_t run_count = find_runs(c, first, columns, runs);
  const ptrdiff_t height = (ptrdiff_t)c->height, width = (ptrdiff_t)c->width;
  size_t kx = k % c->kernel_width, ky = k / c->kernel_width % c->kernel_height;
  const float *plane = x + k / (c->kernel_width * c->kernel_height) * (c->height * c->width);
  for (size_t d = 0; d < depth; d++, panel += IMGK_GEMM_COLUMNS) {
    float *to = panel;
    for (size_t r = 0; r < run_count; r++) {
      const ptrdiff_t y = runs[r].y + (ptrdiff_t)(ky * c->dilation_y);
      if (y < 0 || y >= height) {
        memset(to, 0, runs[r].count * sizeof(float));
      } else {
        pack_row(plane + y * width, width, runs[r].x + (ptrdiff_t)(kx * c->dilation_x), (ptrdiff_t)c->stride_x,
                 (ptrdiff_t)runs[r].count, to);
      }
      to += runs[r].count;
    }
    for (; to < panel + IMGK_GEMM_COLUMNS; to++) *to = 0.0f;
    if (++kx < c->kernel_width) continue;
    kx = 0;
    if (++ky < c->kernel_height) continue;
    ky = 0;
    plane += c->height * c->width;
  }
}

/// Whether the patches' matrix is the image itself.
static int is_pointwise(const imgk_convolution *c) {
  return c->kernel_height * c->kernel_width == 1 && c->stride_y == 1 && c->stride_x == 1 && c->pad_top == 0 &&
         c->pad_left == 0 && c->out_height == c->height && c->out_width == c->width;
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
  imgk_gemm_run_image(&g, is_pointwise(c) ? NULL : c);
}
