#include <stdlib.h>

#include "imgk_isa.h"
#include "imgk_parallel.h"
#include "internal/int8.h"
#include "internal/scratch.h"
#include "internal/simd.h"

enum { ROWS = IMGK_INT8_ROWS, COLUMNS = IMGK_INT8_COLUMNS };

/// The pixels of one panel in the laid-out image: segments of neighbours, each starting at a column of the panel.
struct imgk_int8_patch {
  const uint32_t *image;
  size_t plane, quads, taps;
  const size_t *tap_offsets;
  size_t segments;
  size_t bases[COLUMNS], lengths[COLUMNS], starts[COLUMNS];
};

typedef struct {
  void (*quantize_quad)(const float *const[4], size_t, float, int32_t, uint32_t *);
  void (*pack_segments)(const struct imgk_int8_patch *, uint32_t *);
} imgk_int8_image_kernels;

#define IMGK_FAMILY imgk_int8_image
#define IMGK_BODY "int8_image_body.h"
#define IMGK_TABLE imgk_int8_image_kernels
#include "internal/each_isa.h"

/// The image as uint8, padded, four channels of a pixel together: image[group][channel / 4][y][x][channel % 4].
struct image {
  const imgk_int8_convolution *convolution;
  uint32_t *words;
  size_t quads;          // of one group
  size_t height, width;  // with padding
  int32_t zero;          // in stored terms
  size_t *tap_offsets;
  size_t panels, panel_vectors;  // pixels are cut into panels of 16 * panel_vectors
  size_t row_chunks, chunk_rows;
};

/// Bytes of channels of one image row, with zero point `zero` as uint8, four channels to a word.
static void interleave_row(const imgk_int8_convolution *v, size_t first, size_t count, size_t y, size_t columns,
                           uint32_t *to) {
  const uint8_t flip = v->x_is_signed ? 0x80 : 0;
  for (size_t x = 0; x < columns; x++) to[x] = 0;
  for (size_t c = 0; c < count; c++) {
    const uint8_t *from = (const uint8_t *)v->x_bytes + ((first + c) * v->height + y) * v->width;
    for (size_t x = 0; x < columns; x++) to[x] |= (uint32_t)(from[x] ^ flip) << (8 * c);
  }
}

/// Lays out rows begin ..< end of the image, counted through groups, channel quads and padded rows.
static void lay_out_rows(void *context, size_t begin, size_t end) {
  const struct image *m = context;
  const imgk_int8_convolution *v = m->convolution;
  for (size_t i = begin; i < end; i++) {
    uint32_t *row = m->words + i * m->width;
    const size_t y = i % m->height, quad = i / m->height % m->quads, group = i / m->height / m->quads;
    const size_t count = v->channels - 4 * quad < 4 ? v->channels - 4 * quad : 4;
    const size_t first = group * v->channels + 4 * quad;
    uint32_t padding = 0;
    for (size_t c = 0; c < count; c++) padding |= (uint32_t)m->zero << (8 * c);
    for (size_t x = 0; x < m->width; x++) row[x] = padding;
    if (y < v->pad_top || y - v->pad_top >= v->height || v->pad_left >= m->width) continue;
    const size_t room = m->width - v->pad_left, columns = v->width < room ? v->width : room;
    if (v->x == NULL) {
      interleave_row(v, first, count, y - v->pad_top, columns, row + v->pad_left);
      continue;
    }
    const float *channels[4] = {NULL, NULL, NULL, NULL};
    for (size_t c = 0; c < count; c++) channels[c] = v->x + ((first + c) * v->height + y - v->pad_top) * v->width;
    IMGK_CHOSEN()->quantize_quad(channels, columns, v->in_scale, m->zero, row + v->pad_left);
  }
}

/// The segments of pixels `first` ..< first + count of the output, in the laid-out image of one group.
static void find_segments(const struct image *m, size_t first, size_t count, struct imgk_int8_patch *patch) {
  const imgk_int8_convolution *v = m->convolution;
  patch->segments = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t y = (first + i) / v->out_width, x = (first + i) % v->out_width;
    const size_t base = y * v->stride_y * m->width + x * v->stride_x;
    const size_t s = patch->segments;
    if (s > 0 && patch->bases[s - 1] + patch->lengths[s - 1] == base) {
      patch->lengths[s - 1]++;
    } else {
      patch->bases[s] = base;
      patch->lengths[s] = 1;
      patch->starts[s] = i;
      patch->segments++;
    }
  }
}

/// Packs pixels column by column, for strided convolutions.
static void pack_pixels(const struct imgk_int8_patch *p, uint32_t *to) {
  for (size_t q = 0; q < p->quads; q++) {
    for (size_t t = 0; t < p->taps; t++, to += COLUMNS) {
      const uint32_t *from = p->image + q * p->plane + p->tap_offsets[t];
      for (size_t s = 0; s < p->segments; s++) to[s] = from[p->bases[s]];
    }
  }
}

/// The sums of a packed panel's columns, needed where weights have zero points.
static void sum_columns(const uint8_t *panel, size_t quads, int64_t sums[COLUMNS]) {
  for (size_t q = 0; q < quads; q++) {
    for (size_t c = 0; c < COLUMNS; c++) {
      for (size_t d = 0; d < 4; d++) sums[c] += panel[(q * COLUMNS + c) * 4 + d];
    }
  }
}

