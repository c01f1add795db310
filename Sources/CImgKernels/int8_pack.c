#include <stdlib.h>

#include "imgk_isa.h"
#include "internal/int8.h"
#include "internal/simd.h"

typedef struct {
  int64_t (*sum_bytes)(const uint8_t *, size_t, uint8_t);
  void (*pack_8)(const uint8_t *, ptrdiff_t, size_t, uint8_t, uint8_t *);
} imgk_int8_pack_kernels;

#define IMGK_FAMILY imgk_int8_pack
#define IMGK_BODY "int8_pack_body.h"
#define IMGK_TABLE imgk_int8_pack_kernels
#include "internal/each_isa.h"

/// The sum of the stored bytes of a lane whose depths follow one another.
static int64_t sum_lane(const uint8_t *from, size_t depth, uint8_t flip, int is_left) {
  // As int8, a byte is itself with the top bit flipped, less 128.
  if (is_left) return IMGK_CHOSEN()->sum_bytes(from, depth, flip ^ 0x80) - 128 * (int64_t)depth;
  return IMGK_CHOSEN()->sum_bytes(from, depth, flip);
}

/// Packs one lane whose depths follow one another.
static void pack_lane(const uint8_t *from, size_t depth, uint8_t flip, size_t width, uint8_t *to) {
  const uint32_t flips = flip * 0x01010101u;
  const size_t quads = depth / 4;
  for (size_t q = 0; q < quads; q++) {
    uint32_t four;
    memcpy(&four, from + 4 * q, 4);
    four ^= flips;
    memcpy(to + q * width * 4, &four, 4);
  }
  if (depth % 4 != 0) {
    uint8_t four[4] = {0, 0, 0, 0};
    for (size_t d = 4 * quads; d < depth; d++) four[d % 4] = from[d] ^ flip;
    memcpy(to + quads * width * 4, four, 4);
  }
}

void imgk_int8_pack_panel(const imgk_int8_source *source, size_t first, size_t count, size_t width, uint8_t *to,
                          int64_t *sums) {
  const size_t quads = (source->depth + 3) / 4;
  // Flipping the top bit turns stored uint8 into int8 less 128, and back.
  const uint8_t flip = (source->side == IMGK_INT8_LEFT) == (source->is_signed != 0) ? 0 : 0x80;
  const uint8_t *data = source->data;
  if (count == 8 && width == 8 && source->depth_stride == 1 && source->depth % 4 == 0) {
    const uint8_t *from = data + (ptrdiff_t)first * source->lane_stride;
    IMGK_CHOSEN()->pack_8(from, source->lane_stride, quads, flip, to);
    for (size_t lane = 0; lane < 8; lane++) {
      sums[lane] = sum_lane(from + (ptrdiff_t)lane * source->lane_stride, source->depth, flip, 1);
    }
    return;
  }
  for (size_t lane = 0; lane < width; lane++) {
    int64_t sum = 0;
    const uint8_t *from = data + (ptrdiff_t)(first + lane) * source->lane_stride;
    if (lane < count && source->depth_stride == 1) {
      pack_lane(from, source->depth, flip, width, to + lane * 4);
      sums[lane] = sum_lane(from, source->depth, flip, source->side == IMGK_INT8_LEFT);
      continue;
    }
    for (size_t q = 0; q < quads; q++) {
      uint8_t four[4] = {0, 0, 0, 0};
      if (lane < count) {
        const size_t depths = source->depth - 4 * q < 4 ? source->depth - 4 * q : 4;
        for (size_t d = 0; d < depths; d++) {
          four[d] = from[(ptrdiff_t)(4 * q + d) * source->depth_stride] ^ flip;
          sum += source->side == IMGK_INT8_LEFT ? (int8_t)four[d] : four[d];
        }
      }
      memcpy(to + (q * width + lane) * 4, four, 4);
    }
    sums[lane] = sum;
  }
}

