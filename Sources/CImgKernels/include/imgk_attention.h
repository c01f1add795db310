// Attention over heads in single precision that never stores the scores.
#ifndef IMGK_ATTENTION_H
#define IMGK_ATTENTION_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Where the rows of an operand lie: row r of head h of image i begins at data[i * batch + h * head + r * row]; a row's
/// elements are neighbours. Strides are in elements.
typedef struct imgk_heads {
  size_t batch, head, row;
} imgk_heads;

/// Y[i, h] = softmax(scale · Q[i, h] K[i, h / share]ᵀ) V[i, h / share] (Vaswani et al. 2017): Q `[queries, size]`, K
/// `[keys, size]`, V `[keys, value_size]`, Y `[queries, value_size]`; `keys` is at least 1.
///
/// The scores exist a block of 192 keys at a time; sums and largest scores are carried from block to block (Milakov and
/// Gimelshein 2018; Dao et al. 2022). Exponentials are fp32 (1 ulp), e^x for x below -87 being taken as e^-87. The
/// bits are the same on every instruction set and for every thread count. Returns 0, or 1 where memory is exhausted.
typedef struct imgk_attention {
  size_t batch, heads, share;
  size_t queries, keys, size, value_size;
  float scale;
  const float *q, *k, *v;
  float *y;
  imgk_heads q_rows, k_rows, v_rows, y_rows;
} imgk_attention;

int imgk_attention_run(const imgk_attention *attention);

/// The same by plain loops in double precision.
void imgk_attention_ref(const imgk_attention *attention);

#ifdef __cplusplus
}
#endif
#endif
