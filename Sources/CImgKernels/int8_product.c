#include <string.h>

#include "imgk_parallel.h"
#include "internal/int8.h"
#include "internal/scratch.h"

enum { ROWS = IMGK_INT8_ROWS, COLUMNS = IMGK_INT8_COLUMNS, CHUNK_ROWS = 96 };

struct product_loop {
  const imgk_int8_product *product;
  size_t row_chunk;                  // rows packed at a time
  size_t row_chunks, column_chunks;  // how the work is cut; the results do not depend on it
  size_t panels_per_chunk;
};

/// Packs rows of A into left panels, `sums` and `zeros` with them, and returns the panels.
static int8_t *pack_rows(const imgk_int8_product *p, size_t first, size_t count, int64_t *sums, int32_t *zeros) {
  const imgk_int8_source a = {.side = IMGK_INT8_LEFT, .is_signed = p->a_is_signed, .lanes = p->m, .depth = p->b->depth,
                              .data = p->a, .lane_stride = (ptrdiff_t)p->a_row, .depth_stride = 1};
  uint8_t *packed = imgk_scratch(IMGK_SCRATCH_INT8, (count + ROWS) * p->b->quads * 4 + 64);
  for (size_t r = 0; r < count; r += ROWS) {
    const size_t rows = count - r < ROWS ? count - r : ROWS;
    imgk_int8_pack_panel(&a, first + r, rows, ROWS, packed + r * p->b->quads * 4, sums + r);
  }
  for (size_t r = 0; r < count; r++) {
    const int32_t zero = p->a_zero_count == 0 ? 0 : p->a_zeros[p->a_zero_count == 1 ? 0 : first + r];
    zeros[r] = zero - (p->a_is_signed ? 0 : 128);
  }
  return (int8_t *)packed;
}

static void run_chunks(void *context, size_t begin, size_t end) {
  const struct product_loop *l = context;
  const imgk_int8_product *p = l->product;
  const imgk_int8_panels *b = p->b;
  for (size_t i = begin; i < end; i++) {
    const size_t first = i / l->column_chunks * l->row_chunk;
    const size_t count = p->m - first < l->row_chunk ? p->m - first : l->row_chunk;
    int64_t sums[CHUNK_ROWS];
    int32_t zeros[CHUNK_ROWS];
    const int8_t *packed = pack_rows(p, first, count, sums, zeros);
    const size_t from = i % l->column_chunks * l->panels_per_chunk * COLUMNS;
    for (size_t j = 0; j < l->panels_per_chunk; j++) {
      const size_t column = from + j * COLUMNS;
      if (column >= b->lanes) break;
      for (size_t r = 0; r < count; r += ROWS) {
        const struct imgk_int8_place place = {.row = first + r,
                                              .column = column,
                                              .rows = count - r < ROWS ? count - r : ROWS,
                                              .columns = b->lanes - column < COLUMNS ? b->lanes - column : COLUMNS,
                                              .depth = b->depth,
                                              .left_sums = sums + r,
                                              .right_sums = b->sums + column,
                                              .left_zeros = zeros + r,
                                              .right_zeros = b->zeros + column};
        imgk_int8_run_tile(&place, b->quads, packed + r * b->quads * 4,
                           (const uint8_t *)b->data + column * b->quads * 4, &p->epilogue, p->c, p->c_row);
      }
    }
  }
}

void imgk_int8_product_run(const imgk_int8_product *product) {
  if (product->m == 0 || product->b->lanes == 0) return;
  struct product_loop l = {.product = product, .row_chunk = CHUNK_ROWS};
  // At most 1 MiB of packed rows a thread.
  while (l.row_chunk > ROWS && l.row_chunk * product->b->quads * 4 > 1 << 20) l.row_chunk -= ROWS;
  const size_t panels = (product->b->lanes + COLUMNS - 1) / COLUMNS;
  l.row_chunks = (product->m + l.row_chunk - 1) / l.row_chunk;
  // Enough pieces for the threads to share evenly, where there are few rows.
  size_t pieces = 4 * imgk_thread_count();
  pieces = l.row_chunks >= pieces ? 1 : (pieces + l.row_chunks - 1) / l.row_chunks;
  l.panels_per_chunk = pieces >= panels ? 1 : (panels + pieces - 1) / pieces;
  l.column_chunks = (panels + l.panels_per_chunk - 1) / l.panels_per_chunk;
  imgk_parallel_for(l.row_chunks * l.column_chunks, 1, run_chunks, &l);
}

void imgk_int8_product_ref(const imgk_int8_product *p, const imgk_int8_source *b) {
  for (size_t r = 0; r < p->m; r++) {
    const int64_t a_zero = p->a_zero_count == 0 ? 0 : p->a_zeros[p->a_zero_count == 1 ? 0 : r];
    for (size_t c = 0; c < b->lanes; c++) {
      const int64_t b_zero = b->zero_count == 0 ? 0 : b->zeros[b->zero_count == 1 ? 0 : c];
      int64_t sum = 0;
      for (size_t k = 0; k < b->depth; k++) {
        const uint8_t x = ((const uint8_t *)p->a)[r * p->a_row + k];
        const uint8_t y = ((const uint8_t *)b->data)[(ptrdiff_t)c * b->lane_stride + (ptrdiff_t)k * b->depth_stride];
        sum += ((p->a_is_signed ? (int8_t)x : x) - a_zero) * ((b->is_signed ? (int8_t)y : y) - b_zero);
      }
      if (p->epilogue.result == IMGK_INT8_TO_S64) ((int64_t *)p->c)[r * p->c_row + c] = sum;
      if (p->epilogue.result == IMGK_INT8_TO_S32) ((int32_t *)p->c)[r * p->c_row + c] = (int32_t)(uint32_t)(uint64_t)sum;
      if (p->epilogue.result == IMGK_INT8_TO_F32) {
        const imgk_int8_epilogue *e = &p->epilogue;
        const double scale = (double)e->scale * (e->row_scales ? e->row_scales[r] : 1.0f) *
                             (e->column_scales ? e->column_scales[c] : 1.0f);
        ((float *)p->c)[r * p->c_row + c] = (float)((double)sum * scale + (e->row_bias ? e->row_bias[r] : 0.0f) +
                                                    (e->column_bias ? e->column_bias[c] : 0.0f));
      }
    }
  }
}
