// Private to the fp32 products: packed layouts and tile kernels.
//
// Left operands are stored in panels of 12 lanes, right ones in panels of 32: data[matrix][panel][depth][lane]. Lanes
// beyond the last are 0.
#ifndef IMGK_INTERNAL_GEMM_H
#define IMGK_INTERNAL_GEMM_H

#include <stdint.h>

#include "imgk_gemm.h"

enum { IMGK_GEMM_ROWS = 12, IMGK_GEMM_COLUMNS = 32 };

/// Depths packed and summed at a time: a right panel of them is two thirds of a first-level cache.
enum { IMGK_GEMM_DEPTH = 256 };

struct imgk_panels {
  imgk_side side;
  size_t matrices, lanes, depth;
  size_t matrix_size;  // elements of one packed matrix
  float *data;         // NULL for operands kept in a smaller type
  struct imgk_stored_panels *stored;
};

/// Panels in a smaller type: bytes[matrix][panel][depth], `depth_bytes` for the lanes of a depth. Integers are int8, or
/// 4 bits: two to a byte, the first half of the lanes low, 8 more than they mean.
struct imgk_stored_panels {
  imgk_stored_type type;
  size_t depth_bytes, byte_count;
  uint8_t *bytes;
  /// Scales and zero points [matrix][panel][row][lane]; NULL for floats. `rows` tells the row of each depth.
  float *scales, *zeros;
  size_t row_count;
  uint32_t *rows;
};

/// Widens depths `k` ..< `k` + `depth` of the panel that begins at `lane` into fp32, to[depth][lane]. Writes up to 16
/// elements more.
void imgk_gemm_widen_panel(const imgk_panels *panels, size_t matrix, size_t lane, size_t k, size_t depth, float *to);
void imgk_stored_panels_destroy(struct imgk_stored_panels *stored);
size_t imgk_stored_panels_byte_count(const imgk_panels *panels);

static inline size_t imgk_panel_width(imgk_side side) {
  return side == IMGK_LEFT ? IMGK_GEMM_ROWS : IMGK_GEMM_COLUMNS;
}

/// Packs `lanes` ≤ `width` lanes of `depth` depths into one panel, the other lanes 0.
void imgk_gemm_pack_panel(size_t width, const float *source, ptrdiff_t lane_stride, ptrdiff_t depth_stride,
                          size_t lanes, size_t depth, float *panel);

typedef struct {
  /// C[r, c] (+)= Σ a[d][r] b[d][c] for `rows` ≤ 12 rows and 16 * `vectors` (1 or 2) columns. With `add` the sums go on
  /// from what C holds.
  void (*tile)(size_t depth, const float *a, const float *b, float *c, size_t c_row, size_t rows, size_t vectors,
               int add);
  /// The epilogue's linear steps over one row: scale, biases, and the residual where not NULL.
  void (*finish)(float *row, size_t count, float scale, float row_bias, const float *column_bias,
                 const float *residual);
} imgk_gemm_kernels;

const imgk_gemm_kernels *imgk_gemm_kernels_chosen(void);

/// The epilogue of `rows` × `columns` sums of product `product` from (row, column) on, which stand at `c`.
void imgk_gemm_finish(const imgk_gemm *gemm, const imgk_gemm_kernels *kernels, size_t product, size_t row,
                      size_t column, size_t rows, size_t columns, float *c, size_t c_row);

/// Packs `columns` ≤ 32 pixels from `first` of the patches' matrix, depths `k` ..< `k` + `depth`, of the group whose
/// first plane is `x`.
void imgk_gemm_pack_patches(const imgk_convolution *convolution, const float *x, size_t k, size_t depth, size_t first,
                            size_t columns, float *panel);

/// Runs a product whose right operand is strided, packed, or, where `image` is not NULL, the patches of product i's
/// planes.
void imgk_gemm_run_image(const imgk_gemm *gemm, const imgk_convolution *image);

#endif
