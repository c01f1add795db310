// Kernel text of Winograd's transforms; see winograd.h. With a = 5/8 and b = 3/2, Bᵀ, G and Aᵀ are
//
//   a²b²  0    -a²-b²  0       1  0      1/(a²b²)               1  1   1   1   1   0
//   0    -ab²  -b²     a       1  0      c    ca    ca²         0  a  -a   b  -b   0
//   0     ab²  -b²    -a       1  0      c   -ca    ca²         0  a²  a²  b²  b²  0
//   0    -ba²  -a²     b       1  0      e    eb    eb²         0  a³ -a³  b³ -b³  1
//   0     ba²  -a²    -b       1  0      e   -eb    eb²
//   0     a²b²  0     -a²-b²   0  1      0    0     1
//
// with c = 1 / (2a²(a² - b²)) and e = 1 / (2b²(b² - a²)). All of Bᵀ and Aᵀ is exact in fp32.
#include "lanes_body.h"

#define IMGK_A 0.625f
#define IMGK_B 1.5f
#define IMGK_A2 0.390625f
#define IMGK_B2 2.25f

IMGK_LANE_FN imgk_vf IMGK_FN(scaled)(float factor, imgk_vf x, imgk_vf addend) {
  return IMGK_FN(fma)(IMGK_FN(splat)(factor), x, addend);
}

/// Bᵀ d for one vector of 6 windows' pixels, in place.
IMGK_LANE_FN void IMGK_FN(read)(imgk_vf d[6]) {
  const imgk_vf even_a = IMGK_FN(scaled)(-IMGK_B2, d[2], d[4]), odd_a = IMGK_FN(scaled)(-IMGK_B2, d[1], d[3]);
  const imgk_vf even_b = IMGK_FN(scaled)(-IMGK_A2, d[2], d[4]), odd_b = IMGK_FN(scaled)(-IMGK_A2, d[1], d[3]);
  d[0] = IMGK_FN(scaled)(IMGK_A2 * IMGK_B2, d[0], IMGK_FN(scaled)(-IMGK_A2 - IMGK_B2, d[2], d[4]));
  d[5] = IMGK_FN(scaled)(IMGK_A2 * IMGK_B2, d[1], IMGK_FN(scaled)(-IMGK_A2 - IMGK_B2, d[3], d[5]));
  d[1] = IMGK_FN(scaled)(IMGK_A, odd_a, even_a);
  d[2] = IMGK_FN(scaled)(-IMGK_A, odd_a, even_a);
  d[3] = IMGK_FN(scaled)(IMGK_B, odd_b, even_b);
  d[4] = IMGK_FN(scaled)(-IMGK_B, odd_b, even_b);
}

/// G g for one vector of 3 taps.
IMGK_LANE_FN void IMGK_FN(spread)(imgk_vf first, imgk_vf middle, imgk_vf last, imgk_vf u[6]) {
  const imgk_vf even_a = IMGK_FN(scaled)(IMGK_A2, last, first), even_b = IMGK_FN(scaled)(IMGK_B2, last, first);
  const imgk_vf c = IMGK_FN(splat)((float)(1 / (2.0 * IMGK_A2 * (IMGK_A2 - IMGK_B2))));
  const imgk_vf e = IMGK_FN(splat)((float)(1 / (2.0 * IMGK_B2 * (IMGK_B2 - IMGK_A2))));
  u[0] = first * IMGK_FN(splat)((float)(1.0 / (IMGK_A2 * IMGK_B2)));
  u[1] = c * IMGK_FN(scaled)(IMGK_A, middle, even_a);
  u[2] = c * IMGK_FN(scaled)(-IMGK_A, middle, even_a);
  u[3] = e * IMGK_FN(scaled)(IMGK_B, middle, even_b);
  u[4] = e * IMGK_FN(scaled)(-IMGK_B, middle, even_b);
  u[5] = last;
}

/// Aᵀ m for one vector of 6 points, into the first 4.
IMGK_LANE_FN void IMGK_FN(gather)(imgk_vf m[6]) {
  const imgk_vf sum_a = m[1] + m[2], difference_a = m[1] - m[2];
  const imgk_vf sum_b = m[3] + m[4], difference_b = m[3] - m[4];
  m[0] = (m[0] + sum_a) + sum_b;
  m[1] = IMGK_FN(scaled)(IMGK_A, difference_a, IMGK_FN(splat)(IMGK_B) * difference_b);
  m[2] = IMGK_FN(scaled)(IMGK_A2, sum_a, IMGK_FN(splat)(IMGK_B2) * sum_b);
  m[3] = IMGK_FN(scaled)(IMGK_A2 * IMGK_A, difference_a,
                         IMGK_FN(scaled)(IMGK_B2 * IMGK_B, difference_b, m[5]));
}

