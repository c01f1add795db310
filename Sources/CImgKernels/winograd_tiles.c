#include <string.h>

#include "internal/image_row.h"
#include "internal/winograd.h"

enum { TILE = IMGK_WINOGRAD_TILE, WINDOW = IMGK_WINOGRAD_WINDOW, LANES = IMGK_WINOGRAD_LANES };
enum { PIXELS = IMGK_WINOGRAD_PIXELS };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

size_t imgk_winograd_find_runs(const imgk_convolution *c, size_t first, size_t count, struct imgk_tile_run *runs) {
  const size_t across = imgk_winograd_tile_count(c->out_width), down = imgk_winograd_tile_count(c->out_height);
  size_t run_count = 0;
  for (size_t lane = 0; lane < count;) {
    const size_t column = (first + lane) % across, row = (first + lane) / across;
    const size_t some = least(across - column, count - lane);
    runs[run_count++] = (struct imgk_tile_run){lane, some, row / down, row % down * TILE, column * TILE};
    lane += some;
  }
  return run_count;
}

/// The rows of windows, laid out for the transform where they cannot be read in place.
struct stage {
  float near[WINDOW][PIXELS], far[WINDOW][PIXELS];
  float line[WINDOW][PIXELS + TILE];
  const float *near_rows[WINDOW], *far_rows[WINDOW];
};

/// Row `i` of 16 tiles side by side: read in place, or as one line.
static void stage_line(const imgk_convolution *c, const float *plane, ptrdiff_t y, ptrdiff_t x, int i,
                       struct stage *s) {
  const ptrdiff_t width = (ptrdiff_t)c->width;
  if (c->repeat == 1 && y >= 0 && y < (ptrdiff_t)c->height && x >= 0 && x + PIXELS + TILE <= width) {
    s->near_rows[i] = plane + y * width + x;
  } else {
    imgk_image_row(c, plane, y, x, 1, PIXELS + TILE, s->line[i]);
    s->near_rows[i] = s->line[i];
  }
  s->far_rows[i] = s->near_rows[i] + TILE;
}

static void stage_run(const imgk_convolution *c, const float *plane, const struct imgk_tile_run *run, ptrdiff_t y,
                      ptrdiff_t x, int i, struct stage *s) {
  const ptrdiff_t count = (ptrdiff_t)(run->count * TILE);
  imgk_image_row(c, plane, y, x, 1, count, s->near[i] + run->lane * TILE);
  imgk_image_row(c, plane, y, x + TILE, 1, count, s->far[i] + run->lane * TILE);
  s->near_rows[i] = s->near[i];
  s->far_rows[i] = s->far[i];
}

void imgk_winograd_read_tiles(const imgk_convolution *c, const imgk_winograd_kernels *kernels,
                              const struct imgk_tile_run *runs, size_t run_count, size_t channel, float *to,
                              size_t step) {
  struct stage s;
  const struct imgk_tile_run *last = runs + run_count - 1;
  const size_t lanes = last->lane + last->count;
  if (lanes < LANES) {
    memset(s.near, 0, sizeof s.near);
    memset(s.far, 0, sizeof s.far);
  }
  for (const struct imgk_tile_run *run = runs; run <= last; run++) {
    const float *plane = c->x + (run->image * c->channels + channel) * c->height * c->width;
    const ptrdiff_t y = (ptrdiff_t)run->y - (ptrdiff_t)c->pad_top, x = (ptrdiff_t)run->x - (ptrdiff_t)c->pad_left;
    for (int i = 0; i < WINDOW; i++) {
      if (run->count == LANES) {
        stage_line(c, plane, y + i, x, i, &s);
      } else {
        stage_run(c, plane, run, y + i, x, i, &s);
      }
    }
  }
  kernels->input(s.near_rows, s.far_rows, to, step);
}

/// Writes rows of one run of tiles; whether they stand in the result already is told by `stage` being NULL.
static void write_run(const imgk_convolution *c, const imgk_gemm *product, const struct imgk_tile_run *run,
                      size_t channel, const float (*stage)[PIXELS]) {
  const size_t columns = least(run->count * TILE, c->out_width - run->x);
  const size_t rows = least(TILE, c->out_height - run->y);
  const imgk_gemm_kernels *kernels = imgk_gemm_kernels_chosen();
  float *plane = c->y + (run->image * c->outputs + channel) * c->out_height * c->out_width;
  for (size_t i = 0; i < rows; i++) {
    const size_t pixel = (run->y + i) * c->out_width + run->x;
    if (stage) memcpy(plane + pixel, stage[i] + run->lane * TILE, columns * sizeof(float));
    imgk_gemm_finish(product, kernels, run->image, channel, pixel, 1, columns, plane + pixel, c->out_width);
  }
}

void imgk_winograd_write_tiles(const imgk_convolution *c, const imgk_gemm *product,
                               const imgk_winograd_kernels *kernels, const struct imgk_tile_run *runs,
                               size_t run_count, size_t channel, const float *from, size_t step) {
  float stage[TILE][PIXELS];
  float *rows[TILE];
  const int is_whole =
      runs->count == LANES && runs->x + PIXELS <= c->out_width && runs->y + TILE <= c->out_height;
  float *plane = c->y + (runs->image * c->outputs + channel) * c->out_height * c->out_width;
  for (size_t i = 0; i < TILE; i++) {
    rows[i] = is_whole ? plane + (runs->y + i) * c->out_width + runs->x : stage[i];
  }
  kernels->output(from, step, rows);
  for (size_t r = 0; r < run_count; r++) {
    write_run(c, product, runs + r, channel, is_whole ? NULL : (const float(*)[PIXELS])stage);
  }
}
