#include "imgk_isa.h"
#include "internal/int8.h"
#include "internal/simd.h"

enum { ROWS = IMGK_INT8_ROWS, COLUMNS = IMGK_INT8_COLUMNS };

/// What the tile's rows and columns bring to its epilogue; absent scales are 1, absent biases -0.
struct imgk_int8_tile_terms {
  uint32_t row_terms[ROWS], left_zeros[ROWS];
  uint32_t right_zeros[COLUMNS], right_sums[COLUMNS];
  float row_scales[ROWS], row_bias[ROWS];
  float column_scales[COLUMNS], column_bias[COLUMNS];
};

typedef struct {
  void (*correct)(const struct imgk_int8_tile_terms *, int32_t *, size_t);
  void (*scale)(const struct imgk_int8_tile_terms *, const int32_t *, size_t, int, float *, size_t);
  void (*scale_row)(const struct imgk_int8_tile_terms *, size_t, float *);
  void (*add_row)(float *, const float *);
  void (*quantize_row)(const float *, float, int32_t, int32_t, int32_t, uint8_t *);
} imgk_int8_epilogue_kernels;

#define IMGK_FAMILY imgk_int8_epilogue
#define IMGK_BODY "int8_epilogue_body.h"
#define IMGK_TABLE imgk_int8_epilogue_kernels
#include "internal/each_isa.h"

static size_t element_size(imgk_int8_result result) {
  switch (result) {
  case IMGK_INT8_TO_S64: return 8;
  case IMGK_INT8_TO_U8:
  case IMGK_INT8_TO_S8: return 1;
  default: return 4;
  }
}

/// What the right zero point of a column is multiplied by: Σ (left - left zero) of row r.
static int64_t row_term(const struct imgk_int8_place *p, size_t r) {
  return p->left_sums[r] - (int64_t)p->depth * p->left_zeros[r];
}

static void gather_terms(const struct imgk_int8_place *p, const imgk_int8_epilogue *e,
                         struct imgk_int8_tile_terms *t) {
  for (size_t r = 0; r < p->rows; r++) {
    t->row_terms[r] = (uint32_t)row_term(p, r);
    t->left_zeros[r] = (uint32_t)p->left_zeros[r];
    t->row_scales[r] = e->row_scales ? e->scale * e->row_scales[p->row + r] : e->scale;
    t->row_bias[r] = e->row_bias ? e->row_bias[p->row + r] : -0.0f;
  }
  memcpy(t->right_zeros, p->right_zeros, sizeof t->right_zeros);
  for (size_t c = 0; c < COLUMNS; c++) t->right_sums[c] = (uint32_t)p->right_sums[c];
  for (size_t c = 0; c < COLUMNS; c++) t->column_scales[c] = 1.0f;
  for (size_t c = 0; c < COLUMNS; c++) t->column_bias[c] = -0.0f;
  if (e->column_scales) memcpy(t->column_scales, e->column_scales + p->column, p->columns * sizeof(float));
  if (e->column_bias) memcpy(t->column_bias, e->column_bias + p->column, p->columns * sizeof(float));
}

/// Whether scaled sums go to C as they are.
static int is_plain(const imgk_int8_epilogue *e) {
  return e->result == IMGK_INT8_TO_F32 && e->residual == NULL && e->activation < 0;
}

/// Stores a row of scaled fp32 sums through the rest of the epilogue; `row` holds a whole tile's width.
static void finish_row(const struct imgk_int8_place *p, size_t r, float *row, const imgk_int8_epilogue *e,
                       uint8_t *to) {
  const imgk_int8_epilogue_kernels *k = IMGK_CHOSEN();
  float residual[COLUMNS] = {0};
  if (e->residual) {
    memcpy(residual, e->residual + (p->row + r) * e->residual_row + p->column, p->columns * sizeof(float));
  }
  if (e->residual && !e->residual_last) k->add_row(row, residual);
  if (e->activation >= 0) imgk_unary((imgk_unary_op)e->activation, row, row, p->columns, e->alpha, e->beta);
  if (e->residual && e->residual_last) k->add_row(row, residual);
  if (e->result == IMGK_INT8_TO_F32) {
    memcpy(to, row, p->columns * sizeof(float));
    return;
  }
  const int is_signed = e->result == IMGK_INT8_TO_S8;
  uint8_t bytes[COLUMNS];
  k->quantize_row(row, e->out_scale, e->out_zero, is_signed ? -128 : 0, is_signed ? 127 : 255, bytes);
  memcpy(to, bytes, p->columns);
}

