// Private to Winograd's convolutions F(4×4, 3×3): tiles of 4 × 4 results, from windows of 6 × 6 pixels.
//
// With d a window of one channel, g a filter and p over the 36 points: V = Bᵀ d B, U = G g Gᵀ, M[p] = Σ over the
// channels of U[p] V[p], the tile being Aᵀ M A (Lavin and Gray, arXiv:1509.09308, section 4). The points are 0, ±5/8,
// ±3/2 and ∞: with those of the paper, 0, ±1, ±2 and ∞, errors are two to four times as large.
#ifndef IMGK_INTERNAL_WINOGRAD_H
#define IMGK_INTERNAL_WINOGRAD_H

#include "gemm.h"

enum { IMGK_WINOGRAD_TILE = 4, IMGK_WINOGRAD_WINDOW = 6, IMGK_WINOGRAD_POINTS = 36 };
/// Tiles transformed at a time, one in each lane.
enum { IMGK_WINOGRAD_LANES = 16 };
/// Pixels that a row of so many tiles is wide.
enum { IMGK_WINOGRAD_PIXELS = IMGK_WINOGRAD_TILE * IMGK_WINOGRAD_LANES };

typedef struct {
  /// to[p * step] = V[p] of 16 windows: row i holds 4 pixels of each in near[i], the 4 that follow in far[i].
  void (*input)(const float *const *near, const float *const *far, float *to, size_t step);
  /// to[p * step] = U[p] of 12 lanes: 9 taps of 12 lanes, row by row.
  void (*filters)(const float *taps, float *to, size_t step);
  /// rows[i] = row i of 16 tiles side by side, from M[p] at from[p * step].
  void (*output)(const float *from, size_t step, float *const *rows);
} imgk_winograd_kernels;

const imgk_winograd_kernels *imgk_winograd_kernels_chosen(void);

/// Whether a convolution has the form, and the transforms cost less than they save. Neither batch nor threads count.
int imgk_winograd_pays(const imgk_convolution *convolution);

/// Runs such a convolution, whose product (as imgk_convolution_run describes it) is `product`.
void imgk_winograd_run(const imgk_convolution *convolution, const imgk_gemm *product);

/// How many tiles an image has below each other and side by side.
static inline size_t imgk_winograd_tile_count(size_t extent) {
  return (extent + IMGK_WINOGRAD_TILE - 1) / IMGK_WINOGRAD_TILE;
}

/// Neighbouring tiles of one row of tiles, in neighbouring lanes; (y, x) is the first one's first result.
struct imgk_tile_run {
  size_t lane, count, image, y, x;
};

/// The runs of tiles `first` ..< `first` + `count` (≤ 16) of all images; returns their number.
size_t imgk_winograd_find_runs(const imgk_convolution *convolution, size_t first, size_t count,
                               struct imgk_tile_run *runs);

/// Transforms channel `channel` of the windows of those tiles.
void imgk_winograd_read_tiles(const imgk_convolution *convolution, const imgk_winograd_kernels *kernels,
                              const struct imgk_tile_run *runs, size_t run_count, size_t channel, float *to,
                              size_t step);

/// Transforms those tiles of output channel `channel` back, and writes them through the epilogue.
void imgk_winograd_write_tiles(const imgk_convolution *convolution, const imgk_gemm *product,
                               const imgk_winograd_kernels *kernels, const struct imgk_tile_run *runs,
                               size_t run_count, size_t channel, const float *from, size_t step);

#endif
