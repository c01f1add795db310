// Kernel text that widens panels kept in a smaller type; see simd.h.
#include "lanes_body.h"

#include "half_body.h"

IMGK_LANE_FN imgk_vf IMGK_FN(from_bytes)(imgk_s8x16 bytes) {
  return __builtin_convertvector(__builtin_convertvector(bytes, imgk_vi), imgk_vf);
}

/// Sixteen lanes, less their zero points, times their scales.
IMGK_LANE_FN imgk_vf IMGK_FN(scaled)(imgk_vf x, const float *scales, const float *zeros) {
  return (x - IMGK_FN(load)(zeros)) * IMGK_FN(load)(scales);
}

/// Panels of int8, 16 lanes at a time: for panels of 12 lanes the last four of a vector are overwritten by the next.
IMGK_TARGET static void IMGK_FN(widen_8)(const struct imgk_widening *w, const uint8_t *from, float *to) {
  for (size_t d = 0; d < w->depth; d++, from += w->width, to += w->width) {
    const size_t row = w->rows[d] * w->width;
    for (size_t lane = 0; lane < w->width; lane += IMGK_LANES) {
      imgk_s8x16 bytes;
      memcpy(&bytes, from + lane, sizeof bytes);
      IMGK_FN(store)(to + lane, IMGK_FN(scaled)(IMGK_FN(from_bytes)(bytes), w->scales + row + lane,
                                                w->zeros + row + lane));
    }
  }
}

/// Panels of 4 bits: the low halves of a depth's bytes are its first lanes, the high ones the others.
IMGK_TARGET static void IMGK_FN(widen_4)(const struct imgk_widening *w, const uint8_t *from, float *to) {
  const size_t half = w->width / 2;
  for (size_t d = 0; d < w->depth; d++, from += half, to += w->width) {
    const size_t row = w->rows[d] * w->width;
    imgk_u8x16 bytes;
    memcpy(&bytes, from, sizeof bytes);
    imgk_u8x16 low = bytes & 15, high = bytes >> 4;
    if (w->width == 12) {
      low = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25);
    }
    IMGK_FN(store)(to, IMGK_FN(scaled)(IMGK_FN(from_bytes)((imgk_s8x16)low), w->scales + row, w->zeros + row));
    if (w->width == 12) continue;
    IMGK_FN(store)(to + half, IMGK_FN(scaled)(IMGK_FN(from_bytes)((imgk_s8x16)high), w->scales + row + half,
                                              w->zeros + row + half));
  }
}

IMGK_TARGET static void IMGK_FN(widen_half)(const struct imgk_widening *w, const uint8_t *from, float *to) {
  for (size_t i = 0; i < w->depth * w->width; i += IMGK_LANES) {
    imgk_u16x16 halves;
    memcpy(&halves, from + 2 * i, sizeof halves);
    IMGK_FN(store)(to + i, IMGK_FN(from_half_bits)(__builtin_convertvector(halves, imgk_vu)));
  }
}

IMGK_TARGET static void IMGK_FN(widen_brain)(const struct imgk_widening *w, const uint8_t *from, float *to) {
  for (size_t i = 0; i < w->depth * w->width; i += IMGK_LANES) {
    imgk_u16x16 halves;
    memcpy(&halves, from + 2 * i, sizeof halves);
    IMGK_FN(store)(to + i, IMGK_FN(from_brain_bits)(__builtin_convertvector(halves, imgk_vu)));
  }
}

static const imgk_stored_kernels IMGK_FN(kernels) = {IMGK_FN(widen_8), IMGK_FN(widen_4), IMGK_FN(widen_half),
                                                     IMGK_FN(widen_brain)};

#undef IMGK_LANE_FN
