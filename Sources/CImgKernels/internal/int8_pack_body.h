// Kernel text that packs rows for the 8-bit products; see simd.h.

typedef uint32_t IMGK_FN(u32x4) __attribute__((vector_size(16), aligned(1)));

/// The sum of `count` bytes each xored with `flip`.
IMGK_TARGET static int64_t IMGK_FN(sum_bytes)(const uint8_t *from, size_t count, uint8_t flip) {
  const uint64_t pairs = 0x00ff00ff00ff00ff, flips = flip * 0x0101010101010101;
  int64_t sum = 0;
  size_t i = 0;
  while (i + 64 <= count) {
    // 128 pairs of bytes fit 16 bits.
    const size_t stop = count - i > 64 * 128 ? i + 64 * 128 : count;
    imgk_u64x8 acc = {0};
    for (; i + 64 <= stop; i += 64) {
      imgk_u64x8 v;
      memcpy(&v, from + i, sizeof v);
      v ^= flips;
      acc += (v & pairs) + ((v >> 8) & pairs);
    }
    for (int k = 0; k < 8; k++) {
      for (int part = 0; part < 64; part += 16) sum += (int64_t)(acc[k] >> part & 0xffff);
    }
  }
  for (; i < count; i++) sum += from[i] ^ flip;
  return sum;
}

/// Packs 8 rows of contiguous bytes, `row` apart, xored with `flip`: to[depth / 4][row][depth % 4]. Whole fours only.
IMGK_TARGET static void IMGK_FN(pack_8)(const uint8_t *from, ptrdiff_t row, size_t quads, uint8_t flip, uint8_t *to) {
  typedef IMGK_FN(u32x4) v4;
  const uint32_t flips = flip * 0x01010101u;
  size_t q = 0;
  for (; q + 4 <= quads; q += 4) {
    v4 x[8];
    for (int r = 0; r < 8; r++) {
      memcpy(&x[r], from + r * row + 4 * (ptrdiff_t)q, sizeof x[r]);
      x[r] ^= flips;
    }
    for (int half = 0; half < 8; half += 4) {
      v4 a = __builtin_shufflevector(x[half], x[half + 1], 0, 4, 1, 5);
      v4 b = __builtin_shufflevector(x[half], x[half + 1], 2, 6, 3, 7);
      v4 c = __builtin_shufflevector(x[half + 2], x[half + 3], 0, 4, 1, 5);
      v4 d = __builtin_shufflevector(x[half + 2], x[half + 3], 2, 6, 3, 7);
      v4 quad[4] = {__builtin_shufflevector(a, c, 0, 1, 4, 5), __builtin_shufflevector(a, c, 2, 3, 6, 7),
                    __builtin_shufflevector(b, d, 0, 1, 4, 5), __builtin_shufflevector(b, d, 2, 3, 6, 7)};
      for (size_t k = 0; k < 4; k++) memcpy(to + (q + k) * 32 + (size_t)half * 4, &quad[k], sizeof quad[k]);
    }
  }
  for (; q < quads; q++) {
    for (size_t r = 0; r < 8; r++) {
      uint32_t four;
      memcpy(&four, from + (ptrdiff_t)r * row + 4 * (ptrdiff_t)q, 4);
      four ^= flips;
      memcpy(to + (q * 8 + r) * 4, &four, 4);
    }
  }
}

static const imgk_int8_pack_kernels IMGK_FN(kernels) = {IMGK_FN(sum_bytes), IMGK_FN(pack_8)};
