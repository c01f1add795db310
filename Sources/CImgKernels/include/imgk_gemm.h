// Single-precision products of matrices and 2-D convolutions, with packed weights and fused epilogues.
#ifndef IMGK_GEMM_H
#define IMGK_GEMM_H

#include <stddef.h>
#include <stdint.h>

#include "imgk_unary.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Which side of a product an operand stands on. Left: its lanes are C's rows; right: C's columns.
typedef enum imgk_side { IMGK_LEFT = 0, IMGK_RIGHT = 1 } imgk_side;

/// `matrices` matrices of `lanes` (C's rows or columns) by `depth` (the dimension summed over). Element (lane, depth)
/// of matrix i is at data[i * matrix_stride + lane * lane_stride + depth * depth_stride].
typedef struct imgk_panels_source {
  imgk_side side;
  size_t matrices, lanes, depth;
  const float *data;
  ptrdiff_t matrix_stride, lane_stride, depth_stride;
} imgk_panels_source;

/// Constant operands packed for the kernels of every instruction set. Immutable.
typedef struct imgk_panels imgk_panels;

/// Packs operands. Returns NULL when memory is exhausted. The source is not needed afterwards.
imgk_panels *imgk_panels_create(const imgk_panels_source *source);
/// How elements that stand for fp32 numbers are stored; 4-bit ones take a byte each in a source and half a byte packed.
typedef enum imgk_stored_type {
  IMGK_STORED_U8,
  IMGK_STORED_S8,
  IMGK_STORED_U4,
  IMGK_STORED_S4,
  IMGK_STORED_F16,
  IMGK_STORED_BF16,
} imgk_stored_type;

/// Operands in a smaller type, laid out as in imgk_panels_source with strides in elements. Integers mean (stored - zero)
/// * scale, the difference exact and the product rounded to fp32 once; floats mean themselves.
///
/// The scale of (lane, depth) of matrix i is scales[i * scale_matrix_stride + lane * scale_lane_stride + r *
/// scale_row_stride] with r = scale_rows[depth], or 0 where scale_rows is NULL. `row_count` is the number of rows.
typedef struct imgk_stored_source {
  imgk_side side;
  imgk_stored_type type;
  size_t matrices, lanes, depth;
  const void *data;
  ptrdiff_t matrix_stride, lane_stride, depth_stride;
  const float *scales;
  /// As the scales, or NULL for zeros.
  const int32_t *zeros;
  ptrdiff_t scale_matrix_stride, scale_lane_stride, scale_row_stride;
  size_t row_count;
  const uint32_t *scale_rows;
} imgk_stored_source;

/// Packs operands in the type they are stored in; products widen them a block at a time, so that the sums are those of
/// the fp32 numbers they stand for, bit for bit. Returns NULL when memory is exhausted.
imgk_panels *imgk_panels_create_stored(const imgk_stored_source *source);

void imgk_panels_destroy(imgk_panels *panels);
/// Bytes held by the packed operands.
size_t imgk_panels_byte_count(const imgk_panels *panels);

/// What is done with a sum P of row r and column c before it is stored:
///   t = scale * P + row_bias[r] + column_bias[c]
///   t = t + residual[r, c]          unless residual_last
///   t = activation(t)               an imgk_unary_op, or -1 for none
///   C = t                           + residual[r, c], if residual_last
/// Absent operands are NULL.
typedef struct imgk_epilogue {
  float scale;
  const float *row_bias, *column_bias;
  const float *residual;
  size_t residual_row;  // elements between rows
  int residual_last;
  int activation;
  float alpha, beta;
} imgk_epilogue;

/// C[i] = epilogue(A[i] · B[i]) for i < batch: A `[m, k]`, B `[k, n]`, C `[m, n]`. An operand is packed (`left`,
/// `right`: matrix i modulo their count) or strided; C's columns are contiguous.
///
/// Each sum runs over k from the first to the last, one fused multiply-add a step: the bits are the same on every
/// instruction set, for every thread count and every way the work is cut up.
typedef struct imgk_gemm {
  size_t batch, m, n, k;
  const imgk_panels *left;
  const float *a;
  ptrdiff_t a_matrix, a_row, a_column;
  const imgk_panels *right;
  const float *b;
  ptrdiff_t b_matrix, b_row, b_column;
  float *c;
  size_t c_matrix, c_row;
  /// Whether the sums go on from what C holds rather than from 0.
  int accumulates;
  imgk_epilogue epilogue;
  /// Product i takes row_bias + (i % row_bias_count) * m, or row_bias where row_bias_count is 0.
  size_t row_bias_count;
  size_t residual_matrix;  // elements of the residual between products
} imgk_gemm;

void imgk_gemm_run(const imgk_gemm *gemm);

/// The same by plain loops, from strided operands alone.
void imgk_gemm_ref(const imgk_gemm *gemm);

/// A 2-D convolution: X `[batch, groups * channels, height, width]` → Y `[batch, groups * outputs, out_height,
/// out_width]`. Nothing is stored but panels of a tile; the sums are those of the product of the filters
/// `[outputs, channels * kernel_height * kernel_width]` and the image's patches, padding counting as 0.
typedef struct imgk_convolution {
  size_t batch, groups;
  size_t channels, outputs;  // of one group
  size_t height, width;      // of X
  /// The window slides over X with every pixel repeated so often in both directions; 1 for X itself.
  size_t repeat;
  /// Whether a convolution that Winograd's transforms make faster may use them: its sums are then rounded otherwise, to
  /// bits that are again the same on every instruction set and for every thread count.
  int may_transform;
  size_t kernel_height, kernel_width;
  size_t stride_y, stride_x, dilation_y, dilation_x;
  size_t pad_top, pad_left;
  size_t out_height, out_width;
  const float *x;
  /// `groups` left operands.
  const imgk_panels *filters;
  float *y;
  /// Rows are output channels (row_bias of all groups), columns pixels; the residual lies as Y.
  imgk_epilogue epilogue;
  /// Whether row_bias is [batch, groups * outputs] rather than [groups * outputs].
  int bias_a_image;
} imgk_convolution;

void imgk_convolution_run(const imgk_convolution *convolution);

#ifdef __cplusplus
}
#endif
#endif
