#include <stdlib.h>
#include <string.h>

#include "imgk_isa.h"
#include "imgk_parallel.h"
#include "internal/gemm.h"
#include "internal/simd.h"

/// What a panel's widening reads beside its bytes: the row of scales of each depth, the rows of the panel.
struct imgk_widening {
  size_t width, depth;
  const uint32_t *rows;
  const float *scales, *zeros;
};

typedef struct {
  void (*widen_8)(const struct imgk_widening *, const uint8_t *, float *);
  void (*widen_4)(const struct imgk_widening *, const uint8_t *, float *);
  void (*widen_half)(const struct imgk_widening *, const uint8_t *, float *);
  void (*widen_brain)(const struct imgk_widening *, const uint8_t *, float *);
} imgk_stored_kernels;

#define IMGK_FAMILY imgk_gemm_stored
#define IMGK_BODY "gemm_stored_body.h"
#define IMGK_TABLE imgk_stored_kernels
#include "internal/each_isa.h"

// Vectors are read whole, past the last lanes.
enum { SLACK = 64 };

static int is_float(imgk_stored_type type) { return type == IMGK_STORED_F16 || type == IMGK_STORED_BF16; }
static int is_small(imgk_stored_type type) { return type == IMGK_STORED_U4 || type == IMGK_STORED_S4; }

/// What packed integers are more than what the source stores.
static int32_t moved(imgk_stored_type type) {
  switch (type) {
  case IMGK_STORED_U8: return -128;
  case IMGK_STORED_S4: return 8;
  default: return 0;
  }
}

void imgk_gemm_widen_panel(const imgk_panels *p, size_t matrix, size_t lane, size_t k, size_t depth, float *to) {
  const struct imgk_stored_panels *s = p->stored;
  const size_t width = imgk_panel_width(p->side), panels = (p->lanes + width - 1) / width;
  const size_t panel = matrix * panels + lane / width;
  const uint8_t *from = s->bytes + (panel * p->depth + k) * s->depth_bytes;
  struct imgk_widening w = {.width = width, .depth = depth};
  if (!is_float(s->type)) {
    w.rows = s->rows + k;
    w.scales = s->scales + panel * s->row_count * width;
    w.zeros = s->zeros + panel * s->row_count * width;
  }
  switch (s->type) {
  case IMGK_STORED_F16: IMGK_CHOSEN()->widen_half(&w, from, to); break;
  case IMGK_STORED_BF16: IMGK_CHOSEN()->widen_brain(&w, from, to); break;
  case IMGK_STORED_U4:
  case IMGK_STORED_S4: IMGK_CHOSEN()->widen_4(&w, from, to); break;
  default: IMGK_CHOSEN()->widen_8(&w, from, to); break;
  }
}

struct storing {
  const imgk_stored_source *source;
  imgk_panels *panels;
};

/// Stores one depth's lanes of integers, `count` ≤ `width` of them.
static void store_integers(const imgk_stored_source *s, const uint8_t *from, size_t count, size_t width, uint8_t *to) {
  const int32_t more = moved(s->type);
  uint8_t lanes[IMGK_GEMM_COLUMNS] = {0};
  for (size_t l = 0; l < count; l++) lanes[l] = (uint8_t)(from[(ptrdiff_t)l * s->lane_stride] + more);
  if (!is_small(s->type)) {
    memcpy(to, lanes, width);
    return;
  }
  for (size_t l = 0; l < width / 2; l++) {
    to[l] = (uint8_t)((lanes[l] & 15) | (lanes[l + width / 2] & 15) << 4);
  }
}

static void store_floats(const imgk_stored_source *s, const uint16_t *from, size_t count, size_t width, uint8_t *to) {
  uint16_t lanes[IMGK_GEMM_COLUMNS] = {0};
  for (size_t l = 0; l < count; l++) lanes[l] = from[(ptrdiff_t)l * s->lane_stride];
  memcpy(to, lanes, width * 2);
}

static void store_scales(const imgk_stored_source *s, size_t matrix, size_t first, size_t count, size_t width,
                         float *scales, float *zeros) {
  for (size_t row = 0; row < s->row_count; row++, scales += width, zeros += width) {
    for (size_t l = 0; l < count; l++) {
      const ptrdiff_t at = (ptrdiff_t)matrix * s->scale_matrix_stride +
                           (ptrdiff_t)(first + l) * s->scale_lane_stride + (ptrdiff_t)row * s->scale_row_stride;
      scales[l] = s->scales[at];
      zeros[l] = (float)((s->zeros ? s->zeros[at] : 0) + moved(s->type));
    }
  }
}

