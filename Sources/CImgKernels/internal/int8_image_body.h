// Kernel text that lays out an image for 8-bit convolution; see simd.h.
#include "lanes_body.h"

IMGK_LANE_FN imgk_vi IMGK_FN(quantized)(imgk_vf x, float scale, float zero) {
  x = __builtin_elementwise_roundeven(x / scale);
  x = IMGK_FN(select)(x == x, x, IMGK_FN(splat)(0.0f));
  // The zero point is added to an integer below 2^9: exact.
  return __builtin_convertvector(IMGK_FN(clamp)(x, -zero, 255.0f - zero) + zero, imgk_vi);
}

/// to[i] = the bytes of four channels' pixel i, each x / scale rounded half to even plus zero, held to 0 ... 255; a
/// missing channel (NULL) gives 0, NaN the zero point.
IMGK_TARGET static void IMGK_FN(quantize_quad)(const float *const channels[4], size_t count, float scale, int32_t zero,
                                               uint32_t *to) {
  for (size_t i = 0; i < count; i += IMGK_LANES) {
    const size_t rest = count - i < IMGK_LANES ? count - i : IMGK_LANES;
    imgk_vi words = {0};
    for (int c = 0; c < 4; c++) {
      if (channels[c] == NULL) continue;
      imgk_vf x = rest < IMGK_LANES ? IMGK_FN(load_part)(channels[c] + i, rest, 0.0f) : IMGK_FN(load)(channels[c] + i);
      words |= IMGK_FN(quantized)(x, scale, (float)zero) << (8 * c);
    }
    memcpy(to + i, &words, rest * 4);
  }
}

/// Copies `count` words, and up to 15 more.
IMGK_TARGET static void IMGK_FN(copy_words)(const uint32_t *from, size_t count, uint32_t *to) {
  for (size_t i = 0; i < count; i += IMGK_LANES) {
    imgk_vu v;
    memcpy(&v, from + i, sizeof v);
    memcpy(to + i, &v, sizeof v);
  }
}

/// Packs a panel: for each channel quad and tap, every segment's words. Writes and reads up to 15 words too many.
IMGK_TARGET static void IMGK_FN(pack_segments)(const struct imgk_int8_patch *p, uint32_t *to) {
  for (size_t q = 0; q < p->quads; q++) {
    for (size_t t = 0; t < p->taps; t++, to += IMGK_INT8_COLUMNS) {
      const uint32_t *from = p->image + q * p->plane + p->tap_offsets[t];
      for (size_t s = 0; s < p->segments; s++) {
        IMGK_FN(copy_words)(from + p->bases[s], p->lengths[s], to + p->starts[s]);
      }
    }
  }
}

static const imgk_int8_image_kernels IMGK_FN(kernels) = {IMGK_FN(quantize_quad), IMGK_FN(pack_segments)};

#undef IMGK_LANE_FN