/// Pixels i, i + 4, i + 8 … of 64, as vector i of to.
IMGK_LANE_FN void IMGK_FN(deal)(const float *from, imgk_vf *to, const int count) {
  const imgk_vf a = IMGK_FN(load)(from), b = IMGK_FN(load)(from + 16);
  const imgk_vf c = IMGK_FN(load)(from + 32), d = IMGK_FN(load)(from + 48);
  imgk_vf low = __builtin_shufflevector(a, b, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  imgk_vf high = __builtin_shufflevector(c, d, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  to[0] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
  to[1] = __builtin_shufflevector(low, high, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  if (count == 2) return;
  low = __builtin_shufflevector(a, b, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  high = __builtin_shufflevector(c, d, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  to[2] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
  to[3] = __builtin_shufflevector(low, high, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

/// The reverse: to[4 j + i] = lane j of vector i.
IMGK_LANE_FN void IMGK_FN(collect)(const imgk_vf from[4], float *to) {
  const imgk_vf a = __builtin_shufflevector(from[0], from[1], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const imgk_vf b = __builtin_shufflevector(from[2], from[3], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const imgk_vf c =
      __builtin_shufflevector(from[0], from[1], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const imgk_vf d =
      __builtin_shufflevector(from[2], from[3], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#define IMGK_FIRST_PAIRS(x, y) __builtin_shufflevector(x, y, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23)
#define IMGK_LAST_PAIRS(x, y) \
  __builtin_shufflevector(x, y, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31)
  IMGK_FN(store)(to, IMGK_FIRST_PAIRS(a, b));
  IMGK_FN(store)(to + 16, IMGK_LAST_PAIRS(a, b));
  IMGK_FN(store)(to + 32, IMGK_FIRST_PAIRS(c, d));
  IMGK_FN(store)(to + 48, IMGK_LAST_PAIRS(c, d));
#undef IMGK_FIRST_PAIRS
#undef IMGK_LAST_PAIRS
}

IMGK_TARGET static void IMGK_FN(input)(const float *const *near, const float *const *far, float *to, size_t step) {
  imgk_vf window[6][6];
  for (int i = 0; i < 6; i++) {
    imgk_vf row[6];
    IMGK_FN(deal)(near[i], row, 4);
    IMGK_FN(deal)(far[i], row + 4, 2);
    IMGK_FN(read)(row);
    for (int j = 0; j < 6; j++) window[j][i] = row[j];
  }
  for (int j = 0; j < 6; j++) {
    IMGK_FN(read)(window[j]);
    for (int i = 0; i < 6; i++) IMGK_FN(store)(to + (size_t)(6 * i + j) * step, window[j][i]);
  }
}

IMGK_TARGET static void IMGK_FN(filters)(const float *taps, float *to, size_t step) {
  imgk_vf window[3][6];
  for (int x = 0; x < 3; x++) {
    const float *column = taps + x * IMGK_GEMM_ROWS;
    IMGK_FN(spread)
    (IMGK_FN(load_part)(column, IMGK_GEMM_ROWS, 0.0f),
     IMGK_FN(load_part)(column + 3 * IMGK_GEMM_ROWS, IMGK_GEMM_ROWS, 0.0f),
     IMGK_FN(load_part)(column + 6 * IMGK_GEMM_ROWS, IMGK_GEMM_ROWS, 0.0f), window[x]);
  }
  for (int i = 0; i < 6; i++) {
    imgk_vf row[6];
    IMGK_FN(spread)(window[0][i], window[1][i], window[2][i], row);
    for (int j = 0; j < 6; j++) IMGK_FN(store_part)(to + (size_t)(6 * i + j) * step, row[j], IMGK_GEMM_ROWS);
  }
}

IMGK_TARGET static void IMGK_FN(output)(const float *from, size_t step, float *const *rows) {
  imgk_vf half[4][6];
  for (int j = 0; j < 6; j++) {
    imgk_vf column[6];
    for (int i = 0; i < 6; i++) column[i] = IMGK_FN(load)(from + (size_t)(6 * i + j) * step);
    IMGK_FN(gather)(column);
    for (int i = 0; i < 4; i++) half[i][j] = column[i];
  }
  for (int i = 0; i < 4; i++) {
    IMGK_FN(gather)(half[i]);
    IMGK_FN(collect)(half[i], rows[i]);
  }
}

static const imgk_winograd_kernels IMGK_FN(kernels) = {IMGK_FN(input), IMGK_FN(filters), IMGK_FN(output)};

#undef IMGK_A
#undef IMGK_B
#undef IMGK_A2
#undef IMGK_B2
#undef IMGK_LANE_FN