static void store_panels(void *context, size_t begin, size_t end) {
  const struct storing *work = context;
  const imgk_stored_source *s = work->source;
  const struct imgk_stored_panels *to = work->panels->stored;
  const size_t width = imgk_panel_width(s->side), per_matrix = (s->lanes + width - 1) / width;
  for (size_t panel = begin; panel < end; panel++) {
    const size_t matrix = panel / per_matrix, first = panel % per_matrix * width;
    const size_t count = s->lanes - first < width ? s->lanes - first : width;
    const ptrdiff_t origin = (ptrdiff_t)matrix * s->matrix_stride + (ptrdiff_t)first * s->lane_stride;
    uint8_t *bytes = to->bytes + panel * s->depth * to->depth_bytes;
    for (size_t d = 0; d < s->depth; d++, bytes += to->depth_bytes) {
      const ptrdiff_t at = origin + (ptrdiff_t)d * s->depth_stride;
      if (is_float(s->type)) {
        store_floats(s, (const uint16_t *)s->data + at, count, width, bytes);
      } else {
        store_integers(s, (const uint8_t *)s->data + at, count, width, bytes);
      }
    }
    if (is_float(s->type)) continue;
    const size_t place = panel * s->row_count * width;
    store_scales(s, matrix, first, count, width, to->scales + place, to->zeros + place);
  }
}

/// The storage for a source's panels, its scales zeroed; NULL when memory is exhausted.
static struct imgk_stored_panels *allocate(const imgk_stored_source *source, size_t panels) {
  const size_t width = imgk_panel_width(source->side);
  struct imgk_stored_panels *s = calloc(1, sizeof *s);
  if (s == NULL) return NULL;
  s->type = source->type;
  s->depth_bytes = is_float(s->type) ? 2 * width : is_small(s->type) ? width / 2 : width;
  s->row_count = source->row_count;
  size_t scales = 0;
  if (__builtin_mul_overflow(panels * s->depth_bytes, source->depth, &s->byte_count) ||
      s->byte_count > SIZE_MAX / 2 ||
      __builtin_mul_overflow(panels * width, source->row_count, &scales) || scales > SIZE_MAX / 8) {
    free(s);
    return NULL;
  }
  s->bytes = malloc(s->byte_count + SLACK);
  int is_whole = s->bytes != NULL;
  if (!is_float(s->type)) {
    s->scales = calloc(scales + SLACK, sizeof(float));
    s->zeros = calloc(scales + SLACK, sizeof(float));
    s->rows = calloc(source->depth + 1, sizeof *s->rows);
    is_whole = is_whole && s->scales && s->zeros && s->rows;
  }
  if (is_whole) return s;
  imgk_stored_panels_destroy(s);
  return NULL;
}

imgk_panels *imgk_panels_create_stored(const imgk_stored_source *source) {
  const size_t width = imgk_panel_width(source->side);
  const size_t per_matrix = source->lanes / width + (source->lanes % width != 0);
  size_t size, panels;
  if (__builtin_mul_overflow(per_matrix * width, source->depth, &size) ||
      __builtin_mul_overflow(per_matrix, source->matrices, &panels) || panels > SIZE_MAX / 256) {
    return NULL;
  }
  imgk_panels *p = malloc(sizeof *p);
  if (p == NULL) return NULL;
  *p = (imgk_panels){source->side, source->matrices, source->lanes, source->depth, size, NULL,
                     allocate(source, panels)};
  if (p->stored == NULL) {
    free(p);
    return NULL;
  }
  if (p->stored->rows && source->scale_rows) {
    memcpy(p->stored->rows, source->scale_rows, source->depth * sizeof(uint32_t));
  }
  struct storing work = {source, p};
  imgk_parallel_for(panels, 1 + (1 << 16) / (width * source->depth + 1), store_panels, &work);
  return p;
}

void imgk_stored_panels_destroy(struct imgk_stored_panels *stored) {
  if (stored == NULL) return;
  free(stored->bytes);
  free(stored->scales);
  free(stored->zeros);
  free(stored->rows);
  free(stored);
}

size_t imgk_stored_panels_byte_count(const imgk_panels *p) {
  const struct imgk_stored_panels *s = p->stored;
  const size_t width = imgk_panel_width(p->side), panels = p->matrices * ((p->lanes + width - 1) / width);
  const size_t scales = s->scales ? 2 * panels * width * s->row_count * sizeof(float) : 0;
  return s->byte_count + scales + (s->rows ? p->depth * sizeof *s->rows : 0);
}
