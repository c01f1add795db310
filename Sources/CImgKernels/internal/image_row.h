// Rows of the image that a convolution's window slides over: the stored one with each pixel repeated, and zeros
// around it.
#ifndef IMGK_IMAGE_ROW_H
#define IMGK_IMAGE_ROW_H

#include <string.h>

#include "gemm.h"

static inline ptrdiff_t imgk_held(ptrdiff_t value, ptrdiff_t most) {
  return value < 0 ? 0 : value > most ? most : value;
}

/// to[i] = row[(x + i * stride) / repeat].
static inline void imgk_repeated_row(const float *row, ptrdiff_t x, ptrdiff_t stride, ptrdiff_t repeat,
                                     ptrdiff_t count, float *to) {
  ptrdiff_t i = 0;
  if (stride == 1 && repeat == 2 && count > 0) {
    if (x % 2 != 0) to[i++] = row[x / 2];
    const float *from = row + (x + i) / 2;
    for (; i + 2 <= count; i += 2) to[i] = to[i + 1] = *from++;
  }
  for (; i < count; i++) to[i] = row[(x + i * stride) / repeat];
}

/// to[i] = the pixel (y, x + i * stride), or 0 outside the image.
static inline void imgk_image_row(const imgk_convolution *c, const float *plane, ptrdiff_t y, ptrdiff_t x,
                                  ptrdiff_t stride, ptrdiff_t count, float *to) {
  const ptrdiff_t repeat = (ptrdiff_t)c->repeat;
  const ptrdiff_t height = (ptrdiff_t)c->height * repeat, width = (ptrdiff_t)c->width * repeat;
  const ptrdiff_t begin = x < 0 ? imgk_held((-x + stride - 1) / stride, count) : 0;
  const ptrdiff_t end = x < width ? imgk_held((width - x + stride - 1) / stride, count) : 0;
  if (begin >= end || y < 0 || y >= height) {
    memset(to, 0, (size_t)count * sizeof(float));
    return;
  }
  const float *row = plane + y / repeat * (ptrdiff_t)c->width;
  for (ptrdiff_t i = 0; i < begin; i++) to[i] = 0.0f;
  if (repeat > 1) {
    imgk_repeated_row(row, x + begin * stride, stride, repeat, end - begin, to + begin);
  } else if (stride == 1) {
    memcpy(to + begin, row + (x + begin), (size_t)(end - begin) * sizeof(float));
  } else if (stride == 2) {
    for (ptrdiff_t i = begin; i < end; i++) to[i] = row[x + 2 * i];
  } else {
    for (ptrdiff_t i = begin; i < end; i++) to[i] = row[x + stride * i];
  }
  for (ptrdiff_t i = end; i < count; i++) to[i] = 0.0f;
}

#endif
