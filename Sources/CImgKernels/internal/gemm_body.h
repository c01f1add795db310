// Kernel text of the fp32 products' tiles; see simd.h.
#include "lanes_body.h"

// A tile fills the registers: 12 × 2 of AVX-512's 32, 6 × 1 pairs of AVX2's 16 (fours of NEON's 32).
#if IMGK_LEVEL == 2
#define IMGK_TILE_ROWS 12
#define IMGK_TILE_VECTORS 2
#else
#define IMGK_TILE_ROWS 6
#define IMGK_TILE_VECTORS 1
#endif

IMGK_LANE_FN void IMGK_FN(sum)(size_t depth, const float *a, const float *b, float *c, size_t c_row, int add,
                               const int rows, const int vectors) {
  imgk_vf sum[IMGK_TILE_ROWS][IMGK_TILE_VECTORS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      sum[r][v] = add ? IMGK_FN(load)(c + (size_t)r * c_row + v * IMGK_LANES) : IMGK_FN(splat)(0.0f);
    }
  }
  for (size_t d = 0; d < depth; d++) {
    imgk_vf column[IMGK_TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) column[v] = IMGK_FN(load)(b + v * IMGK_LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      imgk_vf row = IMGK_FN(splat)(a[r]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[r][v] = IMGK_FN(fma)(row, column[v], sum[r][v]);
    }
    a += IMGK_GEMM_ROWS;
    b += IMGK_GEMM_COLUMNS;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) IMGK_FN(store)(c + (size_t)r * c_row + v * IMGK_LANES, sum[r][v]);
  }
}

#define IMGK_SUM(rows, vectors)                                                                                   \
  IMGK_TARGET static void IMGK_FN(sum_##rows##_##vectors)(size_t depth, const float *a, const float *b, float *c, \
                                                          size_t c_row, int add) {                                \
    IMGK_FN(sum)(depth, a, b, c, c_row, add, rows, vectors);                                                      \
  }
IMGK_SUM(1, 1) IMGK_SUM(2, 1) IMGK_SUM(3, 1) IMGK_SUM(4, 1) IMGK_SUM(5, 1) IMGK_SUM(6, 1)
#if IMGK_LEVEL == 2
IMGK_SUM(7, 1) IMGK_SUM(8, 1) IMGK_SUM(9, 1) IMGK_SUM(10, 1) IMGK_SUM(11, 1) IMGK_SUM(12, 1)
IMGK_SUM(1, 2) IMGK_SUM(2, 2) IMGK_SUM(3, 2) IMGK_SUM(4, 2) IMGK_SUM(5, 2) IMGK_SUM(6, 2)
IMGK_SUM(7, 2) IMGK_SUM(8, 2) IMGK_SUM(9, 2) IMGK_SUM(10, 2) IMGK_SUM(11, 2) IMGK_SUM(12, 2)
#endif

static void (*const IMGK_FN(sums)[IMGK_TILE_VECTORS][IMGK_TILE_ROWS])(size_t, const float *, const float *, float *,
                                                                      size_t, int) = {
    {IMGK_FN(sum_1_1), IMGK_FN(sum_2_1), IMGK_FN(sum_3_1), IMGK_FN(sum_4_1), IMGK_FN(sum_5_1), IMGK_FN(sum_6_1),
#if IMGK_LEVEL == 2
     IMGK_FN(sum_7_1), IMGK_FN(sum_8_1), IMGK_FN(sum_9_1), IMGK_FN(sum_10_1), IMGK_FN(sum_11_1), IMGK_FN(sum_12_1)},
    {IMGK_FN(sum_1_2), IMGK_FN(sum_2_2), IMGK_FN(sum_3_2), IMGK_FN(sum_4_2), IMGK_FN(sum_5_2), IMGK_FN(sum_6_2),
     IMGK_FN(sum_7_2), IMGK_FN(sum_8_2), IMGK_FN(sum_9_2), IMGK_FN(sum_10_2), IMGK_FN(sum_11_2), IMGK_FN(sum_12_2),
#endif
    }};

static void IMGK_FN(tile)(size_t depth, const float *a, const float *b, float *c, size_t c_row, size_t rows,
                          size_t vectors, int add) {
  for (size_t v = 0; v < vectors; v += IMGK_TILE_VECTORS) {
    const size_t wide = vectors - v < IMGK_TILE_VECTORS ? vectors - v : IMGK_TILE_VECTORS;
    for (size_t r = 0; r < rows; r += IMGK_TILE_ROWS) {
      const size_t high = rows - r < IMGK_TILE_ROWS ? rows - r : IMGK_TILE_ROWS;
      IMGK_FN(sums)[wide - 1][high - 1](depth, a + r, b + v * IMGK_LANES, c + r * c_row + v * IMGK_LANES, c_row, add);
    }
  }
}

IMGK_LANE_FN imgk_vf IMGK_FN(finished)(imgk_vf t, float scale, float row_bias, imgk_vf column_bias,
                                       imgk_vf residual) {
  return ((scale * t + row_bias) + column_bias) + residual;
}

IMGK_TARGET static void IMGK_FN(finish)(float *row, size_t count, float scale, float row_bias,
                                        const float *column_bias, const float *residual) {
  // Absent terms are -0, which changes no sum.
  const imgk_vf none = IMGK_FN(splat)(-0.0f);
  size_t i = 0;
  for (; i + IMGK_LANES <= count; i += IMGK_LANES) {
    IMGK_FN(store)(row + i, IMGK_FN(finished)(IMGK_FN(load)(row + i), scale, row_bias,
                                              column_bias ? IMGK_FN(load)(column_bias + i) : none,
                                              residual ? IMGK_FN(load)(residual + i) : none));
  }
  if (i == count) return;
  const size_t left = count - i;
  IMGK_FN(store_part)(row + i,
                      IMGK_FN(finished)(IMGK_FN(load_part)(row + i, left, 0.0f), scale, row_bias,
                                        column_bias ? IMGK_FN(load_part)(column_bias + i, left, 0.0f) : none,
                                        residual ? IMGK_FN(load_part)(residual + i, left, 0.0f) : none),
                      left);
}

static const imgk_gemm_kernels IMGK_FN(kernels) = {IMGK_FN(tile), IMGK_FN(finish)};

#undef IMGK_SUM
#undef IMGK_TILE_ROWS
#undef IMGK_TILE_VECTORS
#undef IMGK_LANE_FN
