#include "imgk_isa.h"
#include "internal/int8.h"
#include "internal/simd.h"

enum { ROWS = IMGK_INT8_ROWS, COLUMNS = IMGK_INT8_COLUMNS };

void imgk_int8_tile_scalar(size_t quads, const int8_t *left, const uint8_t *right, int vectors, int32_t *tile) {
  for (int r = 0; r < ROWS; r++) {
    for (int c = 0; c < 16 * vectors; c++) {
      int32_t sum = 0;
      for (size_t q = 0; q < quads; q++) {
        const int8_t *l = left + (q * ROWS + (size_t)r) * 4;
        const uint8_t *u = right + (q * COLUMNS + (size_t)c) * 4;
        sum += l[0] * u[0] + l[1] * u[1] + l[2] * u[2] + l[3] * u[3];
      }
      tile[r * COLUMNS + c] = sum;
    }
  }
}

#if IMGK_X86

/// vpdpbusd adds four products of unsigned and signed bytes to a 32-bit lane, with no 16-bit step to saturate.
#define IMGK_VNNI_TILE(name, vectors)                                                                               \
  IMGK_TARGET_AVX512VNNI static void name(size_t quads, const int8_t *left, const uint8_t *right, int32_t *tile) { \
    __m512i sum[ROWS][vectors];                                                                                     \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {                                             \
      _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) sum[r][v] = _mm512_setzero_si512();      \
    }                                                                                                               \
    for (size_t q = 0; q < quads; q++) {                                                                            \
      __m512i u[vectors];                                                                                           \
      _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {                                        \
        u[v] = _mm512_loadu_si512(right + q * COLUMNS * 4 + v * 64);                                                \
      }                                                                                                             \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {                                           \
        int32_t four;                                                                                               \
        memcpy(&four, left + (q * ROWS + (size_t)r) * 4, 4);                                                        \
        const __m512i l = _mm512_set1_epi32(four);                                                                  \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) {                                      \
          sum[r][v] = _mm512_dpbusd_epi32(sum[r][v], u[v], l);                                                      \
        }                                                                                                           \
      }                                                                                                             \
    }                                                                                                               \
    for (int r = 0; r < ROWS; r++) {                                                                                \
      for (int v = 0; v < vectors; v++) _mm512_storeu_si512(tile + r * COLUMNS + v * 16, sum[r][v]);                \
    }                                                                                                               \
  }

IMGK_VNNI_TILE(vnni_1, 1)
IMGK_VNNI_TILE(vnni_2, 2)
IMGK_VNNI_TILE(vnni_3, 3)

static void tile_vnni(size_t quads, const int8_t *left, const uint8_t *right, int vectors, int32_t *tile) {
  switch (vectors) {
  case 1: vnni_1(quads, left, right, tile); break;
  case 2: vnni_2(quads, left, right, tile); break;
  default: vnni_3(quads, left, right, tile); break;
  }
}

/// Without VNNI, bytes are widened to 16 bits: vpmaddwd then sums two products exactly in 32 bits (vpmaddubsw would
/// saturate). A lane pair holds the two halves of a column's four depths and is added up at the end. Eight columns of
/// four rows at a time.
IMGK_TARGET_AVX512 static void wide_512(size_t quads, const int8_t *left, const uint8_t *right, int32_t *tile) {
  __m512i sum[4][2];
  for (int r = 0; r < 4; r++) sum[r][0] = sum[r][1] = _mm512_setzero_si512();
  for (size_t q = 0; q < quads; q++) {
    const uint8_t *from = right + q * COLUMNS * 4;
    const __m512i u0 = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)from));
    const __m512i u1 = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(from + 32)));
    _Pragma("clang loop unroll(full)") for (int r = 0; r < 4; r++) {
      int32_t four;
      memcpy(&four, left + (q * ROWS + (size_t)r) * 4, 4);
      const __m512i l = _mm512_cvtepi8_epi16(_mm256_set1_epi32(four));
      sum[r][0] = _mm512_add_epi32(sum[r][0], _mm512_madd_epi16(u0, l));
      sum[r][1] = _mm512_add_epi32(sum[r][1], _mm512_madd_epi16(u1, l));
    }
  }
  for (int r = 0; r < 4; r++) {
    int32_t pairs[32];
    _mm512_storeu_si512(pairs, sum[r][0]);
    _mm512_storeu_si512(pairs + 16, sum[r][1]);
    for (int c = 0; c < 16; c++) tile[r * COLUMNS + c] = pairs[2 * c] + pairs[2 * c + 1];
  }
}

static void tile_avx512(size_t quads, const int8_t *left, const uint8_t *right, int vectors, int32_t *tile) {
  for (int r = 0; r < ROWS; r += 4) {
    for (int v = 0; v < vectors; v++) {
      wide_512(quads, left + 4 * r, right + 64 * v, tile + r * COLUMNS + 16 * v);
    }
  }
}

IMGK_TARGET_AVX2 static void wide_256(size_t quads, const int8_t *left, const uint8_t *right, int32_t *tile) {
  __m256i sum[4][2];
  for (int r = 0; r < 4; r++) sum[r][0] = sum[r][1] = _mm256_setzero_si256();
  for (size_t q = 0; q < quads; q++) {
    const uint8_t *from = right + q * COLUMNS * 4;
    const __m256i u0 = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)from));
    const __m256i u1 = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(from + 16)));
    _Pragma("clang loop unroll(full)") for (int r = 0; r < 4; r++) {
      int32_t four;
      memcpy(&four, left + (q * ROWS + (size_t)r) * 4, 4);
      const __m256i l = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
      sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(u0, l));
      sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(u1, l));
    }
  }
  for (int r = 0; r < 4; r++) {
    int32_t pairs[16];
    _mm256_storeu_si256((__m256i *)pairs, sum[r][0]);
    _mm256_storeu_si256((__m256i *)(pairs + 8), sum[r][1]);
    for (int c = 0; c < 8; c++) tile[r * COLUMNS + c] = pairs[2 * c] + pairs[2 * c + 1];
  }
}

static void tile_avx2(size_t quads, const int8_t *left, const uint8_t *right, int vectors, int32_t *tile) {
  for (int r = 0; r < ROWS; r += 4) {
    for (int v = 0; v < 2 * vectors; v++) {
      wide_256(quads, left + 4 * r, right + 32 * v, tile + r * COLUMNS + 8 * v);
    }
  }
}

#endif

imgk_int8_tile imgk_int8_tile_chosen(void) {
#if IMGK_X86
  switch (imgk_isa_current()) {
  case IMGK_ISA_AVX512VNNI: return tile_vnni;
  case IMGK_ISA_AVX512: return tile_avx512;
  case IMGK_ISA_AVX2: return tile_avx2;
  default: break;
  }
#endif
  return imgk_int8_tile_scalar;
}
