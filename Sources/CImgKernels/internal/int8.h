// Private to the 8-bit products: packed layouts and tile kernels.
//
// Left operands are stored as int8 in panels of 8 lanes, right ones as uint8 in panels of 48 lanes, four depths of a
// lane together: data[panel][depth / 4][lane][depth % 4]. Bytes of the other signedness are moved by 128, and their zero
// points with them. Depths beyond the last are 0 on both sides.
#ifndef IMGK_INTERNAL_INT8_H
#define IMGK_INTERNAL_INT8_H

#include "imgk_int8.h"

enum { IMGK_INT8_ROWS = 8, IMGK_INT8_COLUMNS = 48 };

/// Depths a 32-bit sum of uint8 × int8 products holds: 2^16 · 255 · 128 < 2^31.
enum { IMGK_INT8_DEPTH_BLOCK = 1 << 16 };

/// The depth up to which Σ (a - a zero)(b - b zero) fits 32 bits: 255² · 33,025 < 2^31.
enum { IMGK_INT8_NARROW_DEPTH = 33025 };

struct imgk_int8_panels {
  imgk_int8_side side;
  size_t lanes, depth;  // depth: of the source, before padding to fours
  size_t quads;         // groups of four depths
  size_t byte_count;
  void *data;
  int64_t *sums;   // of the stored bytes, by lane
  int32_t *zeros;  // in stored terms, by lane
};

/// Packs `count` lanes from `first` of a source into one panel of `width` lanes, and sums them. `sums` holds `width`.
void imgk_int8_pack_panel(const imgk_int8_source *source, size_t first, size_t count, size_t width, uint8_t *to,
                          int64_t *sums);

/// One tile: tile[r * 48 + c] = Σ left · right over `quads` groups of four depths, for 8 rows and 16 * `vectors`
/// columns (1 to 3). Exact while quads * 4 ≤ IMGK_INT8_DEPTH_BLOCK.
typedef void (*imgk_int8_tile)(size_t quads, const int8_t *left, const uint8_t *right, int vectors, int32_t *tile);

imgk_int8_tile imgk_int8_tile_chosen(void);
void imgk_int8_tile_scalar(size_t quads, const int8_t *left, const uint8_t *right, int vectors, int32_t *tile);

/// The place of a tile in a product, and what the zero points need.
struct imgk_int8_place {
  size_t row, column, rows, columns;
  size_t depth;
  const int64_t *left_sums, *right_sums;    // of the tile's lanes; the right ones padded to a panel's width
  const int32_t *left_zeros, *right_zeros;  // as the sums
};

/// Computes the tile at `place` over all its depths and stores it through the epilogue.
void imgk_int8_run_tile(const struct imgk_int8_place *place, size_t quads, const int8_t *left, const uint8_t *right,
                        const imgk_int8_epilogue *epilogue, void *c, size_t c_row);

#endif