static void run_narrow(const struct imgk_int8_place *p, size_t quads, const int8_t *left, const uint8_t *right,
                       const imgk_int8_epilogue *e, uint8_t *c, size_t row_bytes) {
  const imgk_int8_epilogue_kernels *k = IMGK_CHOSEN();
  const int vectors = (int)((p->columns + IMGK_LANES - 1) / IMGK_LANES);
  struct imgk_int8_tile_terms terms;
  int32_t tile[ROWS * COLUMNS];
  gather_terms(p, e, &terms);
  if (vectors < COLUMNS / IMGK_LANES) memset(tile, 0, sizeof tile);
  // The tile's place in C comes into the cache while its sums are computed.
  for (size_t r = 0; r < p->rows; r++) {
    for (size_t at = 0; at < p->columns * element_size(e->result); at += 64) {
      __builtin_prefetch(c + r * row_bytes + at, 1);
    }
  }
  imgk_int8_tile_chosen()(quads, left, right, vectors, tile);
  k->correct(&terms, tile, p->rows);
  if (e->result == IMGK_INT8_TO_S32 || e->result == IMGK_INT8_TO_S64) {
    for (size_t r = 0; r < p->rows; r++) {
      for (size_t j = 0; j < p->columns; j++) {
        const int32_t sum = tile[r * COLUMNS + j];
        if (e->result == IMGK_INT8_TO_S32) ((int32_t *)(void *)(c + r * row_bytes))[j] = sum;
        if (e->result == IMGK_INT8_TO_S64) ((int64_t *)(void *)(c + r * row_bytes))[j] = sum;
      }
    }
  } else if (is_plain(e) && p->columns % IMGK_LANES == 0) {
    k->scale(&terms, tile, p->rows, vectors, (float *)(void *)c, row_bytes / sizeof(float));
  } else {
    float values[ROWS * COLUMNS];
    k->scale(&terms, tile, p->rows, COLUMNS / IMGK_LANES, values, COLUMNS);
    for (size_t r = 0; r < p->rows; r++) finish_row(p, r, values + r * COLUMNS, e, c + r * row_bytes);
  }
}

/// As run_narrow, for depths whose sums need 64 bits.
static void run_wide(const struct imgk_int8_place *p, size_t quads, const int8_t *left, const uint8_t *right,
                     const imgk_int8_epilogue *e, uint8_t *c, size_t row_bytes) {
  int64_t sum[ROWS * COLUMNS] = {0};
  const int vectors = (int)((p->columns + IMGK_LANES - 1) / IMGK_LANES);
  for (size_t q = 0; q < quads; q += IMGK_INT8_DEPTH_BLOCK / 4) {
    const size_t some = quads - q < IMGK_INT8_DEPTH_BLOCK / 4 ? quads - q : IMGK_INT8_DEPTH_BLOCK / 4;
    int32_t tile[ROWS * COLUMNS] = {0};
    imgk_int8_tile_chosen()(some, left + q * ROWS * 4, right + q * COLUMNS * 4, vectors, tile);
    for (int i = 0; i < ROWS * COLUMNS; i++) sum[i] += tile[i];
  }
  struct imgk_int8_tile_terms terms;
  gather_terms(p, e, &terms);
  for (size_t r = 0; r < p->rows; r++) {
    int64_t *row = sum + r * COLUMNS;
    uint8_t *to = c + r * row_bytes;
    float values[COLUMNS] = {0};
    for (size_t j = 0; j < p->columns; j++) {
      row[j] -= p->right_zeros[j] * row_term(p, r) + p->left_zeros[r] * p->right_sums[j];
      values[j] = (float)row[j];
    }
    if (e->result == IMGK_INT8_TO_S32) {
      for (size_t j = 0; j < p->columns; j++) ((int32_t *)(void *)to)[j] = (int32_t)(uint32_t)(uint64_t)row[j];
    } else if (e->result == IMGK_INT8_TO_S64) {
      memcpy(to, row, p->columns * 8);
    } else {
      IMGK_CHOSEN()->scale_row(&terms, r, values);
      finish_row(p, r, values, e, to);
    }
  }
}

void imgk_int8_run_tile(const struct imgk_int8_place *place, size_t quads, const int8_t *left, const uint8_t *right,
                        const imgk_int8_epilogue *epilogue, void *c, size_t c_row) {
  const size_t size = element_size(epilogue->result);
  uint8_t *to = (uint8_t *)c + (place->row * c_row + place->column) * size;
  if (place->depth <= IMGK_INT8_NARROW_DEPTH) {
    run_narrow(place, quads, left, right, epilogue, to, c_row * size);
  } else {
    run_wide(place, quads, left, right, epilogue, to, c_row * size);
  }
}
