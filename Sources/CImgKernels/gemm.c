#include "imgk_gemm.h"

#include <math.h>
#include <string.h>

#include "imgk_parallel.h"
#include "internal/gemm.h"
#include "internal/scratch.h"
#include "internal/simd.h"

enum { ROWS = IMGK_GEMM_ROWS, COLUMNS = IMGK_GEMM_COLUMNS, DEPTH = IMGK_GEMM_DEPTH };

// The largest blocks of C one job computes. Operands that a job packs are held to the second-level cache.
enum { PACKED_ROWS = 64 * ROWS, STRIDED_ROWS = 32 * ROWS };
enum { PACKED_COLUMNS = 16 * COLUMNS, STRIDED_COLUMNS = 12 * COLUMNS };
// The smallest, which there must be enough of for every thread; a chunk of jobs takes this many products at least.
enum { LEAST_ROWS = 4 * ROWS, LEAST_COLUMNS = 2 * COLUMNS, LEAST_PRODUCTS = 1 << 16 };

struct gemm_work {
  const imgk_gemm *gemm;
  const imgk_convolution *image;
  const imgk_gemm_kernels *kernels;
  size_t block_rows, block_columns;  // multiples of a panel's width
  size_t row_blocks, column_blocks;
};

/// A block of C, and what its operands' panels are read from: packed ones whole, others a block of depths at a time.
struct block {
  size_t product, row, column, rows, columns;
  const float *left, *right;
  size_t left_panel, right_panel;  // elements between panels
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void imgk_gemm_finish(const imgk_gemm *g, const imgk_gemm_kernels *kernels, size_t product, size_t row,
                      size_t column, size_t rows, size_t columns, float *c, size_t c_row) {
  const imgk_epilogue *e = &g->epilogue;
  const float *row_bias = e->row_bias;
  if (row_bias && g->row_bias_count) row_bias += product % g->row_bias_count * g->m;
  const float *column_bias = e->column_bias ? e->column_bias + column : NULL;
  const int is_linear = e->scale != 1.0f || row_bias || column_bias || (e->residual && !e->residual_last);
  for (size_t r = 0; r < rows; r++, c += c_row) {
    const float *residual =
        e->residual ? e->residual + product * g->residual_matrix + (row + r) * e->residual_row + column : NULL;
    if (is_linear) {
      kernels->finish(c, columns, e->scale, row_bias ? row_bias[row + r] : -0.0f, column_bias,
                      e->residual_last ? NULL : residual);
    }
    if (e->activation >= 0) imgk_unary((imgk_unary_op)e->activation, c, c, columns, e->alpha, e->beta);
    if (residual && e->residual_last) kernels->finish(c, columns, 1.0f, -0.0f, NULL, residual);
  }
}

static int is_plain(const imgk_epilogue *e) {
  return e->scale == 1.0f && !e->row_bias && !e->column_bias && !e->residual && e->activation < 0;
}

/// Adds depths k ..< k + depth to one tile of C, through a tile of its own where C's is not whole vectors wide.
static void run_tile(const struct gemm_work *w, const struct block *b, size_t row, size_t column, size_t k,
                     size_t depth, const float *left, const float *right) {
  const imgk_gemm *g = w->gemm;
  const size_t rows = least(ROWS, b->rows - row), columns = least(COLUMNS, b->columns - column);
  const size_t vectors = (columns + IMGK_LANES - 1) / IMGK_LANES;
  const int goes_on = k > 0 || g->accumulates;
  float *c = g->c + b->product * g->c_matrix + (b->row + row) * g->c_row + b->column + column;
  if (columns % IMGK_LANES == 0) {
    w->kernels->tile(depth, left, right, c, g->c_row, rows, vectors, goes_on);
  } else {
    float tile[ROWS * COLUMNS] = {0};
    if (goes_on) {
      for (size_t r = 0; r < rows; r++) memcpy(tile + r * COLUMNS, c + r * g->c_row, columns * sizeof(float));
    }
    w->kernels->tile(depth, left, right, tile, COLUMNS, rows, vectors, goes_on);
    for (size_t r = 0; r < rows; r++) memcpy(c + r * g->c_row, tile + r * COLUMNS, columns * sizeof(float));
  }
  if (k + depth == g->k && !is_plain(&g->epilogue)) {
    imgk_gemm_finish(g, w->kernels, b->product, b->row + row, b->column + column, rows, columns, c, g->c_row);
  }
}

/// Whether an operand is packed as fp32, ready for the tiles.
static int is_ready(const imgk_panels *panels) { return panels && panels->data; }

/// Widens the panels of lanes `first` ..< `first` + `lanes` of an operand kept in a smaller type.
static void widen(const imgk_panels *p, size_t product, size_t first, size_t lanes, size_t k, size_t depth, float *to) {
  const size_t width = imgk_panel_width(p->side);
  for (size_t lane = 0; lane < lanes; lane += width) {
    imgk_gemm_widen_panel(p, product % p->matrices, first + lane, k, depth, to + lane * depth);
  }
}

static void pack_left(const imgk_gemm *g, struct block *b, size_t k, size_t depth) {
  if (is_ready(g->left)) {
    b->left = g->left->data + b->product % g->left->matrices * g->left->matrix_size + b->row * g->k + k * ROWS;
    b->left_panel = ROWS * g->k;
    return;
  }
  float *to = imgk_scratch(IMGK_SCRATCH_PACK_A, (STRIDED_ROWS * DEPTH + IMGK_LANES) * sizeof(float));
  b->left = to;
  b->left_panel = ROWS * depth;
  if (g->left) {
    widen(g->left, b->product, b->row, b->rows, k, depth, to);
    return;
  }
  const float *from = g->a + (ptrdiff_t)b->product * g->a_matrix + (ptrdiff_t)k * g->a_column;
  for (size_t row = 0; row < b->rows; row += ROWS) {
    imgk_gemm_pack_panel(ROWS, from + (ptrdiff_t)(b->row + row) * g->a_row, g->a_row, g->a_column,
                         least(ROWS, b->rows - row), depth, to + row * depth);
  }
}

static void pack_right(const struct gemm_work *w, struct block *b, size_t k, size_t depth) {
  const imgk_gemm *g = w->gemm;
  if (is_ready(g->right)) {
    b->right =
        g->right->data + b->product % g->right->matrices * g->right->matrix_size + b->column * g->k + k * COLUMNS;
    b->right_panel = COLUMNS * g->k;
    return;
  }
  float *to = imgk_scratch(IMGK_SCRATCH_PACK_B, (STRIDED_COLUMNS * DEPTH + IMGK_LANES) * sizeof(float));
  b->right = to;
  b->right_panel = COLUMNS * depth;
  if (g->right) {
    widen(g->right, b->product, b->column, b->columns, k, depth, to);
    return;
  }
  const float *from = g->b + (ptrdiff_t)b->product * g->b_matrix;
  for (size_t column = 0; column < b->columns; column += COLUMNS) {
    const size_t columns = least(COLUMNS, b->columns - column), first = b->column + column;
    if (w->image) {
      imgk_gemm_pack_patches(w->image, from, k, depth, first, columns, to + column * depth);
    } else {
      imgk_gemm_pack_panel(COLUMNS, from + (ptrdiff_t)k * g->b_row + (ptrdiff_t)first * g->b_column, g->b_column,
                           g->b_row, columns, depth, to + column * depth);
    }
  }
}

static void run_block(const struct gemm_work *w, struct block *b) {
  size_t k = 0;
  do {
    const size_t depth = least(DEPTH, w->gemm->k - k);
    pack_left(w->gemm, b, k, depth);
    pack_right(w, b, k, depth);
    for (size_t column = 0; column < b->columns; column += COLUMNS) {
      for (size_t row = 0; row < b->rows; row += ROWS) {
        run_tile(w, b, row, column, k, depth, b->left + row / ROWS * b->left_panel,
                 b->right + column / COLUMNS * b->right_panel);
      }
    }
    k += depth;
  } while (k < w->gemm->k);
}

static void run_blocks(void *context, size_t begin, size_t end) {
  const struct gemm_work *w = context;
  for (size_t index = begin; index < end; index++) {
    struct block b = {0};
    const size_t within = index % (w->row_blocks * w->column_blocks);
    b.product = index / (w->row_blocks * w->column_blocks);
    b.row = within % w->row_blocks * w->block_rows;
    b.column = within / w->row_blocks * w->block_columns;
    b.rows = least(w->block_rows, w->gemm->m - b.row);
    b.columns = least(w->block_columns, w->gemm->n - b.column);
    run_block(w, &b);
  }
}

/// Cuts `extent` into `count` blocks of about one length, a multiple of `width`.
static size_t block_length(size_t extent, size_t count, size_t width) {
  return ((extent + count - 1) / count + width - 1) / width * width;
}

static size_t block_count(size_t extent, size_t length) { return (extent + length - 1) / length; }

static void cut(struct gemm_work *w) {
  const imgk_gemm *g = w->gemm;
  const size_t threads = imgk_thread_count(), wanted = threads > 1 ? 4 * threads : 1;
  w->row_blocks = block_count(g->m, is_ready(g->left) ? PACKED_ROWS : STRIDED_ROWS);
  w->column_blocks = block_count(g->n, is_ready(g->right) ? PACKED_COLUMNS : STRIDED_COLUMNS);
  const double products = (double)g->batch * (double)g->m * (double)g->n * (double)(g->k + 1);
  if (products >= 2.0 * LEAST_PRODUCTS) {
    // Narrower blocks of the side whose operand is packed already cost no packing twice.
    const size_t most_columns = block_count(g->n, LEAST_COLUMNS), most_rows = block_count(g->m, LEAST_ROWS);
    const size_t have = g->batch * w->row_blocks * w->column_blocks;
    if (have < wanted && g->left) {
      w->column_blocks = least(most_columns, w->column_blocks * ((wanted + have - 1) / have));
    } else if (have < wanted) {
      w->row_blocks = least(most_rows, w->row_blocks * ((wanted + have - 1) / have));
    }
    const size_t now = g->batch * w->row_blocks * w->column_blocks;
    if (now < threads && g->left) {
      w->row_blocks = least(most_rows, w->row_blocks * ((threads + now - 1) / now));
    } else if (now < threads) {
      w->column_blocks = least(most_columns, w->column_blocks * ((threads + now - 1) / now));
    }
  }
  w->block_rows = block_length(g->m, w->row_blocks, ROWS);
  w->block_columns = block_length(g->n, w->column_blocks, COLUMNS);
  w->row_blocks = block_count(g->m, w->block_rows);
  w->column_blocks = block_count(g->n, w->block_columns);
}

void imgk_gemm_run_image(const imgk_gemm *gemm, const imgk_convolution *image) {
  if (gemm->batch == 0 || gemm->m == 0 || gemm->n == 0) return;
  struct gemm_work work = {.gemm = gemm, .image = image, .kernels = imgk_gemm_kernels_chosen()};
  cut(&work);
  const double job = (double)work.block_rows * (double)work.block_columns * (double)(gemm->k + 1);
  const size_t grain = job >= LEAST_PRODUCTS ? 1 : (size_t)(LEAST_PRODUCTS / job) + 1;
  imgk_parallel_for(gemm->batch * work.row_blocks * work.column_blocks, grain, run_blocks, &work);
}

void imgk_gemm_run(const imgk_gemm *gemm) { imgk_gemm_run_image(gemm, NULL); }

void imgk_gemm_ref(const imgk_gemm *g) {
  for (size_t i = 0; i < g->batch; i++) {
    for (size_t r = 0; r < g->m; r++) {
      float *c = g->c + i * g->c_matrix + r * g->c_row;
      for (size_t n = 0; n < g->n; n++) {
        const float *a = g->a + (ptrdiff_t)i * g->a_matrix + (ptrdiff_t)r * g->a_row;
        const float *b = g->b + (ptrdiff_t)i * g->b_matrix + (ptrdiff_t)n * g->b_column;
        float sum = g->accumulates ? c[n] : 0.0f;
        for (size_t k = 0; k < g->k; k++) {
          sum = fmaf(a[(ptrdiff_t)k * g->a_column], b[(ptrdiff_t)k * g->b_row], sum);
        }
        c[n] = sum;
      }
      imgk_gemm_finish(g, imgk_gemm_kernels_chosen(), i, r, 0, 1, g->n, c, g->c_row);
    }
  }
}
