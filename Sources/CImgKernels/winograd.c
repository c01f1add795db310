#include "internal/winograd.h"

#include "imgk_parallel.h"
#include "internal/scratch.h"
#include "internal/simd.h"

enum { ROWS = IMGK_GEMM_ROWS, COLUMNS = IMGK_GEMM_COLUMNS, POINTS = IMGK_WINOGRAD_POINTS };
enum { LANES = IMGK_WINOGRAD_LANES, TAPS = 9 };

// What a thread keeps in its second-level cache: V and M of blocks with all filters at hand, or M alone; U of a block.
enum { OWN_BYTES = 800 << 10, RESULT_BYTES = 440 << 10, FILTER_BYTES = 128 << 10, ALL_FILTER_BYTES = 4 << 20 };
// V that all threads share in the third.
enum { SHARED_BYTES = 18 << 20 };
// Channels one job transforms; tiles and output channels one job multiplies.
enum { JOB_CHANNELS = 16, JOB_TILES = 128, JOB_ROWS = 4 * ROWS };
// Elements between two points beyond what they hold, so that the points do not meet in one set of a cache.
enum { GAP = 16 };

/// Some tiles of some output channels, and the memory of their 36 points.
struct block {
  const imgk_convolution *c;
  const imgk_gemm *product;
  const imgk_winograd_kernels *kernels;
  size_t first_tile, tiles, vectors;  // vectors of 16 tiles
  size_t first_row, rows;
  size_t row_blocks, tile_blocks;  // what the jobs of a shared V are
  float *u, *v, *m;
  size_t u_step, v_step, m_step;
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }
static size_t most(size_t a, size_t b) { return a > b ? a : b; }
static size_t quotient_up(size_t a, size_t b) { return (a + b - 1) / b; }

static size_t image_tiles(const imgk_convolution *c) {
  return imgk_winograd_tile_count(c->out_height) * imgk_winograd_tile_count(c->out_width);
}

int imgk_winograd_pays(const imgk_convolution *c) {
  if (c->kernel_height != 3 || c->kernel_width != 3 || c->stride_y != 1 || c->stride_x != 1 || c->dilation_y != 1 ||
      c->dilation_x != 1 || c->groups != 1) {
    return 0;
  }
  // Multiplications and additions, and what the plain sums copy, the lanes that stay empty counted too.
  const double pairs = (double)c->channels * (double)c->outputs;
  const double lanes = (double)(quotient_up(image_tiles(c), LANES) * LANES);
  const double pixels = (double)(quotient_up(c->out_height * c->out_width, LANES) * LANES);
  const double transforms = 300.0 * (double)c->channels + 550.0 * (double)c->outputs;
  return lanes * (POINTS * pairs + transforms) + 100.0 * pairs <
         pixels * TAPS * (pairs + (double)c->channels);
}

static void set_tiles(struct block *b, size_t first, size_t count) {
  b->first_tile = first;
  b->tiles = count;
  b->vectors = quotient_up(count, LANES);
  b->v_step = quotient_up(count, COLUMNS) * COLUMNS * b->c->channels + GAP;
}

static void set_rows(struct block *b, size_t first, size_t count) {
  b->first_row = first;
  b->rows = count;
  b->m_step = count * b->vectors * LANES + GAP;
}

/// Index: vector of tiles, and within it a block of channels.
static void read_windows(void *context, size_t begin, size_t end) {
  const struct block *b = context;
  const size_t channels = b->c->channels, jobs = quotient_up(channels, JOB_CHANNELS);
  struct imgk_tile_run runs[LANES];
  for (size_t index = begin; index < end; index++) {
    const size_t vector = index / jobs, first = index % jobs * JOB_CHANNELS;
    const size_t tiles = least(LANES, b->tiles - vector * LANES);
    const size_t run_count = imgk_winograd_find_runs(b->c, b->first_tile + vector * LANES, tiles, runs);
    const size_t panel = vector * LANES / COLUMNS, lane = vector * LANES % COLUMNS;
    for (size_t channel = first; channel < least(first + JOB_CHANNELS, channels); channel++) {
      imgk_winograd_read_tiles(b->c, b->kernels, runs, run_count, channel,
                               b->v + (panel * channels + channel) * COLUMNS + lane, b->v_step);
    }
  }
}

