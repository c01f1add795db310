// Kernel text of the packing of patches; see simd.h.
#include "lanes_body.h"

#if IMGK_LEVEL == 2
// Windows that move by one pixel: what a tap sees of a run are neighbours in memory, so that a masked load puts them on
// their lanes.
enum { IMGK_MOST_TAPS = 64 };

/// What one tap sees of one run: the elements from `offset` of a plane, on the lanes `lanes` of a vector.
struct imgk_span {
  ptrdiff_t offset;
  __mmask16 lanes;
};

/// The spans of the runs that lie on the vector `half` of a panel, [tap][run]; returns how many a tap has.
IMGK_LANE_FN size_t IMGK_FN(find_spans)(const imgk_convolution *c, const struct imgk_run *runs, size_t run_count,
                                        size_t half, struct imgk_span *spans) {
  const ptrdiff_t width = (ptrdiff_t)c->width, height = (ptrdiff_t)c->height;
  size_t count = 0;
  for (size_t ky = 0; ky < c->kernel_height; ky++) {
    for (size_t kx = 0; kx < c->kernel_width; kx++) {
      ptrdiff_t lane = -(ptrdiff_t)(half * IMGK_LANES);
      count = 0;
      for (size_t r = 0; r < run_count; lane += (ptrdiff_t)runs[r++].count) {
        const ptrdiff_t y = runs[r].y + (ptrdiff_t)(ky * c->dilation_y);
        const ptrdiff_t x = runs[r].x + (ptrdiff_t)(kx * c->dilation_x) - lane;
        const ptrdiff_t first = imgk_held(lane, IMGK_LANES);
        const ptrdiff_t last = imgk_held(lane + (ptrdiff_t)runs[r].count, IMGK_LANES);
        if (first == last) continue;
        const ptrdiff_t low = -x > first ? -x : first, high = width - x < last ? width - x : last;
        const int sees = y >= 0 && y < height && low < high;
        *spans++ = (struct imgk_span){sees ? y * width + x : 0,
                                      sees ? (__mmask16)(((1u << high) - 1) & ~((1u << low) - 1)) : 0};
        count++;
      }
    }
  }
  return count;
}

IMGK_LANE_FN imgk_vf IMGK_FN(gather_spans)(const float *plane, const struct imgk_span *spans, size_t count) {
  imgk_vf lanes = IMGK_FN(splat)(0.0f);
  for (size_t s = 0; s < count; s++) lanes = _mm512_mask_loadu_ps(lanes, spans[s].lanes, plane + spans[s].offset);
  return lanes;
}

IMGK_TARGET static void IMGK_FN(pack_spans)(const imgk_convolution *c, const float *x, size_t k, size_t depth,
                                            const struct imgk_run *runs, size_t run_count, float *panel) {
  struct imgk_span low[IMGK_MOST_TAPS * IMGK_LANES], high[IMGK_MOST_TAPS * IMGK_LANES];
  const size_t low_count = IMGK_FN(find_spans)(c, runs, run_count, 0, low);
  const size_t high_count = IMGK_FN(find_spans)(c, runs, run_count, 1, high);
  const size_t taps = c->kernel_height * c->kernel_width;
  const float *plane = x + k / taps * (c->height * c->width);
  size_t tap = k % taps;
  for (size_t d = 0; d < depth; d++, panel += IMGK_GEMM_COLUMNS) {
    IMGK_FN(store)(panel, IMGK_FN(gather_spans)(plane, low + tap * low_count, low_count));
    IMGK_FN(store)(panel + IMGK_LANES, IMGK_FN(gather_spans)(plane, high + tap * high_count, high_count));
    if (++tap < taps) continue;
    tap = 0;
    plane += c->height * c->width;
  }
}
#endif

IMGK_TARGET static void IMGK_FN(pack)(const imgk_convolution *c, const float *x, size_t k, size_t depth, size_t first,
                                      size_t columns, float *panel) {
  struct imgk_run runs[IMGK_GEMM_COLUMNS];
  const size_t run_count = imgk_find_runs(c, first, columns, runs);
#if IMGK_LEVEL == 2
  if (c->repeat == 1 && c->stride_x == 1 && c->kernel_height <= IMGK_MOST_TAPS && c->kernel_width <= IMGK_MOST_TAPS / c->kernel_height) {
    IMGK_FN(pack_spans)(c, x, k, depth, runs, run_count, panel);
    return;
  }
#endif
  size_t kx = k % c->kernel_width, ky = k / c->kernel_width % c->kernel_height;
  const float *plane = x + k / (c->kernel_width * c->kernel_height) * (c->height * c->width);
  for (size_t d = 0; d < depth; d++, panel += IMGK_GEMM_COLUMNS) {
    float *to = panel;
    for (size_t r = 0; r < run_count; r++) {
      imgk_image_row(c, plane, runs[r].y + (ptrdiff_t)(ky * c->dilation_y),
                     runs[r].x + (ptrdiff_t)(kx * c->dilation_x), (ptrdiff_t)c->stride_x, (ptrdiff_t)runs[r].count,
                     to);
      to += runs[r].count;
    }
    for (; to < panel + IMGK_GEMM_COLUMNS; to++) *to = 0.0f;
    if (++kx < c->kernel_width) continue;
    kx = 0;
    if (++ky < c->kernel_height) continue;
    ky = 0;
    plane += c->height * c->width;
  }
}

static const imgk_patches_kernels IMGK_FN(kernels) = {IMGK_FN(pack)};

#undef IMGK_LANE_FN
