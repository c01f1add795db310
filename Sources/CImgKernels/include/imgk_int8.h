// Products of 8-bit integers, exact on every instruction set, with fused dequantization.
#ifndef IMGK_INT8_H
#define IMGK_INT8_H

#include <stddef.h>
#include <stdint.h>

#include "imgk_unary.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Which side of a product an operand stands on. Left: its lanes are C's rows; right: C's columns.
typedef enum imgk_int8_side { IMGK_INT8_LEFT = 0, IMGK_INT8_RIGHT = 1 } imgk_int8_side;

/// A matrix of `lanes` (C's rows or columns) by `depth` (the dimension summed over), stored byte by byte: element
/// (lane, depth) is at data[lane * lane_stride + depth * depth_stride] and means stored - zero point.
typedef struct imgk_int8_source {
  imgk_int8_side side;
  /// Whether the bytes are int8 rather than uint8.
  int is_signed;
  size_t lanes, depth;
  const void *data;
  ptrdiff_t lane_stride, depth_stride;
  /// `zero_count` zero points: none, one for all, or one a lane.
  const int32_t *zeros;
  size_t zero_count;
} imgk_int8_source;

/// An operand packed for the kernels of every instruction set, with its lanes' sums for the zero points. Immutable.
typedef struct imgk_int8_panels imgk_int8_panels;

/// Packs an operand. Returns NULL when memory is exhausted. The source is not needed afterwards.
imgk_int8_panels *imgk_int8_pack(const imgk_int8_source *source);
/// Packs convolution weights `[outputs, channels, height, width]` of one group as a left operand.
imgk_int8_panels *imgk_int8_pack_filter(int is_signed, const void *weights, size_t outputs, size_t channels,
                                        size_t height, size_t width, const int32_t *zeros, size_t zero_count);
void imgk_int8_panels_destroy(imgk_int8_panels *panels);
/// Bytes held by the packed operand.
size_t imgk_int8_panels_byte_count(const imgk_int8_panels *panels);

/// The element type a product is stored as.
typedef enum imgk_int8_result {
  IMGK_INT8_TO_S32,  ///< the integers, modulo 2^32 as ONNX's int32 accumulators
  IMGK_INT8_TO_S64,  ///< the integers, exact
  IMGK_INT8_TO_F32,
  IMGK_INT8_TO_U8,  ///< requantized
  IMGK_INT8_TO_S8,  ///< requantized
} imgk_int8_result;

/// What is done with the exact integer sum P of row r and column c before it is stored. Integer results store P; else
///   t = P * ((scale * row_scales[r]) * column_scales[c]) + row_bias[r] + column_bias[c]
///   t = t + residual[r, c]          unless residual_last
///   t = activation(t)               an imgk_unary_op, or -1 for none
///   t = t + residual[r, c]          if residual_last
///   C = t                           or, for 8 bits, t / out_scale rounded half to even, plus out_zero, saturated
/// Absent operands are NULL. P is rounded to fp32 once; the other steps are fp32.
typedef struct imgk_int8_epilogue {
  imgk_int8_result result;
  float scale;
  const float *row_scales, *column_scales;
  const float *row_bias, *column_bias;
  const float *residual;
  size_t residual_row;  // elements between rows
  int residual_last;
  int activation;
  float alpha, beta;
  float out_scale;
  int32_t out_zero;
} imgk_int8_epilogue;

/// C[m, n] = epilogue(A · B): A `[m, k]` bytes (`a_row` bytes between rows, one byte between columns), B packed as a
/// right operand, C with `c_row` elements between rows. `a_zeros` holds one zero point, or m (`a_zero_count`).
///
/// Sums are exact for k up to 2^24 and the same on every instruction set and for every thread count.
typedef struct imgk_int8_product {
  size_t m;
  int a_is_signed;
  const void *a;
  size_t a_row;
  const int32_t *a_zeros;
  size_t a_zero_count;
  const imgk_int8_panels *b;
  void *c;
  size_t c_row;
  imgk_int8_epilogue epilogue;
} imgk_int8_product;

void imgk_int8_product_run(const imgk_int8_product *product);

/// The reference, by plain loops with 64-bit sums. `b` holds `[k, n]` bytes with the given strides.
void imgk_int8_product_ref(const imgk_int8_product *product, const imgk_int8_source *b);

/// A 2-D convolution of one image: X `[channels, height, width]` → Y `[outputs, out_height, out_width]`.
///
/// X is fp32 (quantized on the way in: x / in_scale rounded half to even, plus in_zero, saturated to uint8), or bytes
/// with zero point in_zero. Padding counts as real 0. Rows of the epilogue are output channels, columns pixels.
typedef struct imgk_int8_convolution {
  size_t channels, height, width;  // of one group
  size_t outputs;                  // of one group
  size_t groups;
  size_t kernel_height, kernel_width;
  size_t stride_y, stride_x, dilation_y, dilation_x;
  size_t pad_top, pad_left;
  size_t out_height, out_width;
  /// Exactly one of the two is not NULL.
  const float *x;
  const void *x_bytes;
  int x_is_signed;
  float in_scale;
  int32_t in_zero;
  /// One packed filter a group.
  const imgk_int8_panels *const *filters;
  void *y;
  imgk_int8_epilogue epilogue;  // its row operands hold groups * outputs elements
} imgk_int8_convolution;

/// Returns 0, or -1 when memory is exhausted.
int imgk_int8_convolution_run(const imgk_int8_convolution *convolution);

#ifdef __cplusplus
}
#endif
#endif
