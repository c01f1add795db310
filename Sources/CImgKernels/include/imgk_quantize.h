// Linear quantization of fp32 arrays: ONNX QuantizeLinear and DequantizeLinear.
#ifndef IMGK_QUANTIZE_H
#define IMGK_QUANTIZE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a quantized element is stored; 4- and 2-bit types take a byte each.
typedef enum imgk_quantized_type {
  IMGK_QUANTIZED_U8,
  IMGK_QUANTIZED_S8,
  IMGK_QUANTIZED_U16,
  IMGK_QUANTIZED_S16,
  IMGK_QUANTIZED_U4,
  IMGK_QUANTIZED_S4,
  IMGK_QUANTIZED_U2,
  IMGK_QUANTIZED_S2,
  IMGK_QUANTIZED_S32,  ///< dequantized only
  IMGK_QUANTIZED_TYPE_COUNT
} imgk_quantized_type;

/// A tensor cut along one axis: `[outer, axis, inner]`, with a scale and a zero point for each of
/// `[scale_outer, axis / block rounded up, inner]` (blocked), or for each place of the axis, or one for all.
typedef struct imgk_quantization {
  imgk_quantized_type type;
  size_t outer, axis, inner;
  /// Elements of the axis that share a scale; 0 where the scales lie along the axis alone. Scale of (o, a, i):
  /// [a * scale_axis], or blocked [(o * blocks + a / block) * inner + i].
  size_t block;
  /// 1 for a scale a place of the axis, 0 for one scale.
  size_t scale_axis;
  const float *scales;
  /// As the scales, or NULL for zeros.
  const int32_t *zeros;
} imgk_quantization;

/// dst = saturate(round(src / scale) + zero), halves to even, on the kernels' threads. NaN becomes the zero point,
/// infinities the ends of the type's range. A scale of 0 gives what division gives: never a trap.
void imgk_quantize(const imgk_quantization *quantization, const float *src, void *dst);

/// dst = (src - zero) * scale, on the kernels' threads: the difference is exact, the product fp32.
void imgk_dequantize(const imgk_quantization *quantization, const void *src, float *dst);

/// The references: one element at a time.
void imgk_quantize_ref(const imgk_quantization *quantization, const float *src, void *dst);
void imgk_dequantize_ref(const imgk_quantization *quantization, const void *src, float *dst);

#ifdef __cplusplus
}
#endif
#endif