/// U of `channels` channels from `first` on, of the panel of filters `row` belongs to: u[p][channel][lane].
static void spread_panel(const struct block *b, size_t row, size_t first, size_t channels, float *u) {
  const imgk_panels *filters = b->c->filters;
  const float *taps;
  if (filters->data) {
    taps = filters->data + row * filters->depth + first * TAPS * ROWS;
  } else {
    float *widened = imgk_scratch(IMGK_SCRATCH_VECTOR, (channels * TAPS * ROWS + LANES) * sizeof(float));
    imgk_gemm_widen_panel(filters, 0, row, first * TAPS, channels * TAPS, widened);
    taps = widened;
  }
  for (size_t i = 0; i < channels; i++) b->kernels->filters(taps + i * TAPS * ROWS, u + i * ROWS, b->u_step);
}

/// Index: panel of output channels, all of whose U are kept.
static void spread_filters(void *context, size_t begin, size_t end) {
  const struct block *b = context;
  const size_t channels = b->c->channels;
  for (size_t panel = begin; panel < end; panel++) {
    spread_panel(b, panel * ROWS, 0, channels, b->u + panel * ROWS * channels);
  }
}

/// M[p] = or += U[p] V[p] over `channels` channels from `first` on.
static void multiply(const struct block *b, size_t first, size_t channels) {
  const imgk_gemm_kernels *kernels = imgk_gemm_kernels_chosen();
  const size_t m_row = b->vectors * LANES;
  for (size_t p = 0; p < POINTS; p++) {
    for (size_t tile = 0; tile < m_row; tile += COLUMNS) {
      const float *v = b->v + p * b->v_step + (tile * b->c->channels + first * COLUMNS);
      for (size_t row = 0; row < b->rows; row += ROWS) {
        kernels->tile(channels, b->u + p * b->u_step + row * channels, v, b->m + p * b->m_step + row * m_row + tile,
                      m_row, least(ROWS, b->rows - row), least(COLUMNS, m_row - tile) / LANES, first > 0);
      }
    }
  }
}

static void write_results(const struct block *b) {
  struct imgk_tile_run runs[LANES];
  for (size_t vector = 0; vector < b->vectors; vector++) {
    const size_t tiles = least(LANES, b->tiles - vector * LANES);
    const size_t run_count = imgk_winograd_find_runs(b->c, b->first_tile + vector * LANES, tiles, runs);
    for (size_t row = 0; row < b->rows; row++) {
      imgk_winograd_write_tiles(b->c, b->product, b->kernels, runs, run_count, b->first_row + row,
                                b->m + (row * b->vectors + vector) * LANES, b->m_step);
    }
  }
}

static float *points(enum imgk_scratch_slot slot, size_t step) {
  return imgk_scratch(slot, POINTS * step * sizeof(float));
}

static void read_block(struct block *b) {
  imgk_parallel_for(b->vectors * quotient_up(b->c->channels, JOB_CHANNELS), 1, read_windows, b);
}

/// Tiles whose V and M for `rows` output channels take `bytes` bytes.
static size_t tiles_within(size_t bytes, const imgk_convolution *c, size_t rows) {
  return bytes / (POINTS * sizeof(float)) / (c->channels + rows) / COLUMNS * COLUMNS;
}

/// Index: block of `b->tiles` tiles, which a thread takes through all steps in its own cache.
static void run_own(void *context, size_t begin, size_t end) {
  const struct block *whole = context;
  const size_t tiles = image_tiles(whole->c) * whole->c->batch;
  for (size_t index = begin; index < end; index++) {
    struct block b = *whole;
    set_tiles(&b, index * whole->tiles, least(whole->tiles, tiles - index * whole->tiles));
    set_rows(&b, 0, b.rows);
    b.v = points(IMGK_SCRATCH_TRANSFORM, whole->v_step);
    b.m = points(IMGK_SCRATCH_WINOGRAD_RESULT, whole->m_step);
    read_block(&b);
    multiply(&b, 0, b.c->channels);
    write_results(&b);
  }
}