/// A panels object of that shape with zeroed sums and stored zero points; NULL when memory is exhausted.
static imgk_int8_panels *allocate(const imgk_int8_source *source) {
  const size_t width = source->side == IMGK_INT8_LEFT ? IMGK_INT8_ROWS : IMGK_INT8_COLUMNS;
  const size_t panels = (source->lanes + width - 1) / width, quads = (source->depth + 3) / 4;
  size_t bytes;
  if (__builtin_mul_overflow(panels * width * 4, quads, &bytes)) return NULL;
  imgk_int8_panels *p = calloc(1, sizeof *p);
  if (p == NULL) return NULL;
  *p = (imgk_int8_panels){.side = source->side, .lanes = source->lanes, .depth = source->depth, .quads = quads,
                          .byte_count = bytes};
  p->data = aligned_alloc(64, ((bytes + 63) & ~(size_t)63) + 64);
  p->sums = calloc(panels * width + 1, sizeof *p->sums);
  p->zeros = calloc(panels * width + 1, sizeof *p->zeros);
  if (p->data == NULL || p->sums == NULL || p->zeros == NULL) {
    imgk_int8_panels_destroy(p);
    return NULL;
  }
  const int32_t moved = (source->side == IMGK_INT8_LEFT) == (source->is_signed != 0) ? 0
                        : source->is_signed                                         ? 128
                                                                                    : -128;
  for (size_t lane = 0; lane < source->lanes; lane++) {
    const int32_t zero = source->zero_count == 0 ? 0 : source->zeros[source->zero_count == 1 ? 0 : lane];
    p->zeros[lane] = zero + moved;
  }
  return p;
}

imgk_int8_panels *imgk_int8_pack(const imgk_int8_source *source) {
  imgk_int8_panels *p = allocate(source);
  if (p == NULL) return NULL;
  const size_t width = source->side == IMGK_INT8_LEFT ? IMGK_INT8_ROWS : IMGK_INT8_COLUMNS;
  for (size_t first = 0; first < source->lanes; first += width) {
    const size_t count = source->lanes - first < width ? source->lanes - first : width;
    imgk_int8_pack_panel(source, first, count, width, (uint8_t *)p->data + first * p->quads * 4, p->sums + first);
  }
  return p;
}

imgk_int8_panels *imgk_int8_pack_filter(int is_signed, const void *weights, size_t outputs, size_t channels,
                                        size_t height, size_t width, const int32_t *zeros, size_t zero_count) {
  // Depths in the order of the image's layout: four channels innermost, then the taps, then the channel quads.
  const size_t taps = height * width, quads = (channels + 3) / 4 * taps;
  imgk_int8_source source = {.side = IMGK_INT8_LEFT, .is_signed = is_signed, .lanes = outputs, .depth = quads * 4,
                             .data = weights, .zeros = zeros, .zero_count = zero_count};
  imgk_int8_panels *p = allocate(&source);
  if (p == NULL) return NULL;
  p->depth = channels * taps;
  const uint8_t flip = is_signed ? 0 : 0x80;
  const uint8_t *from = weights;
  memset(p->data, 0, p->byte_count);
  for (size_t o = 0; o < outputs; o++) {
    int8_t *panel = (int8_t *)p->data + o / IMGK_INT8_ROWS * IMGK_INT8_ROWS * quads * 4;
    int64_t sum = 0;
    for (size_t c = 0; c < channels; c++) {
      for (size_t t = 0; t < taps; t++) {
        const int8_t value = (int8_t)(from[(o * channels + c) * taps + t] ^ flip);
        panel[((c / 4 * taps + t) * IMGK_INT8_ROWS + o % IMGK_INT8_ROWS) * 4 + c % 4] = value;
        sum += value;
      }
    }
    p->sums[o] = sum;
  }
  return p;
}

void imgk_int8_panels_destroy(imgk_int8_panels *panels) {
  if (panels == NULL) return;
  free(panels->data);
  free(panels->sums);
  free(panels->zeros);
  free(panels);
}

size_t imgk_int8_panels_byte_count(const imgk_int8_panels *panels) {
  return panels->byte_count + panels->lanes * (sizeof *panels->sums + sizeof *panels->zeros);
}