static int has_zeros(const imgk_int8_panels *filter) {
  for (size_t o = 0; o < filter->lanes; o++) {
    if (filter->zeros[o] != 0) return 1;
  }
  return 0;
}

/// One panel of pixels by a chunk of output channels.
static void run_panel(const struct image *m, size_t group, size_t panel, size_t chunk) {
  const imgk_int8_convolution *v = m->convolution;
  const imgk_int8_panels *filter = v->filters[group];
  const size_t pixels = v->out_height * v->out_width, width = m->panel_vectors * 16, first = panel * width;
  const size_t count = pixels - first < width ? pixels - first : width;
  struct imgk_int8_patch patch = {.image = m->words + group * m->quads * m->height * m->width,
                                  .plane = m->height * m->width,
                                  .quads = m->quads,
                                  .taps = v->kernel_height * v->kernel_width,
                                  .tap_offsets = m->tap_offsets};
  find_segments(m, first, count, &patch);
  uint32_t *packed = imgk_scratch(IMGK_SCRATCH_INT8, (filter->quads + 1) * COLUMNS * 4);
  if (patch.segments == count) {
    pack_pixels(&patch, packed);
  } else {
    IMGK_CHOSEN()->pack_segments(&patch, packed);
  }
  int64_t sums[COLUMNS] = {0};
  int32_t zeros[COLUMNS];
  for (size_t c = 0; c < COLUMNS; c++) zeros[c] = m->zero;
  if (has_zeros(filter)) sum_columns((const uint8_t *)packed, filter->quads, sums);
  const size_t end = (chunk + 1) * m->chunk_rows < v->outputs ? (chunk + 1) * m->chunk_rows : v->outputs;
  for (size_t o = chunk * m->chunk_rows; o < end; o += ROWS) {
    const struct imgk_int8_place place = {.row = group * v->outputs + o,
                                          .column = first,
                                          .rows = end - o < ROWS ? end - o : ROWS,
                                          .columns = count,
                                          .depth = filter->depth,
                                          .left_sums = filter->sums + o,
                                          .right_sums = sums,
                                          .left_zeros = filter->zeros + o,
                                          .right_zeros = zeros};
    imgk_int8_run_tile(&place, filter->quads, (const int8_t *)filter->data + o * filter->quads * 4,
                       (const uint8_t *)packed, &v->epilogue, v->y, pixels);
  }
}

static void run_panels(void *context, size_t begin, size_t end) {
  const struct image *m = context;
  for (size_t i = begin; i < end; i++) {
    run_panel(m, i / m->row_chunks / m->panels, i / m->row_chunks % m->panels, i % m->row_chunks);
  }
}

/// Cuts the output into panels of pixels and chunks of channels, evenly; the results do not depend on how.
static void cut(struct image *m) {
  const imgk_int8_convolution *v = m->convolution;
  const size_t vectors = (v->out_height * v->out_width + 15) / 16;
  m->panels = (vectors + 2) / 3;
  m->panel_vectors = (vectors + m->panels - 1) / m->panels;
  m->panels = (vectors + m->panel_vectors - 1) / m->panel_vectors;
  const size_t row_panels = (v->outputs + ROWS - 1) / ROWS, wanted = 8 * imgk_thread_count();
  size_t chunks = m->panels * v->groups >= wanted ? 1 : (wanted + m->panels - 1) / m->panels;
  chunks = chunks > row_panels ? row_panels : chunks;
  m->chunk_rows = (row_panels + chunks - 1) / chunks * ROWS;
  m->row_chunks = (v->outputs + m->chunk_rows - 1) / m->chunk_rows;
}

int imgk_int8_convolution_run(const imgk_int8_convolution *v) {
  if (v->outputs * v->groups * v->out_height * v->out_width == 0) return 0;
  struct image m = {.convolution = v, .quads = (v->channels + 3) / 4};
  m.height = (v->out_height - 1) * v->stride_y + (v->kernel_height - 1) * v->dilation_y + 1;
  m.width = (v->out_width - 1) * v->stride_x + (v->kernel_width - 1) * v->dilation_x + 1;
  m.zero = v->in_zero + (v->x == NULL && v->x_is_signed ? 128 : 0);
  const size_t taps = v->kernel_height * v->kernel_width, rows = v->groups * m.quads * m.height;
  size_t words;
  if (__builtin_mul_overflow(rows, m.width, &words) || words > SIZE_MAX / 8) return -1;
  m.words = malloc((words + 64) * 4);
  m.tap_offsets = malloc((taps + 1) * sizeof(size_t));
  if (m.words == NULL || m.tap_offsets == NULL) {
    free(m.words);
    free(m.tap_offsets);
    return -1;
  }
  for (size_t t = 0; t < taps; t++) {
    m.tap_offsets[t] = t / v->kernel_width * v->dilation_y * m.width + t % v->kernel_width * v->dilation_x;
  }
  memset(m.words + words, 0, 64 * 4);
  cut(&m);
  imgk_parallel_for(rows, 1 + 4096 / (m.width + 1), lay_out_rows, &m);
  imgk_parallel_for(v->groups * m.panels * m.row_chunks, 1, run_panels, &m);
  free(m.words);
  free(m.tap_offsets);
  return 0;
}
