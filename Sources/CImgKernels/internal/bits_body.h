// Kernel text of the 2- and 4-bit integers; see simd.h.

typedef uint8_t IMGK_FN(u8x32) __attribute__((vector_size(32), aligned(1)));

/// a[0], b[0], a[1], b[1], …
IMGK_TARGET IMGK_INLINE IMGK_FN(u8x32) IMGK_FN(zip)(imgk_u8x16 a, imgk_u8x16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11,
                                 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/// 16 bytes of nibbles to 32 bytes, each nibble's bits moved through ((x ^ sign) - sign).
IMGK_TARGET static void IMGK_FN(unpack_4)(const uint8_t *src, uint8_t sign, uint8_t *dst, size_t blocks) {
  for (size_t i = 0; i < blocks; i++) {
    imgk_u8x16 v;
    memcpy(&v, src + 16 * i, sizeof v);
    IMGK_FN(u8x32) x = IMGK_FN(zip)(v & 15, v >> 4);
    x = (x ^ sign) - sign;
    memcpy(dst + 32 * i, &x, sizeof x);
  }
}

/// 32 bytes to 16 bytes of nibbles.
IMGK_TARGET static void IMGK_FN(pack_4)(const uint8_t *src, uint8_t *dst, size_t blocks) {
  for (size_t i = 0; i < blocks; i++) {
    imgk_u16x16 v;
    memcpy(&v, src + 32 * i, sizeof v);
    imgk_u8x16 x = __builtin_convertvector((v & 15) | ((v >> 4) & 0xf0), imgk_u8x16);
    memcpy(dst + 16 * i, &x, sizeof x);
  }
}

static const imgk_bits_kernels IMGK_FN(kernels) = {IMGK_FN(unpack_4), IMGK_FN(pack_4)};
