#include "imgk_convolution_gradient.h"

#include <stdlib.h>
#include <string.h>

#include "imgk_parallel.h"
#include "internal/gemm.h"

enum { ROWS = IMGK_GEMM_ROWS, COLUMNS = IMGK_GEMM_COLUMNS };

/// Elements of packed images held at a time, at least one image.
enum { PACKED_LIMIT = 1 << 23 };

/// How a kernel's taps along one axis fall on the phases of a stride: input place `o * stride + tap * dilation` is
/// element `o + shift[tap]` of phase `residue[phase[tap]]`.
struct axis {
  size_t *phase, *shift;  // one a tap
  size_t *residue;        // one a phase
  size_t phases, extent;  // extent: elements of a phase that some tap of some result sees
};

static void make_axis(struct axis *axis, size_t kernel, size_t stride, size_t dilation, size_t out, size_t *memory) {
  *axis = (struct axis){memory, memory + kernel, memory + 2 * kernel, 0, out};
  for (size_t tap = 0; tap < kernel; tap++) {
    const size_t place = tap * dilation, residue = place % stride;
    size_t phase = 0;
    while (phase < axis->phases && axis->residue[phase] != residue) phase++;
    if (phase == axis->phases) axis->residue[axis->phases++] = residue;
    axis->phase[tap] = phase;
    axis->shift[tap] = place / stride;
    if (out + place / stride > axis->extent) axis->extent = out + place / stride;
  }
}

struct gradient {
  const imgk_convolution *c;
  const float *dy;
  const imgk_gemm_kernels *kernels;
  struct axis y, x;
  size_t row_blocks, column_blocks;  // panels of a group's outputs and channels
  size_t plane;                      // pixels of a phase
  size_t depth;                      // pixels a sum runs over, the gaps between rows included
  size_t first_image, images;
  float *left, *right;  // packed dY and X of `images` images
  float *sums;          // [group][tap][row block * ROWS][column block * COLUMNS]
};

static size_t left_size(const struct gradient *g) { return g->row_blocks * g->depth * ROWS; }

static size_t right_size(const struct gradient *g) {
  return g->column_blocks * g->y.phases * g->x.phases * g->plane * COLUMNS;
}

/// dY's panel of one block of outputs: rows of pixels as far apart as those of a phase, zeros between them.
static void pack_result(const struct gradient *g, size_t image, size_t group, size_t block, float *panel) {
  const imgk_convolution *c = g->c;
  const size_t pixels = c->out_height * c->out_width, first = block * ROWS;
  const size_t lanes = c->outputs - first < ROWS ? c->outputs - first : ROWS;
  const float *from =
      g->dy + (((g->first_image + image) * c->groups + group) * c->outputs + first) * pixels;
  if (g->x.extent == c->out_width) {
    imgk_gemm_pack_panel(ROWS, from, (ptrdiff_t)pixels, 1, lanes, pixels, panel);
    return;
  }
  for (size_t y = 0; y < c->out_height; y++, panel += g->x.extent * ROWS) {
    imgk_gemm_pack_panel(ROWS, from + y * c->out_width, (ptrdiff_t)pixels, 1, lanes, c->out_width, panel);
    if (y + 1 < c->out_height) {
      memset(panel + c->out_width * ROWS, 0, (g->x.extent - c->out_width) * ROWS * sizeof(float));
    }
  }
}

/// One phase of one block of X's channels, zeros where the padding lies.
static void pack_phase(const struct gradient *g, const float *from, size_t lanes, size_t residue_y, size_t residue_x,
                       float *panel) {
  const imgk_convolution *c = g->c;
  const ptrdiff_t height = (ptrdiff_t)c->height, width = (ptrdiff_t)c->width;
  const ptrdiff_t stride = (ptrdiff_t)c->stride_x, extent = (ptrdiff_t)g->x.extent;
  const ptrdiff_t start = (ptrdiff_t)residue_x - (ptrdiff_t)c->pad_left;
  ptrdiff_t begin = start < 0 ? (-start + stride - 1) / stride : 0;
  ptrdiff_t end = start < width ? (width - start + stride - 1) / stride : 0;
  if (begin > extent) begin = extent;
  if (end > extent) end = extent;
  if (end < begin) end = begin;
  for (size_t row = 0; row < g->y.extent; row++, panel += extent * COLUMNS) {
    const ptrdiff_t y = (ptrdiff_t)(row * c->stride_y + residue_y) - (ptrdiff_t)c->pad_top;
    if (y < 0 || y >= height || begin == end) {
      memset(panel, 0, (size_t)extent * COLUMNS * sizeof(float));
      continue;
    }
    memset(panel, 0, (size_t)begin * COLUMNS * sizeof(float));
    imgk_gemm_pack_panel(COLUMNS, from + y * width + start + begin * stride, height * width, stride, lanes,
                         (size_t)(end - begin), panel + begin * COLUMNS);
    memset(panel + end * COLUMNS, 0, (size_t)(extent - end) * COLUMNS * sizeof(float));
  }
}

