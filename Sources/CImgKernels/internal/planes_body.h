// Kernel text of the byte planes; see imgk_simd.h for how it is compiled.

IMGK_TARGET static void IMGK_FN(split2)(const uint8_t *src, size_t count, int rotate, uint8_t *dst) {
  const uint16_t left = (uint16_t)rotate, right = (uint16_t)((16 - rotate) & 15);
  uint8_t *p0 = dst, *p1 = dst + count;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    imgk_u16x16 v;
    memcpy(&v, src + 2 * i, sizeof v);
    if (left) v = (v << left) | (v >> right);
    imgk_u8x16 low = __builtin_convertvector(v, imgk_u8x16);
    imgk_u8x16 high = __builtin_convertvector(v >> 8, imgk_u8x16);
    memcpy(p0 + i, &low, 16);
    memcpy(p1 + i, &high, 16);
  }
  imgk_planes_split_tail(src, i, count, 2, rotate, dst);
}

IMGK_TARGET static void IMGK_FN(join2)(const uint8_t *src, size_t count, int rotate, uint8_t *dst) {
  const uint16_t left = (uint16_t)((16 - rotate) & 15), right = (uint16_t)rotate;
  const uint8_t *p0 = src, *p1 = src + count;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    imgk_u8x16 low, high;
    memcpy(&low, p0 + i, 16);
    memcpy(&high, p1 + i, 16);
    imgk_u16x16 v = __builtin_convertvector(low, imgk_u16x16) |
                    (__builtin_convertvector(high, imgk_u16x16) << 8);
    if (right) v = (v << left) | (v >> right);
    memcpy(dst + 2 * i, &v, sizeof v);
  }
  imgk_planes_join_tail(src, i, count, 2, rotate, dst);
}

IMGK_TARGET static void IMGK_FN(split4)(const uint8_t *src, size_t count, int rotate, uint8_t *dst) {
  const uint32_t left = (uint32_t)rotate, right = (uint32_t)((32 - rotate) & 31);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    imgk_vu v;
    memcpy(&v, src + 4 * i, sizeof v);
    if (left) v = (v << left) | (v >> right);
    for (int p = 0; p < 4; p++) {
      imgk_u8x16 plane = __builtin_convertvector(v >> (uint32_t)(8 * p), imgk_u8x16);
      memcpy(dst + (size_t)p * count + i, &plane, 16);
    }
  }
  imgk_planes_split_tail(src, i, count, 4, rotate, dst);
}

IMGK_TARGET static void IMGK_FN(join4)(const uint8_t *src, size_t count, int rotate, uint8_t *dst) {
  const uint32_t left = (uint32_t)((32 - rotate) & 31), right = (uint32_t)rotate;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    imgk_vu v = {0};
    for (int p = 0; p < 4; p++) {
      imgk_u8x16 plane;
      memcpy(&plane, src + (size_t)p * count + i, 16);
      v |= __builtin_convertvector(plane, imgk_vu) << (uint32_t)(8 * p);
    }
    if (right) v = (v << left) | (v >> right);
    memcpy(dst + 4 * i, &v, sizeof v);
  }
  imgk_planes_join_tail(src, i, count, 4, rotate, dst);
}

IMGK_TARGET static void IMGK_FN(split8)(const uint8_t *src, size_t count, int rotate, uint8_t *dst) {
  const uint64_t left = (uint64_t)rotate, right = (uint64_t)((64 - rotate) & 63);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    imgk_u64x8 v;
    memcpy(&v, src + 8 * i, sizeof v);
    if (left) v = (v << left) | (v >> right);
    for (int p = 0; p < 8; p++) {
      imgk_u8x8 plane = __builtin_convertvector(v >> (uint64_t)(8 * p), imgk_u8x8);
      memcpy(dst + (size_t)p * count + i, &plane, 8);
    }
  }
  imgk_planes_split_tail(src, i, count, 8, rotate, dst);
}

IMGK_TARGET static void IMGK_FN(join8)(const uint8_t *src, size_t count, int rotate, uint8_t *dst) {
  const uint64_t left = (uint64_t)((64 - rotate) & 63), right = (uint64_t)rotate;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    imgk_u64x8 v = {0};
    for (int p = 0; p < 8; p++) {
      imgk_u8x8 plane;
      memcpy(&plane, src + (size_t)p * count + i, 8);
      v |= __builtin_convertvector(plane, imgk_u64x8) << (uint64_t)(8 * p);
    }
    if (right) v = (v << left) | (v >> right);
    memcpy(dst + 8 * i, &v, sizeof v);
  }
  imgk_planes_join_tail(src, i, count, 8, rotate, dst);
}

static const imgk_planes_kernels IMGK_FN(kernels) = {
    {IMGK_FN(split2), IMGK_FN(split4), IMGK_FN(split8)},
    {IMGK_FN(join2), IMGK_FN(join4), IMGK_FN(join8)},
};
