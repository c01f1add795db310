// Kernel text of what follows an 8-bit tile; see simd.h.
#include "lanes_body.h"

/// Takes the zero points out of a tile's sums: sum - right zero · row term - left zero · right sum, modulo 2^32.
IMGK_TARGET static void IMGK_FN(correct)(const struct imgk_int8_tile_terms *t, int32_t *tile, size_t rows) {
  for (int c = 0; c < IMGK_INT8_COLUMNS; c += IMGK_LANES) {
    imgk_vu zeros, sums;
    memcpy(&zeros, t->right_zeros + c, sizeof zeros);
    memcpy(&sums, t->right_sums + c, sizeof sums);
    for (size_t r = 0; r < rows; r++) {
      imgk_vu sum;
      memcpy(&sum, tile + r * IMGK_INT8_COLUMNS + (size_t)c, sizeof sum);
      sum -= zeros * t->row_terms[r] + sums * t->left_zeros[r];
      memcpy(tile + r * IMGK_INT8_COLUMNS + (size_t)c, &sum, sizeof sum);
    }
  }
}

/// to[r, c] = tile[r, c] * (scales[r] * column_scales[c]) + (row_bias[r] + column_bias[c]) for the first `vectors` times
/// 16 columns; rows of `to` are `to_row` elements apart.
IMGK_TARGET static void IMGK_FN(scale)(const struct imgk_int8_tile_terms *t, const int32_t *tile, size_t rows,
                                       int vectors, float *to, size_t to_row) {
  for (size_t r = 0; r < rows; r++) {
    for (int c = 0; c < vectors * IMGK_LANES; c += IMGK_LANES) {
      imgk_vi v;
      memcpy(&v, tile + r * IMGK_INT8_COLUMNS + (size_t)c, sizeof v);
      imgk_vf s = t->row_scales[r] * IMGK_FN(load)(t->column_scales + c);
      imgk_vf b = t->row_bias[r] + IMGK_FN(load)(t->column_bias + c);
      IMGK_FN(store)(to + r * to_row + (size_t)c, IMGK_FN(fma)(__builtin_convertvector(v, imgk_vf), s, b));
    }
  }
}

/// As `scale`, of one row whose sums are fp32 already.
IMGK_TARGET static void IMGK_FN(scale_row)(const struct imgk_int8_tile_terms *t, size_t r, float *row) {
  for (int c = 0; c < IMGK_INT8_COLUMNS; c += IMGK_LANES) {
    imgk_vf s = t->row_scales[r] * IMGK_FN(load)(t->column_scales + c);
    imgk_vf b = t->row_bias[r] + IMGK_FN(load)(t->column_bias + c);
    IMGK_FN(store)(row + c, IMGK_FN(fma)(IMGK_FN(load)(row + c), s, b));
  }
}

IMGK_TARGET static void IMGK_FN(add_row)(float *row, const float *residual) {
  for (int c = 0; c < IMGK_INT8_COLUMNS; c += IMGK_LANES) {
    IMGK_FN(store)(row + c, IMGK_FN(load)(row + c) + IMGK_FN(load)(residual + c));
  }
}

/// Bytes of row / scale rounded half to even plus zero, held to low ... high; NaN becomes the zero point.
IMGK_TARGET static void IMGK_FN(quantize_row)(const float *row, float scale, int32_t zero, int32_t low, int32_t high,
                                              uint8_t *to) {
  for (int c = 0; c < IMGK_INT8_COLUMNS; c += IMGK_LANES) {
    imgk_vf q = __builtin_elementwise_roundeven(IMGK_FN(load)(row + c) / scale);
    q = IMGK_FN(select)(q == q, q, IMGK_FN(splat)(0.0f));
    q = IMGK_FN(clamp)(q, (float)(low - zero), (float)(high - zero));
    imgk_vi v = __builtin_convertvector(q, imgk_vi) + zero;
    imgk_u8x16 bytes = __builtin_convertvector(v, imgk_u8x16);
    memcpy(to + c, &bytes, sizeof bytes);
  }
}

static const imgk_int8_epilogue_kernels IMGK_FN(kernels) = {
    IMGK_FN(correct), IMGK_FN(scale), IMGK_FN(scale_row), IMGK_FN(add_row), IMGK_FN(quantize_row),
};

#undef IMGK_LANE_FN