static void pack_image(const struct gradient *g, size_t image, size_t group, size_t block, float *panels) {
  const imgk_convolution *c = g->c;
  const size_t first = block * COLUMNS;
  const size_t lanes = c->channels - first < COLUMNS ? c->channels - first : COLUMNS;
  const float *from =
      c->x + (((g->first_image + image) * c->groups + group) * c->channels + first) * c->height * c->width;
  for (size_t y = 0; y < g->y.phases; y++) {
    for (size_t x = 0; x < g->x.phases; x++, panels += g->plane * COLUMNS) {
      pack_phase(g, from, lanes, g->y.residue[y], g->x.residue[x], panels);
    }
  }
}

static void pack_blocks(void *context, size_t begin, size_t end) {
  const struct gradient *g = context;
  const size_t blocks = g->row_blocks + g->column_blocks;
  for (size_t index = begin; index < end; index++) {
    const size_t block = index % blocks, plane = index / blocks;
    const size_t group = plane % g->c->groups, image = plane / g->c->groups;
    if (block < g->row_blocks) {
      pack_result(g, image, group, block, g->left + plane * left_size(g) + block * g->depth * ROWS);
    } else {
      const size_t column = block - g->row_blocks;
      pack_image(g, image, group, column,
                 g->right + plane * right_size(g) + column * (right_size(g) / g->column_blocks));
    }
  }
}

/// Adds all held images to one tile of the sums.
static void sum_tiles(void *context, size_t begin, size_t end) {
  const struct gradient *g = context;
  const imgk_convolution *c = g->c;
  const size_t taps = c->kernel_height * c->kernel_width;
  for (size_t index = begin; index < end; index++) {
    const size_t row = index % g->row_blocks, rest = index / g->row_blocks;
    const size_t tap = rest % taps, column = rest / taps % g->column_blocks, group = rest / taps / g->column_blocks;
    const size_t ky = tap / c->kernel_width, kx = tap % c->kernel_width;
    const size_t rows = c->outputs - row * ROWS < ROWS ? c->outputs - row * ROWS : ROWS;
    const size_t columns = c->channels - column * COLUMNS < COLUMNS ? c->channels - column * COLUMNS : COLUMNS;
    const size_t sums_row = g->column_blocks * COLUMNS;
    float *sums = g->sums + ((group * taps + tap) * g->row_blocks + row) * ROWS * sums_row + column * COLUMNS;
    const size_t phase = g->y.phase[ky] * g->x.phases + g->x.phase[kx];
    const size_t place = column * (right_size(g) / g->column_blocks) +
                         (phase * g->plane + g->y.shift[ky] * g->x.extent + g->x.shift[kx]) * COLUMNS;
    for (size_t image = 0; image < g->images; image++) {
      const size_t plane = image * c->groups + group;
      g->kernels->tile(g->depth, g->left + plane * left_size(g) + row * g->depth * ROWS,
                       g->right + plane * right_size(g) + place, sums, sums_row, rows,
                       (columns + 15) / 16, 1);
    }
  }
}

static void store_filters(const struct gradient *g, float *dw) {
  const imgk_convolution *c = g->c;
  const size_t taps = c->kernel_height * c->kernel_width, sums_row = g->column_blocks * COLUMNS;
  for (size_t group = 0; group < c->groups; group++) {
    for (size_t m = 0; m < c->outputs; m++) {
      float *to = dw + (group * c->outputs + m) * c->channels * taps;
      for (size_t tap = 0; tap < taps; tap++) {
        const float *from = g->sums + ((group * taps + tap) * g->row_blocks * ROWS + m) * sums_row;
        for (size_t channel = 0; channel < c->channels; channel++) to[channel * taps + tap] = from[channel];
      }
    }
  }
}

