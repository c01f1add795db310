#include <stdlib.h>
#include <string.h>

#include "imgk_parallel.h"
#include "internal/gemm.h"
#include "internal/simd.h"

typedef float four __attribute__((vector_size(16), aligned(4)));

/// Four lanes of four depths, transposed.
static inline void pack_square(float *to, size_t width, const float *from, ptrdiff_t lane_stride) {
  four a, b, c, d;
  memcpy(&a, from, sizeof a);
  memcpy(&b, from + lane_stride, sizeof b);
  memcpy(&c, from + 2 * lane_stride, sizeof c);
  memcpy(&d, from + 3 * lane_stride, sizeof d);
  const four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
  memcpy(to, &a, sizeof a);
  memcpy(to + width, &b, sizeof b);
  memcpy(to + 2 * width, &c, sizeof c);
  memcpy(to + 3 * width, &d, sizeof d);
}

static void pack_any(size_t width, const float *source, ptrdiff_t lane_stride, ptrdiff_t depth_stride, size_t lanes,
                     size_t depth, float *panel) {
  for (size_t d = 0; d < depth; d++, panel += width, source += depth_stride) {
    for (size_t l = 0; l < lanes; l++) panel[l] = source[(ptrdiff_t)l * lane_stride];
    for (size_t l = lanes; l < width; l++) panel[l] = 0.0f;
  }
}

void imgk_gemm_pack_panel(size_t width, const float *source, ptrdiff_t lane_stride, ptrdiff_t depth_stride,
                          size_t lanes, size_t depth, float *panel) {
  if (lanes < width || (lane_stride != 1 && depth_stride != 1)) {
    pack_any(width, source, lane_stride, depth_stride, lanes, depth, panel);
  } else if (lane_stride == 1 && width == IMGK_GEMM_COLUMNS) {
    for (size_t d = 0; d < depth; d++, panel += width, source += depth_stride) {
      memcpy(panel, source, IMGK_GEMM_COLUMNS * sizeof(float));
    }
  } else if (lane_stride == 1) {
    for (size_t d = 0; d < depth; d++, panel += width, source += depth_stride) {
      memcpy(panel, source, IMGK_GEMM_ROWS * sizeof(float));
    }
  } else {
    size_t d = 0;
    for (; d + 4 <= depth; d += 4) {
      for (size_t l = 0; l < width; l += 4) {
        pack_square(panel + d * width + l, width, source + (ptrdiff_t)l * lane_stride + (ptrdiff_t)d, lane_stride);
      }
    }
    pack_any(width, source + d, lane_stride, 1, lanes, depth - d, panel + d * width);
  }
}

struct packing {
  const imgk_panels_source *source;
  const imgk_panels *panels;
};

static void pack_panels(void *context, size_t begin, size_t end) {
  const struct packing *work = context;
  const imgk_panels_source *source = work->source;
  const size_t width = imgk_panel_width(source->side);
  const size_t per_matrix = (source->lanes + width - 1) / width;
  for (size_t index = begin; index < end; index++) {
    const size_t matrix = index / per_matrix, panel = index % per_matrix, first = panel * width;
    const size_t lanes = source->lanes - first < width ? source->lanes - first : width;
    imgk_gemm_pack_panel(
        width, source->data + (ptrdiff_t)matrix * source->matrix_stride + (ptrdiff_t)first * source->lane_stride,
        source->lane_stride, source->depth_stride, lanes, source->depth,
        work->panels->data + matrix * work->panels->matrix_size + first * source->depth);
  }
}

imgk_panels *imgk_panels_create(const imgk_panels_source *source) {
  const size_t width = imgk_panel_width(source->side);
  const size_t per_matrix = source->lanes / width + (source->lanes % width != 0);
  size_t size, count, bytes;
  if (__builtin_mul_overflow(per_matrix * width, source->depth, &size) ||
      __builtin_mul_overflow(size, source->matrices, &count) ||
      __builtin_mul_overflow(count, sizeof(float), &bytes) || bytes > SIZE_MAX - 64) {
    return NULL;
  }
  imgk_panels *panels = malloc(sizeof *panels);
  if (panels == NULL) return NULL;
  *panels = (imgk_panels){source->side, source->matrices, source->lanes, source->depth, size, NULL, NULL};
  panels->data = aligned_alloc(64, (bytes + 64) & ~(size_t)63);
  if (panels->data == NULL) {
    free(panels);
    return NULL;
  }
  struct packing work = {source, panels};
  const size_t panel_size = width * source->depth + 1;
  imgk_parallel_for(per_matrix * source->matrices, 1 + (1 << 16) / panel_size, pack_panels, &work);
  return panels;
}

void imgk_panels_destroy(imgk_panels *panels) {
  if (panels == NULL) return;
  imgk_stored_panels_destroy(panels->stored);
  free(panels->data);
  free(panels);
}

size_t imgk_panels_byte_count(const imgk_panels *panels) {
  if (panels->stored) return imgk_stored_panels_byte_count(panels) + sizeof *panels;
  return panels->matrices * panels->matrix_size * sizeof(float) + sizeof *panels;
}