/// Every thread goes through blocks of its own, with all filters transformed before.
static void run_apart(struct block *b, size_t tiles_a_block) {
  const size_t tiles = image_tiles(b->c) * b->c->batch, panels = quotient_up(b->c->outputs, ROWS);
  set_tiles(b, 0, tiles_a_block);
  set_rows(b, 0, b->c->outputs);
  b->u_step = panels * ROWS * b->c->channels + GAP;
  b->u = points(IMGK_SCRATCH_WINOGRAD_FILTERS, b->u_step);
  imgk_parallel_for(panels, 1, spread_filters, b);
  imgk_parallel_for(quotient_up(tiles, tiles_a_block), 1, run_own, b);
}

/// Index: block of output channels and within it block of tiles, of a V that all threads share. U is made for some
/// channels at a time.
static void run_shared(void *context, size_t begin, size_t end) {
  const struct block *whole = context;
  const size_t channels = whole->c->channels;
  for (size_t index = begin; index < end; index++) {
    struct block b = *whole;
    const size_t row = index / whole->tile_blocks, tile = index % whole->tile_blocks;
    const size_t tiles = JOB_TILES < whole->tiles ? JOB_TILES : whole->tiles;
    b.first_tile += tile * tiles;
    b.tiles = least(tiles, whole->tiles - tile * tiles);
    b.vectors = quotient_up(b.tiles, LANES);
    b.v += tile * tiles * channels;
    set_rows(&b, row * whole->rows, least(whole->rows, whole->c->outputs - row * whole->rows));
    const size_t panels = quotient_up(b.rows, ROWS);
    const size_t some = least(channels, FILTER_BYTES / (POINTS * sizeof(float)) / (panels * ROWS));
    b.u_step = panels * ROWS * some + GAP;
    b.u = points(IMGK_SCRATCH_WINOGRAD_FILTERS, b.u_step);
    b.m = points(IMGK_SCRATCH_WINOGRAD_RESULT, b.m_step);
    for (size_t first = 0; first < channels; first += some) {
      const size_t now = least(some, channels - first);
      for (size_t p = 0; p < panels; p++) {
        spread_panel(&b, b.first_row + p * ROWS, first, now, b.u + p * ROWS * now);
      }
      multiply(&b, first, now);
    }
    write_results(&b);
  }
}

/// The threads transform the windows together, then each multiplies blocks of the output channels.
static void run_together(struct block *b, size_t tiles_a_block) {
  const size_t tiles = image_tiles(b->c) * b->c->batch;
  for (size_t first = 0; first < tiles; first += tiles_a_block) {
    set_tiles(b, first, least(tiles_a_block, tiles - first));
    const size_t columns = least(JOB_TILES, b->vectors * LANES);
    const size_t fitting = RESULT_BYTES / (POINTS * sizeof(float)) / columns / ROWS * ROWS;
    b->rows = least(JOB_ROWS, most(ROWS, fitting));
    b->row_blocks = quotient_up(b->c->outputs, b->rows);
    b->tile_blocks = quotient_up(b->tiles, JOB_TILES);
    b->v = points(IMGK_SCRATCH_TRANSFORM, b->v_step);
    read_block(b);
    imgk_parallel_for(b->row_blocks * b->tile_blocks, 1, run_shared, b);
  }
}

void imgk_winograd_run(const imgk_convolution *c, const imgk_gemm *product) {
  struct block b = {.c = c, .product = product, .kernels = imgk_winograd_kernels_chosen()};
  const size_t tiles = image_tiles(c) * c->batch;
  const size_t filter_bytes = POINTS * sizeof(float) * quotient_up(c->outputs, ROWS) * ROWS * c->channels;
  const size_t own = tiles_within(OWN_BYTES, c, c->outputs);
  if (own > 0 && filter_bytes <= ALL_FILTER_BYTES && tiles > own) {
    run_apart(&b, own);
    return;
  }
  const size_t shared = most(JOB_TILES, tiles_within(SHARED_BYTES, c, 0));
  const size_t blocks = quotient_up(tiles, shared);
  run_together(&b, quotient_up(quotient_up(tiles, blocks), JOB_TILES) * JOB_TILES);
}