/// `count` floats aligned for panels, with room for a vector behind them; NULL when there is no memory.
static float *floats(size_t count) {
  size_t bytes;
  if (__builtin_mul_overflow(count, sizeof(float), &bytes) || bytes > SIZE_MAX / 2) return NULL;
  return aligned_alloc(64, (bytes + 191) & ~(size_t)63);
}

static void sum_images(struct gradient *g, size_t held) {
  const imgk_convolution *c = g->c;
  const size_t taps = c->kernel_height * c->kernel_width;
  for (g->first_image = 0; g->first_image < c->batch; g->first_image += held) {
    g->images = c->batch - g->first_image < held ? c->batch - g->first_image : held;
    imgk_parallel_for(g->images * c->groups * (g->row_blocks + g->column_blocks), 1, pack_blocks, g);
    imgk_parallel_for(c->groups * g->column_blocks * taps * g->row_blocks, 1, sum_tiles, g);
  }
}

int imgk_filter_gradient(const imgk_convolution *c, const float *dy, float *dw) {
  const size_t taps = c->kernel_height * c->kernel_width;
  size_t *memory = malloc(3 * (c->kernel_height + c->kernel_width) * sizeof(size_t));
  if (memory == NULL) return 0;
  struct gradient g = {.c = c, .dy = dy, .kernels = imgk_gemm_kernels_chosen()};
  make_axis(&g.y, c->kernel_height, c->stride_y, c->dilation_y, c->out_height, memory);
  make_axis(&g.x, c->kernel_width, c->stride_x, c->dilation_x, c->out_width, memory + 3 * c->kernel_height);
  g.row_blocks = (c->outputs + ROWS - 1) / ROWS;
  g.column_blocks = (c->channels + COLUMNS - 1) / COLUMNS;
  g.plane = g.y.extent * g.x.extent;
  g.depth = (c->out_height - 1) * g.x.extent + c->out_width;
  const size_t image_size = c->groups * (left_size(&g) + right_size(&g)) + 1;
  size_t held = PACKED_LIMIT / image_size;
  held = held < 1 ? 1 : held > c->batch ? c->batch : held;
  const size_t sum_count = c->groups * taps * g.row_blocks * ROWS * g.column_blocks * COLUMNS;
  g.left = floats(held * c->groups * left_size(&g));
  g.right = floats(held * c->groups * right_size(&g));
  g.sums = floats(sum_count);
  const int have = g.left != NULL && g.right != NULL && g.sums != NULL;
  if (have) {
    memset(g.sums, 0, sum_count * sizeof(float));
    sum_images(&g, held);
    store_filters(&g, dw);
  }
  free(g.left);
  free(g.right);
  free(g.sums);
  free(memory);
  return have;
}

void imgk_filter_gradient_ref(const imgk_convolution *c, const float *dy, float *dw) {
  const size_t taps = c->kernel_height * c->kernel_width, pixels = c->out_height * c->out_width;
  const size_t maps = c->groups * c->outputs, planes = c->groups * c->channels;
  for (size_t index = 0; index < maps * c->channels * taps; index++) {
    const size_t tap = index % taps, m = index / taps / c->channels;
    const size_t plane = m / c->outputs * c->channels + index / taps % c->channels;
    double sum = 0.0;
    for (size_t place = 0; place < c->batch * pixels; place++) {
      const size_t image = place / pixels, oy = place % pixels / c->out_width, ox = place % c->out_width;
      const ptrdiff_t y = (ptrdiff_t)(oy * c->stride_y + tap / c->kernel_width * c->dilation_y) - (ptrdiff_t)c->pad_top;
      const ptrdiff_t x = (ptrdiff_t)(ox * c->stride_x + tap % c->kernel_width * c->dilation_x) - (ptrdiff_t)c->pad_left;
      if (y < 0 || x < 0 || y >= (ptrdiff_t)c->height || x >= (ptrdiff_t)c->width) continue;
      sum += (double)dy[(image * maps + m) * pixels + place % pixels] *
             (double)c->x[((image * planes + plane) * c->height + (size_t)y) * c->width + (size_t)x];
    }
    dw[index] = (float)sum;
  }
}
